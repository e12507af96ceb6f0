"""Which changes come of our own writes: named cases, and the rule itself over random ones."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from service.changes.echo import NO_ECHO, Echo, Note, echo_of_create, echo_of_unchanged, echo_of_update

A = Note(1, "closing", {"status": "done"})


def test_what_one_rule_wrote_is_hidden_from_it() -> None:
    assert echo_of_update(["status"], {"status": "done"}, [A]) == Echo(
        complete=True, hidden_from=frozenset({"closing"}), met=frozenset({1})
    )


def test_another_value_is_somebody_elses() -> None:
    assert echo_of_update(["status"], {"status": "to do"}, [A]) == Echo(met=frozenset({1}))
    assert echo_of_update(["title"], {"title": "t", "status": "done"}, [A]) == NO_ECHO


def test_an_edit_in_the_same_look_makes_it_an_ordinary_change() -> None:
    echo = echo_of_update(["status", "title"], {"status": "done", "title": "by Ann"}, [A])
    assert not echo.complete
    assert echo.hidden_from == frozenset()
    assert echo.met == {1}, "it was seen: it hides no later edit"
    assert echo.echoed == {"status"}


def test_two_rules_made_it_together_so_each_sees_it() -> None:
    other = Note(2, "naming", {"title": "new"})
    echo = echo_of_update(["status", "title"], {"status": "done", "title": "new"}, [A, other])
    assert echo == Echo(complete=True, hidden_from=frozenset(), met=frozenset({1, 2}))


def test_a_write_that_changed_nothing_is_hidden_from_the_rule_that_wrote_it() -> None:
    other = Note(2, "naming", {"title": "new", "status": "done"})
    shown = {"status": "done", "title": "old"}
    assert echo_of_unchanged(shown, [A, other]) == Echo(
        complete=True, hidden_from=frozenset({"closing"}), met=frozenset({1})
    )
    assert echo_of_unchanged(shown, [other]) == echo_of_unchanged(shown, []) == NO_ECHO


def test_two_writes_of_one_rule_count_together() -> None:
    other = Note(2, "closing", {"title": "new"})
    echo = echo_of_update(["status", "title"], {"status": "done", "title": "new"}, [A, other])
    assert echo.hidden_from == {"closing"}


def test_a_write_of_more_than_differs_is_met_where_all_of_it_is_there() -> None:
    both = Note(3, "closing", {"status": "done", "title": "old"})
    assert echo_of_update(["status"], {"status": "done", "title": "old"}, [both]).met == {3}


def test_a_write_that_was_half_overwritten_makes_no_echo_then_or_later() -> None:
    both = Note(3, "closing", {"status": "done", "title": "new"})
    echo = echo_of_update(["status", "title"], {"status": "done", "title": "by Ann"}, [both])
    assert (echo.complete, set(echo.met)) == (False, {3})


def test_what_we_wrote_is_what_an_edit_came_on_top_of() -> None:
    first = Note(1, "closing", {"status": "done", "title": "new"}, {"status": ["Done"], "title": "New"})
    later = Note(2, "naming", {"title": "newer"}, {"title": "Newer"})
    shown = {"status": "done", "title": "by Ann"}
    echo = echo_of_update(["status", "title"], shown, [first, later])
    assert (echo.complete, echo.overwritten, set(echo.met)) == (False, {"title": "Newer"}, {1, 2})
    seen = echo_of_update(["title"], {"status": "done", "title": "new"}, [first, later])
    assert (seen.complete, seen.overwritten) == (True, {}), "the later one may still be on its way"


def test_of_two_writes_of_a_field_the_one_that_is_shown_is_met() -> None:
    later = Note(2, "closing", {"status": "to do"})
    assert echo_of_update(["status"], {"status": "to do"}, [A, later]).met == {2}


def test_a_change_in_which_nothing_differs_is_no_echo() -> None:
    assert echo_of_update([], {"status": "done"}, [A]) == NO_ECHO


def test_a_created_record_shows_all_that_was_written_and_more() -> None:
    shown = {"status": "done", "priority": "normal"}
    assert echo_of_create(shown, [A]) == Echo(
        complete=True, hidden_from=frozenset({"closing"}), met=frozenset({1})
    )
    assert echo_of_create({"status": "to do"}, [A]) == NO_ECHO
    assert echo_of_create(shown, [Note(1, "closing", {})]) == NO_ECHO


def test_of_several_creates_the_one_that_says_most_is_met_then_the_oldest() -> None:
    says_more = Note(2, "second", {"status": "done", "title": "t"})
    same = Note(3, "third", {"status": "done", "title": "t"})
    shown = {"status": "done", "title": "t"}
    assert echo_of_create(shown, [A, says_more, same]).met == {2}


FIELDS = st.sampled_from("abc")
HASHES = st.dictionaries(FIELDS, st.integers(0, 2).map(str), min_size=1)
NOTES = st.lists(st.tuples(st.sampled_from(["r", "s"]), HASHES), max_size=4).map(
    lambda made: [Note(number, rule, hashes) for number, (rule, hashes) in enumerate(made)]
)
SHOWN = st.fixed_dictionaries({name: st.integers(0, 2).map(str) for name in "abc"})


@given(st.sets(FIELDS, min_size=1), SHOWN, NOTES)
def test_an_echo_is_what_writes_account_for_field_by_field(
    differing: set[str], shown: dict[str, str], notes: Sequence[Note]
) -> None:
    echo = echo_of_update(differing, shown, notes)

    def account_for(field: str, rules: set[str]) -> bool:
        return any(note.hashes.get(field) == shown[field] for note in notes if note.rule in rules)

    assert echo.complete == all(account_for(field, {"r", "s"}) for field in differing)
    for rule in "rs":
        assert (rule in echo.hidden_from) == all(account_for(field, {rule}) for field in differing)
    for note in notes:
        if note.id in echo.met:
            assert note.hashes.keys() & differing
