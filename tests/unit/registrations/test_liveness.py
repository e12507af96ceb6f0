"""When a webhook is called silent or quiet, and when another one takes its place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Kind
from service.registrations.liveness import ENOUGH, Line, Liveness, Missed, Verdict, judge_line

NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUIET_AFTER = 3 * DAY
LINE = Line(
    registration_id=UUID(int=1),
    account="main",
    app_id="ia4f42",
    kind=Kind.UPDATE,
    manual=False,
    as_it_is_since=NOW - 30 * DAY,
    heard=(),
    silent_since=None,
    replaced=0,
)
NOTHING = Missed(0, None)
CLEAR = Missed(ENOUGH, NOW - HOUR)


def judge(line: Line = LINE, missed: Missed = NOTHING) -> Verdict:
    return judge_line(line, missed, now=NOW, quiet_after=QUIET_AFTER)


def heard(*ages: timedelta) -> Line:
    return replace(LINE, heard=tuple(NOW - age for age in ages))


def test_nothing_speaks_against_a_webhook_of_which_nothing_is_known() -> None:
    assert judge() == Verdict(Liveness.WELL)
    assert judge(missed=Missed(ENOUGH - 1, NOW)) == Verdict(Liveness.WELL)


def test_three_changes_that_it_did_not_tell_of_make_it_silent_and_it_is_replaced_at_once() -> None:
    assert judge(missed=CLEAR) == Verdict(Liveness.SILENT, replace=True)
    assert judge(heard(4 * DAY, 4 * DAY, 4 * DAY), CLEAR).liveness is Liveness.SILENT, "more than quiet"


def test_a_persons_workflow_may_be_meant_for_other_changes() -> None:
    assert judge(replace(LINE, manual=True), CLEAR) == Verdict(Liveness.WELL)


def test_it_stays_silent_until_a_delivery_comes_and_is_not_replaced_without_new_signs() -> None:
    marked = replace(LINE, silent_since=NOW - HOUR)
    assert judge(marked) == Verdict(Liveness.SILENT)
    successor = replace(LINE, as_it_is_since=NOW - 5 * DAY, replaced=1)
    assert judge(successor) == Verdict(Liveness.SILENT)


@pytest.mark.parametrize(
    ("replaced", "pause"), [(1, HOUR), (2, 2 * HOUR), (5, 16 * HOUR), (6, DAY), (99, DAY)]
)
def test_a_successor_that_is_silent_too_is_replaced_later_and_later(replaced: int, pause: timedelta) -> None:
    young = replace(LINE, replaced=replaced, as_it_is_since=NOW - pause + timedelta(seconds=1))
    assert judge(young, CLEAR) == Verdict(Liveness.SILENT)
    assert judge(replace(young, as_it_is_since=NOW - pause), CLEAR) == Verdict(Liveness.SILENT, replace=True)


@pytest.mark.parametrize(
    ("line", "liveness"),
    [
        (heard(3 * DAY, 4 * DAY, 10 * DAY), Liveness.QUIET),
        (heard(3 * DAY - HOUR, 4 * DAY, 5 * DAY), Liveness.WELL),
        (heard(3 * DAY, 4 * DAY), Liveness.WELL),
        (heard(3 * DAY, 4 * DAY, 10 * DAY + HOUR), Liveness.WELL),
        (replace(heard(3 * DAY, 4 * DAY, 5 * DAY), manual=True, kind=None), Liveness.QUIET),
    ],
    ids=["used before", "not for long enough", "told twice", "told seldom", "workflow"],
)
def test_quiet_is_what_used_to_tell_and_does_no_longer(line: Line, liveness: Liveness) -> None:
    assert judge(line) == Verdict(liveness)


def test_alarms_are_about_an_account_an_app_and_a_kind() -> None:
    assert LINE.subject == "main/ia4f42/update"
    assert replace(LINE, manual=True).subject == "main/ia4f42/workflow/update"
    assert replace(LINE, manual=True, kind=None).subject == "main/ia4f42/workflow"


LINES = st.builds(
    Line,
    registration_id=st.just(UUID(int=1)),
    account=st.just("main"),
    app_id=st.just("a"),
    kind=st.sampled_from(Kind),
    manual=st.booleans(),
    as_it_is_since=st.timedeltas(timedelta(0), 60 * DAY).map(lambda age: NOW - age),
    heard=st.lists(st.timedeltas(timedelta(0), 30 * DAY), max_size=ENOUGH).map(
        lambda ages: tuple(NOW - age for age in sorted(ages))
    ),
    silent_since=st.none() | st.just(NOW - HOUR),
    replaced=st.integers(0, 2000),
)


@given(LINES, st.integers(0, ENOUGH))
def test_only_what_shows_signs_of_silence_is_replaced(line: Line, missed: int) -> None:
    verdict = judge(line, Missed(missed, NOW if missed else None))
    if verdict.replace:
        assert verdict.liveness is Liveness.SILENT
        assert missed == ENOUGH
        assert not line.manual
    if missed < ENOUGH and line.silent_since is None and not line.replaced:
        assert verdict.liveness is not Liveness.SILENT
