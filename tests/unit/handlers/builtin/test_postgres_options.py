"""Options of the mirror: what is accepted, and what is said of the rest."""

from typing import Any

import pytest
from pydantic import ValidationError

from service.handlers.builtin.postgres_options import PostgresOptions


@pytest.mark.parametrize("table", ["fusioo_tasks", "sales.tasks", "_t1"])
def test_tables_may_have_a_schema(table: str) -> None:
    assert PostgresOptions(table=table).table == table


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "Field required"),
        ({"table": "Tasks"}, "should be a table's name, like"),
        ({"table": 'a"; DROP TABLE runs; --'}, "should be a table's name, like"),
        ({"table": "a.b.c"}, "should be a table's name, like"),
        ({"table": "t" * 56}, "should be a table's name, like"),
        ({"table": "t", "url": "mysql://host/name"}, "should be the address of a database"),
        ({"table": "t", "url": "not an address"}, "should be the address of a database"),
        ({"table": "t", "columns": {"Title": "text"}}, "'Title' is none"),
        ({"table": "t", "columns": {"version": "bigint"}}, "which every mirror has"),
        ({"table": "t", "columns": {"a": "varchar"}}, "Input should be 'text', 'numeric'"),
        ({"table": "t", "columns": {"a": {"field": "b"}}}, "Field required"),
        ({"table": "t", "deleted": "keep"}, "Input should be 'delete' or 'mark'"),
        ({"table": "t", "primary_key": "id"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        PostgresOptions.model_validate(given)


def test_an_address_is_never_shown() -> None:
    address = "postgresql://user:hidden@host/name"
    options = PostgresOptions.model_validate({"table": "t", "url": address})
    assert "hidden" not in repr(options)
    with pytest.raises(ValidationError) as caught:
        PostgresOptions.model_validate({"table": "t", "url": address.replace("postgresql", "mysql")})
    assert "hidden" not in str(caught.value)
