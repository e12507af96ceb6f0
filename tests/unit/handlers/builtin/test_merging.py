"""Three-way merge: which fields of an edit are written where another record is edited too."""

from typing import Any

import pytest

from service.changes.types import FieldDiff, Kind, Origin
from service.handlers.builtin.merging import Edit, Merge, check_merge, edit_of
from service.handlers.kinds import OptionError
from service.handlers.template_values import values_of
from service.handlers.templates import compile_templates
from tests.fixtures.changes import a_change

FIELDS: dict[str, Any] = {"6983": "{{ record.title }}", "6986": "{{ record.status }}"}


def edit(merge: Merge | None, *, fields: dict[str, Any] = FIELDS, **different: Any) -> Edit:
    change = a_change(**different)
    return edit_of(change, compile_templates(fields), values_of(change), merge)


def test_without_a_merge_everything_is_written() -> None:
    assert edit(None) == Edit({"6983": "Ünïcode", "6986": ["Done"]}, {})


@pytest.mark.parametrize(
    ("merge", "origin", "careful"),
    [
        (Merge.LEAD, Origin.WEBHOOK, set()),
        (Merge.LEAD, Origin.RECONCILE, set()),
        (Merge.LEAD, Origin.ECHO, {"6986"}),
        (Merge.FOLLOW, Origin.WEBHOOK, {"6986"}),
    ],
)
def test_of_an_edit_only_what_it_edited_is_written(merge: Merge, origin: Origin, careful: set[str]) -> None:
    wanted = Edit({"6986": ["Done"]}, {"6986": ["In progress"]}, frozenset(careful))
    assert edit(merge, origin=origin) == wanted


def test_what_shows_the_same_in_another_form_was_not_edited() -> None:
    same = edit(Merge.LEAD, diff={"title": FieldDiff("<p>Ünïcode</p>", "Ünïcode")})
    assert same.fields == {}


def test_several_fields_in_one_text_are_edited_together() -> None:
    both = edit(Merge.FOLLOW, fields={"6983": "{{ record.title }}: {{ record.status[0] }}"})
    assert both == Edit({"6983": "Ünïcode: Done"}, {"6983": "Ünïcode: In progress"}, frozenset({"6983"}))


def test_what_gave_nothing_before_was_empty() -> None:
    added = edit(
        Merge.FOLLOW, fields={"6986": "{{ record.status[0] }}"}, diff={"status": FieldDiff(None, ["Done"])}
    )
    assert added == Edit({"6986": "Done"}, {"6986": None}, frozenset({"6986"}))


BOTH = {"title": FieldDiff("Old", "Ünïcode"), "status": FieldDiff(["In progress"], ["Done"])}
"""Of which we wrote the status."""


def test_what_we_wrote_follows_also_where_somebody_edited_another_field_meanwhile() -> None:
    mixed = edit(Merge.LEAD, diff=BOTH, echoed=frozenset({"status"}))
    assert mixed.fields == {"6983": "Ünïcode", "6986": ["Done"]}
    assert mixed.careful == {"6986"}
    assert mixed.before["6986"] == ["In progress"]


def test_one_text_of_what_we_wrote_and_of_what_somebody_edited_wins() -> None:
    fields = {"6983": "{{ record.title }}: {{ record.status[0] }}"}
    assert edit(Merge.LEAD, fields=fields, diff=BOTH, echoed=frozenset({"status"})).careful == set()


@pytest.mark.parametrize(("merge", "written"), [(Merge.LEAD, 2), (Merge.FOLLOW, 0)])
def test_where_nothing_is_known_of_before_only_the_leader_writes(merge: Merge, written: int) -> None:
    assert len(edit(merge, kind=Kind.CREATE, diff=None).fields) == written


def test_templates_must_be_about_the_record_alone() -> None:
    with pytest.raises(OptionError, match="templates can't read diff, linked"):
        check_merge(compile_templates({"a": "{{ diff.status.after }}", "b": "{{ linked.client }}"}))
    check_merge(compile_templates({"a": "{{ record.status }} {{ change.record_id }}"}))
