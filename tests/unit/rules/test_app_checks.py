"""Rules against the apps that they name: what is said, and at which place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.known_fields import AccountApps, AppFields, FieldKind, KnownField
from service.rules.operand_checks import wrong_operands
from service.rules.when import FieldConditions
from tests.fixtures.known_apps import (
    CLIENTS,
    KNOWN,
    RULE,
    TASKS,
    TASKS_ID,
    checked,
    configured,
    problems_with_apps,
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "when: {titel: {equal: x}}",
            "9:12: app Tasks has no field `titel` that the token may see (did you mean",
        ),
        (
            "when: {Due date: {is_today: true}}",
            "9:12: `Due date` is the name of a field of Tasks, and rules name fields by ids (write `due_da",
        ),
        (
            "when: {approved: {equal: 'true'}}",
            "9:30: `approved` is either true or false, and 'true' is neither",
        ),
        (
            "when: {approved: {equal: yes}}",
            "9:30: `approved` is either true or false, and 'yes' is neither (write true",
        ),
        (
            "when: {approved: {equal: 0}}",
            "9:30: `approved` is either true or false, and 0 is neither (write false",
        ),
        (
            "when: {approved: {greater_than: 0}}",
            "9:37: `greater_than` is for numbers and dates, and `approved`",
        ),
        (
            "when: {status: {equal: doen}}",
            "9:28: doen is not one of the options of `status` (did you mean `Done`?)",
        ),
        (
            "when: {status: {contains: progress}}",
            "9:31: progress is not one of the options of `status`, and only whole ones are found (did",
        ),
        (
            "when: {status: {contains_any: [Done, Gone]}}",
            "9:42: Gone is not one of the options of `status` (did",
        ),
        (
            "when: {status: {equal: [Done, To do]}}",
            "9:28: `status` never holds 2 values at once (for one of several write contains_any: [A, B])",
        ),
        ("when: {status: {contains_all: [Done, To do]}}", "9:35: `status` never holds 2 values at once"),
        ("when: {title: {equal: [a, b]}}", "9:27: `title` never holds 2 values at once"),
        ("when: {title: {contains: 5}}", '9:30: `title` holds text, and 5 is none (put it in quotes: "5")'),
        (
            "when: {title: {equal: true}}",
            '9:27: `title` holds text, and true is none (put it in quotes: "true")',
        ),
        (
            "when: {estimate: {equal: '5'}}",
            '9:30: `estimate` holds numbers, and "5" in quotes is a text (write 5, without quotes)',
        ),
        (
            "when: {estimate: {equal: many}}",
            "9:30: `estimate` holds numbers, and many is none (write a number,",
        ),
        (
            "when: {estimate: {less_than: 2026-12-31}}",
            "9:34: `estimate` holds numbers, and '2026-12-31' is none",
        ),
        ("when: {estimate: {is_today: true}}", "9:33: `is_today` is for dates, and `estimate` holds numbers"),
        ("when: {due_date: {less_than: 5}}", "9:34: `due_date` holds dates, and 5 is none (write a date,"),
        (
            "when: {due_date: {equal: 30.9.2024}}",
            "9:30: `due_date` holds dates, and 30.9.2024 is none (write one",
        ),
        (
            "when: {status: {within_next: 3}}",
            "9:34: `within_next` is for dates, and `status` holds options of a",
        ),
        (
            "when: {client: {greater_than: 3}}",
            "9:35: `greater_than` is for numbers and dates, and `client` holds",
        ),
        (
            "when: {responsible: {equal: 5}}",
            "9:33: `responsible` holds names of people or roles, and 5 is none",
        ),
        (
            "when: {client: {equal: Acme Foods}}",
            "9:28: `client` holds ids of linked records, and Acme Foods is no id (to ask for a field of the",
        ),
        ("when: {client.county: {equal: Chile}}", "9:12: app Clients has no field `county`"),
        (
            "when: {client.country: {equal: Chili}}",
            "9:36: Chili is not one of the options of `country` (did you mean",
        ),
        (
            "when: {title.country: {equal: Chile}}",
            "9:12: field `title` of Tasks holds text: it leads to no other record (the part before a dot",
        ),
        ("when: {not: {any: [{titel: {equal: x}}]}}", "9:25: app Tasks has no field `titel`"),
        (
            "when_before: {all: [{status: {equal: Dnoe}}]}",
            "9:42: Dnoe is not one of the options of `status` (did",
        ),
        (
            "changed: [status, dew_date]",
            "9:23: app Tasks has no field `dew_date` that the token may see (did you",
        ),
        (
            "changed: stattus",
            "9:5: app Tasks has no field `stattus` that the token may see (did you mean `status`?)",
        ),
        ("when: {any: [{change: {changed: [titel]}}]}", "9:38: app Tasks has no field `titel` that the"),
        ("when: {change: {changed: {approved: {to: 1}}}}", "9:46: `approved` is either true or false"),
        ("changed: {estimat: {to: 5}}", "9:15: app Tasks has no field `estimat`"),
        (
            "changed: {status: {from: Done, to: In Progres}}",
            "9:40: In Progres is not one of the options of",
        ),
        ("changed: {approved: {to: 'yes'}}", "9:30: `approved` is either true or false"),
        (
            "changed: {tags: {from: Red}}",
            "9:28: `tags` can hold several values: `from: Red` means that Red is alone in it (for one that",
        ),
        (
            "changed: {tags: {to: Red}}",
            "9:26: `tags` can hold several values: `to: Red` means that Red is alone in it (for one that",
        ),
        (
            "changed: {tags: {to: [Red, Bleu]}}",
            "9:32: Bleu is not one of the options of `tags` (did you mean `Blue`?)",
        ),
        (
            "expand: [clint]",
            "9:14: app Tasks has no field `clint` that the token may see (did you mean `client`?)",
        ),
        (
            "expand: [status]",
            "9:14: `status` holds options of a list, and only linked records can be fetched too",
        ),
        ("expand: [client.owner]", "9:14: `owner` holds names of people or roles, and only linked records"),
    ],
)
def test_a_mistake_is_named_at_its_place(lines: str, expected: str) -> None:
    (problem,) = problems_with_apps(lines)
    assert problem.startswith(f"relay.yaml:{expected}"), problem


@pytest.mark.parametrize(
    "lines",
    [
        "when: {status: {equal: Done}}",
        "when: {status: {equal: [Done]}}",
        "when: {status: {equal: null}}",
        "when: {status: {has_no_value: true}, client: {has_no_value: false}}",
        "when: {tags: {equal: [Red, Blue], contains_all: [Red, Blue], not_equal: Red}}",
        "when: {stars: {equal: 2, greater_than: 1, contains_any: [1, 2]}}",
        "when: {estimate: {equal: 5, contains_any: [1, 2], greater_than: 0.5}}",
        "when: {title: {equal: 5, contains: five, contains_all: [a, b], greater_than: 3, within_next: 2}}",
        "when: {due_date: {equal: 2026-09-30, contains: 2026-09, within_previous: 3}}",
        "when: {due_date: {less_than: 2026-09-30T07:00:00Z, greater_than: 2026-09-01}}",
        "when: {responsible: {contains_any: [Somebody Who Left]}}",
        "when: {client: {equal: i1f3c9}, client.country: {equal: Chile}, client.name: {contains: Ltd}}",
        "when: {total: {equal: true, greater_than: 3, contains: x}}",
        "when: {supplier.whatever: {equal: x}}",
        "when: {total.whatever: {equal: x}}",
        "when: {odd.id: {equal: 3}}",
        "when: {change: {kind: [create]}}",
        "changed: {status: {from: In progress}, due_date: cleared, title: {to: null}}",
        "changed: {tags: {from: [Red], to: [Red, Blue]}, estimate: {from: 1}}",
        "changed: status",
        "expand: [client, supplier, supplier.owner, total]",
    ],
)
def test_what_could_hold_passes(lines: str) -> None:
    assert problems_with_apps(lines) == []


def test_an_app_is_named_by_its_id_or_the_name_that_was_applied() -> None:
    renamed = AccountApps(
        {TASKS_ID: AppFields(TASKS_ID, "Jobs", TASKS.fields)}, {TASKS_ID: "Tasks"}, complete=True
    )
    for reference in ("Tasks", "Jobs", TASKS_ID):
        rule = RULE.replace("Tasks", reference)
        assert problems_with_apps("when: {status: {equal: Done}}", rule=rule, known=renamed) == []


@pytest.mark.parametrize(
    ("reference", "apps", "expected"),
    [
        (
            "tasks",
            KNOWN,
            "7:10: the token of account main sees no app of the id or exact name `tasks` (did you mean `Ta",
        ),
        (
            "Tasks",
            AccountApps(
                {"i1": AppFields("i1", "Tasks", {}), "i2": AppFields("i2", "Tasks", {})}, complete=True
            ),
            "7:10: `Tasks` is the name of 2 apps (write the id of the one you mean: `i1`, `i2`)",
        ),
        (
            "Tasks",
            AccountApps({"i502fb": CLIENTS}, {TASKS_ID: "Tasks"}, complete=True),
            "7:10: the token of account main no longer sees app `Tasks` (give its user access to the app, or",
        ),
    ],
)
def test_an_app_that_can_not_be_told(reference: str, apps: AccountApps, expected: str) -> None:
    (problem,) = problems_with_apps("", rule=RULE.replace("Tasks", reference), known=apps)
    assert problem.startswith(f"relay.yaml:{expected}"), problem


def test_a_name_that_a_second_app_got_after_it_was_applied_is_told_before_the_next_apply() -> None:
    two = {each: AppFields(each, "Tasks", TASKS.fields) for each in ("i1", "i2")}
    (problem,) = problems_with_apps("", known=AccountApps(two, {"i2": "Tasks"}, complete=True))
    assert "`Tasks` is the name of 2 apps (write the id of the one you mean: `i2`, `i1`)" in problem


def test_a_rule_of_which_nothing_is_known_passes_and_is_named() -> None:
    configuration = configured("when: {nonsense: {equal: 1}}")
    found = checked(configuration, {})
    assert (found.findings, [(each.rule, each.app, each.applied) for each in found.unchecked]) == (
        (),
        [("r", "Tasks", False)],
    )
    bare = AccountApps({TASKS_ID: AppFields(TASKS_ID, "Tasks", {})}, complete=True)
    assert [each.rule for each in checked(configuration, {"main": bare}).unchecked] == ["r"]
    applied = checked(configuration, {"main": AccountApps({}, {TASKS_ID: "Tasks"})})
    assert [each.applied for each in applied.unchecked] == [True]


def test_a_rule_of_an_app_that_is_seen_but_not_applied_is_checked_and_named() -> None:
    found = checked(configured("changed: [titel]"), {"main": AccountApps({TASKS_ID: TASKS}, complete=True)})
    assert ([*found.broken], [each.rule for each in found.unapplied]) == (["r"], ["r"])


_OPERANDS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(
    st.sampled_from(list(FieldConditions.model_fields)),
    _OPERANDS,
    st.sampled_from(list(FieldKind)),
    st.none() | st.booleans(),
)
def test_no_operand_makes_the_check_fail(
    condition: str, operand: object, kind: FieldKind, several: bool | None
) -> None:
    field = KnownField("f", "F", kind, ("a", "1"), several=several)
    assert all(each.message for each in wrong_operands(condition, operand, field))
