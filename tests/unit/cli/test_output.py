"""What listings print."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.cli.output import Columns, print_listing, print_one, when
from service.pipeline.showing.plain import as_json

MOMENT = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


@dataclass(frozen=True)
class View:
    id: UUID
    name: str
    at: datetime | None
    diff: dict[str, Any] | None = None


VIEW = View(UUID(int=1), "[bold]a", MOMENT, {"status": {"before": [1], "after": None}})
COLUMNS: Columns = {"NAME": lambda view: view.name, "AT": lambda view: when(view.at)}


def test_json_has_texts_for_ids_and_times() -> None:
    assert as_json(VIEW) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "name": "[bold]a",
        "at": "2026-11-22T05:00:00Z",
        "diff": {"status": {"before": [1], "after": None}},
    }


def test_a_listing_as_json_is_an_array_also_when_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_listing([VIEW], COLUMNS, json_wanted=True, empty="none")
    assert json.loads(capsys.readouterr().out) == [as_json(VIEW)]
    print_listing([], COLUMNS, json_wanted=True, empty="none")
    assert json.loads(capsys.readouterr().out) == []


def test_a_listing_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_listing([VIEW], COLUMNS, json_wanted=False, empty="none")
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "AT"]
    assert row.split() == ["[bold]a", "2026-11-22", "05:00:00"]


@pytest.mark.parametrize("columns", ["40", "400"])
def test_a_listing_is_never_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    name = "long " * 100
    print_listing([replace(VIEW, name=name)], COLUMNS, json_wanted=False, empty="none")
    _, row = capsys.readouterr().out.splitlines()
    assert row == f"{name}  2026-11-22 05:00:00"


def test_an_empty_listing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_listing([], COLUMNS, json_wanted=False, empty="none; do this")
    assert capsys.readouterr().out == "none; do this\n"


def test_one_thing_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    print_one(View(UUID(int=1), "two\nlines", None), json_wanted=False)
    assert capsys.readouterr().out.splitlines() == [
        "id    00000000-0000-0000-0000-000000000001",
        "name  two",
        "      lines",
        "at",
        "diff",
    ]
