"""What a backtest counts."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from service.changes.types import Change
from service.rules.backtest import MOST_EXAMPLES, Backtest, RuleTally
from service.rules.keeping import KeptRules
from service.rules.linked import Linked
from service.rules.rejudging import Judge, KeptChange
from service.rules.schema import Rule
from tests.fixtures.changes import CHANGE_ID, a_change
from tests.fixtures.random_rules import CHANGES, RULE_SETS

DONE = {"status": {"equal": "Done"}}


def rule(name: str = "r", **keys: Any) -> Rule:
    return Rule.model_validate({"name": name, "account": "main", "app": "ia4f42", "run": ["ops"], **keys})


def judge(*rules: Rule) -> Judge:
    return Judge(KeptRules(rules=rules, timezones={}))


def kept(change: Change, *, said: dict[str, str | None] | None = None, **known: Any) -> KeptChange:
    """A change as it was judged then; what matched was run, unless told otherwise."""
    fired = [name for name, decided_by in (said or {}).items() if decided_by is None]
    nothing: dict[str, Any] = {"rules_digest": "", "verdicts": said, "fired": fired, "linked": {}}
    return KeptChange(change, **{**nothing, **known})


def as_settled(rules: tuple[Rule, ...], change: Change) -> KeptChange:
    """Keep of a change what settling keeps."""
    verdicts = [each.first for each in judge(*rules).judge(kept(change))]
    return kept(change, said={verdict.rule: verdict.decided_by for verdict in verdicts})


def counted(tally: RuleTally) -> tuple[int, int, int, int, int]:
    return (tally.fired_then, tally.fires_now, tally.newly, tally.no_longer, tally.unclear)


@given(rules=RULE_SETS, changes=st.lists(CHANGES, max_size=5))
def test_the_same_rules_show_no_difference(rules: tuple[Rule, ...], changes: list[Change]) -> None:
    backtest, same = Backtest(judge(*rules)), Backtest(judge(*rules), against=judge(*rules))
    for change in changes:
        stored = as_settled(rules, change)
        backtest.add(stored)
        same.add(stored)
    for tally in (*backtest.tallies, *same.tallies):
        assert not tally.differs
        assert tally.fired_then == tally.fires_now
    assert {each.rule for each in backtest.tallies} == {each.name for each in rules}


def test_a_rule_that_asks_for_more_no_longer_fires() -> None:
    backtest = Backtest(judge(rule(when={"status": {"equal": "Gone"}})))
    backtest.add(kept(a_change(), said={"r": None}))
    (tally,) = backtest.tallies
    assert counted(tally) == (1, 0, 0, 1, 0)
    (example,) = tally.no_longer_examples
    assert (example.change_id, example.record_id) == (CHANGE_ID, "i59adb")
    assert example.decided_by == "when.status.equal"
    assert "saw ['Done']" in example.why


def test_a_rule_that_asks_for_less_fires_newly_and_says_what_had_decided() -> None:
    backtest = Backtest(judge(rule(when=DONE)))
    backtest.add(kept(a_change(), said={"r": "when.status.contains"}))
    (tally,) = backtest.tallies
    assert counted(tally) == (0, 1, 1, 0, 0)
    assert tally.newly_examples[0].decided_by == "when.status.contains"


def test_a_rule_that_is_not_there_any_more_and_one_that_was_not_yet() -> None:
    backtest = Backtest(judge(rule("new")))
    backtest.add(kept(a_change(), said={"old": None}))
    new, old = backtest.tallies
    assert (new.rule, counted(new)) == ("new", (0, 1, 1, 0, 0))
    assert new.newly_examples[0].why == "the rule was not there, or was for another app"
    assert (old.rule, counted(old)) == ("old", (1, 0, 0, 1, 0))
    assert old.no_longer_examples[0].why == "the rule is not in the file"


def test_a_rule_that_is_for_another_app_now() -> None:
    backtest = Backtest(judge(rule(app="i502fb")))
    backtest.add(kept(a_change(), said={"r": None}))
    (tally,) = backtest.tallies
    assert counted(tally) == (1, 0, 0, 1, 0)
    assert tally.no_longer_examples[0].decided_by == "app"


def test_what_needs_linked_records_that_were_never_fetched_is_counted_apart() -> None:
    backtest = Backtest(judge(rule(when={"client.country": {"equal": "DE"}})))
    backtest.add(kept(a_change(), said={"r": None}))
    (tally,) = backtest.tallies
    assert counted(tally) == (0, 0, 0, 0, 1)
    assert "client" in tally.unclear_examples[0].why


def test_runs_that_linked_records_held_back_did_not_fire() -> None:
    backtest = Backtest(judge(rule(when={"client.country": {"equal": "DE"}})))
    linked = {"r": Linked({"client": [{"country": "FR"}]})}
    backtest.add(kept(a_change(), said={"r": None}, fired=(), linked=linked))
    (tally,) = backtest.tallies
    assert counted(tally) == (0, 0, 0, 0, 0)


def test_changes_from_before_verdicts_were_kept_count_by_their_runs() -> None:
    backtest = Backtest(judge(rule(when=DONE)))
    backtest.add(kept(a_change(), said=None, fired=["r"]))
    backtest.add(kept(a_change(), said=None, fired=[]))
    assert counted(backtest.tallies[0]) == (1, 2, 1, 0, 0)


def test_another_file_is_compared_with_instead_of_history() -> None:
    backtest = Backtest(judge(rule(when=DONE)), against=judge(rule(on=["create"])))
    backtest.add(kept(a_change(), said={"r": None}))
    (tally,) = backtest.tallies
    assert counted(tally) == (0, 1, 1, 0, 0)
    assert tally.newly_examples[0].decided_by == "kind"


def test_other_rules_than_those_asked_for_are_not_counted() -> None:
    backtest = Backtest(judge(rule("a"), rule("b")), only={"a"})
    backtest.add(kept(a_change(), said={"a": None, "b": None, "c": None}))
    assert [tally.rule for tally in backtest.tallies] == ["a"]


def test_a_few_examples_are_kept_and_no_more() -> None:
    backtest = Backtest(judge())
    for number in range(MOST_EXAMPLES + 2):
        backtest.add(kept(a_change(id=UUID(int=number)), said={"r": None}))
    (tally,) = backtest.tallies
    assert tally.no_longer == MOST_EXAMPLES + 2
    assert [each.change_id.int for each in tally.no_longer_examples] == list(range(MOST_EXAMPLES))
