"""The pages of the reference are what the code says, and every example in them is true."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from service.cli.main import app
from service.cli.reference import example_of, pages, walk
from service.dev.reference.field_types import FIELD_TYPES, TODAY, FieldType
from service.rules.clauses import Subject, when_clauses
from service.rules.when import When
from tests.fixtures.changes import a_change

COMMANDS = list(walk(typer.Context(get_command(app), info_name="relay")))


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_the_page_is_what_the_code_says(page: Path) -> None:
    assert page.read_text("utf-8") == pages()[page], "run `make docs`"


@pytest.mark.parametrize("context", COMMANDS, ids=lambda context: context.command_path)
def test_every_command_has_an_example_that_it_takes(context: typer.Context) -> None:
    words = example_of(context).split()
    path = context.command_path.split()
    assert words[: len(path)] == path, "its epilog begins with `Example: relay …`"
    context.command.make_context(path[-1], words[len(path) :])


@pytest.mark.parametrize("context", COMMANDS, ids=lambda context: context.command_path)
def test_every_argument_and_option_says_what_it_is(context: typer.Context) -> None:
    records = [parameter.get_help_record(context) for parameter in context.command.params]
    assert [names for names, meaning in filter(None, records) if not meaning[:1].isupper()] == []


@pytest.mark.parametrize("field", FIELD_TYPES, ids=lambda field: field.name)
def test_conditions_hold_for_the_types_of_field(field: FieldType) -> None:
    now = datetime.fromisoformat(TODAY).replace(hour=12, tzinfo=UTC)
    subject = Subject(a_change(), {"field": field.value}, now)
    clauses = when_clauses(When.model_validate({"field": field.conditions}), subject)
    assert [str(clause) for clause in clauses if not clause.ok] == []
