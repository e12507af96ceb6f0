"""What handlers write to Fusioo, against the apps that they write to."""

import pytest

from service.pipeline.checking.writes import check_writes
from service.rules.known_fields import AccountApps
from service.rules.loader import parse
from tests.fixtures.known_apps import CLIENTS_ID, KNOWN, TASKS, TASKS_ID
from tests.fixtures.relay_yaml import ENV

RULES = "  - {name: r, account: main, app: Tasks, run: [h]}\n"
BOTH = f"{RULES}  - {{name: s, account: main, app: {CLIENTS_ID}, run: [h]}}\n"


def told(handler: str, *, rules: str = RULES, known: AccountApps = KNOWN) -> list[str]:
    """What is said of a handler, as people read it, without the file's name and once."""
    configuration = parse(
        'version: 1\naccounts:\n  main: {provider: fusioo, token: "${T}"}\n'
        f"handlers:\n  h: {{{handler}}}\nrules:\n{rules}",
        "relay.yaml",
        ENV,
    )
    findings = [each.finding for each in check_writes(configuration, {"main": known})]
    return [str(each).partition(":")[2] for each in configuration.invalid(findings).problems]


def update(fields: str, more: str = "") -> str:
    return f"fusioo.update: {{account: main, fields: {fields}{more}}}"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (update("{statsu: [Done]}"), "5:47: app Tasks has no field `statsu` that the token may see (did you"),
        (
            update("{status: Done}"),
            "5:55: `status` holds options of a list, in a list also where it is one (write [D",
        ),
        (
            update("{status: [Dnoe]}"),
            "5:56: Dnoe is not one of the options of `status` (did you mean `Done`?)",
        ),
        (
            update("{approved: 'yes'}"),
            "5:57: `approved` is either true or false, and 'yes' is neither (write true",
        ),
        (update("{estimate: [5]}"), "5:57: `estimate` holds numbers, and no list (write one value, without"),
        (update("{title: true}"), '5:54: `title` holds text, and true is none (put it in quotes: "true")'),
        (
            "fusioo.create: {account: main, app: Cleints, fields: {name: x}}",
            "5:43: the token sees no app of the id or exact name `Cleints` (did you mean `Clients`?)",
        ),
        (
            "fusioo.create: {account: main, app: Clients, fields: {nmae: x}}",
            "5:61: app Clients has no field `nmae` that the token may see (did you mean `name`?)",
        ),
        (
            "fusioo.create: {account: main, app: Clients, fields: {name: x}, unless: {titel: x}}",
            "5:80: app Clients has no field `titel`",
        ),
    ],
)
def test_what_would_be_refused_is_named_at_its_place(handler: str, expected: str) -> None:
    (problem,) = told(handler)
    assert problem.startswith(expected), problem


@pytest.mark.parametrize(
    "handler",
    [
        update("{status: [Done], approved: true, title: null, estimate: 5, tags: [Red, Blue]}"),
        update('{status: "{{ record.x }}", tags: ["{{ record.x }}"], title: "{{ record.x }} days"}'),
        update("{whatever: 1}", ', record: "{{ record.client[0] }}"'),
        update("{total: [anything]}"),
        "fusioo.create: {account: main, app: Clients, fields: {name: x, country: [Chile]}}",
        'fusioo.comment: {account: main, text: "hello"}',
        "log: {}",
    ],
)
def test_what_could_be_taken_passes(handler: str) -> None:
    assert told(handler) == []


def test_of_several_apps_one_must_have_the_field() -> None:
    assert told(update("{country: [Chili]}"), rules=BOTH)[0].startswith(
        "5:57: Chili is not one of the options"
    )
    assert told(update("{statsu: x}"), rules=BOTH) != []


def test_where_an_app_is_not_known_nothing_is_said() -> None:
    only_tasks = AccountApps({TASKS_ID: TASKS}, {TASKS_ID: "Tasks"})
    assert told(update("{statsu: x}"), rules=BOTH, known=only_tasks) == []
    assert told(update("{statsu: x}"), rules="") == []
    create = "fusioo.create: {account: main, app: Clients, fields: {nmae: x}}"
    assert told(create, known=only_tasks) == []
    assert len(told(create, rules="")) == 1, "a handler that no rule runs is checked too"
