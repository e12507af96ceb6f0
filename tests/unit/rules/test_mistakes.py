"""Where each mistake in `relay.yaml` is reported, and in which words."""

import pytest

from tests.fixtures.relay_yaml import FULL, HEAD, problems_of


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "- {name: r, account: mian, app: a, run: [ops]}",
            "5:22: there is no account `mian` (did you mean `main`?)",
        ),
        (
            "- {name: r, account: main, app: a, run: [opps]}",
            "5:42: there is no handler `opps` (did you mean `ops`?)",
        ),
        ("- {name: r, account: main, app: a, run: [ops, ops]}", "5:47: the handler `ops` stands here twice"),
        ("- {name: R, account: main, app: a, run: [ops]}", "5:10: 'R' is not a name; use a-z"),
        (
            "- {name: r, account: main, app: a, run: [ops], wen: {}}",
            "5:48: unknown key `wen` (did you mean `when`?)",
        ),
        ("- {name: r, account: main, run: [ops]}", "5:3: `app` is missing"),
        (
            "- {name: r, account: main, app: a, run: []}",
            "5:41: `run` should name at least one handler, in a list (like [ops])",
        ),
        (
            "- {name: r, account: main, app: a, run: ops}",
            "5:41: `run` should name at least one handler, in a list (like [ops])",
        ),
        (
            "- {name: r, account: main, app: a, run: [ops], on: [crate]}",
            "5:53: should be 'create', 'update' or 'delete'",
        ),
        ("- {name: r, account: main, app: true, run: [ops]}", "5:33: `app` should be a text"),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when:\n    due: {les_than: 5}",
            "10:11: there is no condition `les_than` (did you mean `less_than`?)",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {any: [{due: {within_next: soon}}]}",
            "9:36: `within_next` should be a whole number of days",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {not: {due: {}}}",
            "9:16: `due` has no condition",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {due: {greater_than: [1, 2]}}",
            "9:30: `greater_than` should be a number, a date",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  changed: {status: {form: x}}",
            "9:22: unknown key `form` (did you mean `from`?)",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  changed: true",
            "9:12: `changed` should name a field, or several",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  changed: []",
            "9:12: `changed` should not be empty",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {change: {}}",
            "9:10: `change` has no condition; write one, like {kind: [create]}",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {change: {kid: [create]}}",
            "9:19: unknown key `kid` (did you mean `kind`?)",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {change: {kind: crate}}",
            "9:25: `kind` should be 'create', 'update' or 'delete'",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {change: {edited_by: [5]}}",
            "9:31: should be a text",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {change: {changed: {a: {form: b}}}}",
            "9:33: unknown key `form` (did you mean `from`?)",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  changed: {status: {}}",
            "9:13: `status` needs `from`, `to` or both",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  expand: [client..owner]",
            "9:12: `client..owner` is no path of link fields",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  expand: [a, a.b.c.d]",
            "9:15: `a.b.c.d` follows 4 links; at most 3",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  expand: [client, client]",
            "9:11: `client` stands here twice",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  unchanged: true\n  changed: [status]",
            "10:3: `changed` asks for a difference, `unchanged: true` for runs without one (remove one",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  on: [create]\n  unchanged: true",
            "9:3: `unchanged: true` is about updates, and this rule is not on them (add update, or",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when_before: {not: {b.c: {equal: 1}}}",
            "9:23: `b.c` asks for a linked record as it was before the change, which is not known (ask under",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {any: [{a.b.c.d.e: {equal: 1}}]}",
            "9:17: `a.b.c.d.e` follows 4 links to a field; at most 3",
        ),
        (
            "- name: r\n  account: main\n  app: a\n  run: [ops]\n  when: {all: [{client.: {equal: 1}}]}",
            "9:17: `client.` is no path of link fields to a field (write one like client.country)",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_found_at_its_place(lines: str, expected: str) -> None:
    (problem,) = problems_of(HEAD + lines)
    assert problem.startswith(f"relay.yaml:{expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: is empty"),
        ("- a", "1:1: should be a mapping"),
        ("version: 2\naccounts: {a: {provider: fusioo, token: '${T}'}}", "1:10: `version` should be 1"),
        ("accounts: {a: {provider: fusioo, token: '${T}'}}", "1:1: `version` is missing"),
        ("version: 1\naccounts: {A: {provider: fusioo, token: '${T}'}}", "2:12: 'A' is not a name"),
        ("version: 1\naccounts: {a: {provider: fusioo}}", "2:12: `a` needs either `token` or `oauth`"),
        ("version: 1\naccounts: {a: {provider: onspring, token: '${T}'}}", "2:12: `a` needs `base_url`"),
        ("version: 1\naccounts: {a: {provider: fusioo, token: ''}}", "2:41: `token` should not be empty"),
        (
            "version: 1\naccounts: {a: {provider: fusioo, token: '${T}', timezone: Mars}}",
            "2:59: 'Mars' is not a time zone",
        ),
        (
            "version: 1\naccounts: {a: {provider: fusioo, token: '${T}', reconcile: 15}}",
            "2:60: 15 is not a duration",
        ),
        (
            "version: 1\naccounts: {a: {provider: fusioo, token: '${T}', reconcile: 999999999999d}}",
            "2:60: '999999999999d' is longer than",
        ),
        (
            "version: 1\naccounts: {a: {provider: fusioo, token: '${T}', reconcile: 0s}}",
            "2:60: `reconcile` should be longer",
        ),
        (
            "version: 1\naccounts: {a: {provider: fusioo, token: '${T}', budget: {reserve: 10}}}",
            "2:67: 10 is not a share",
        ),
        (
            "version: 1\nversion: 1\naccounts: {a: {provider: fusioo, token: '${T}'}}",
            "2:1: the key `version` stands here twice",
        ),
        (
            "version: 1\naccounts: {a: {provider: fusioo, token: !env x}}",
            "2:41: a text that begins with ! is a tag",
        ),
        ("version: 1\naccounts: !!omap {a: 1}", "2:11: a text that begins with ! is a tag"),
        ("version: 1\naccounts: {${X}: 1}", "2:13: "),
        ("version: 1\n\taccounts: 1", "2:1: a tab stands here"),
        ("version: 1\naccounts: *a", "2:11: found undefined alias"),
        ("version: 1\naccounts: 1e999", "2:11: can't be read as float"),
        ("version: 1\n---\nversion: 1", "2:1: but found another document"),
        (
            "version: 1\naccounts: {a: {token: ${T}}}",
            "2:24: before this, a comma is missing, or the `}` that closes line 2 (put ${…} in quotes)",
        ),
        ("[" * 2000, "1:1: nested too deeply"),
    ],
)
def test_a_mistake_elsewhere_is_found_at_its_place(text: str, expected: str) -> None:
    assert any(problem.startswith(f"relay.yaml:{expected}") for problem in problems_of(text)), problems_of(
        text
    )


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("{timeout: 3s}", "`ops` has no kind"),
        (
            "{log: {}, retyr: []}",
            "`ops` has 2 kinds, log, retyr, and takes one; instead of `retyr` did you mean `retry`?",
        ),
    ],
)
def test_a_handler_has_one_kind(handler: str, expected: str) -> None:
    (problem,) = problems_of(HEAD.replace("{log: {}}", handler))
    assert problem.startswith(f"relay.yaml:3:12: {expected}")


def test_all_mistakes_are_reported_together_in_order() -> None:
    text = (
        FULL.replace("timezone", "timezon")
        .replace("run: [ops, grc]", "run: [opps]")
        .replace("alarms: [ops]", "alarm: 1")
    )
    places = [problem.split(": ")[0] for problem in problems_of(text, {"FUSIOO_TOKEN": "t"})]
    assert places == ["relay.yaml:7:5", "relay.yaml:10:59", "relay.yaml:20:11", "relay.yaml:22:1"]


def test_two_rules_of_one_name() -> None:
    line = "  - {name: r, account: main, app: a, run: [ops]}\n"
    (problem,) = problems_of(HEAD + line + line)
    assert problem == "relay.yaml:6:12: two rules are named `r` (rename it, or rule 1 of the list)"


def test_a_missing_variable_is_reported_where_it_is_used() -> None:
    (problem,) = problems_of(FULL, {"FUSIOO_TOKEN": "t"})
    assert (
        problem
        == "relay.yaml:10:59: the environment variable OPS_SECRET is not set (set OPS_SECRET and start again)"
    )


def test_a_missing_variable_is_the_only_mistake_of_its_value() -> None:
    (problem,) = problems_of(FULL.replace("timeout: 9s", 'timeout: "${NOT_SET}"'))
    assert "the environment variable NOT_SET is not set" in problem


@pytest.mark.parametrize("reference", ["${}", "${A-B}", "${OPS_SECRET:-x}", "${OPS_SECRET"])
def test_a_strange_reference_is_an_error(reference: str) -> None:
    (problem,) = problems_of(FULL.replace("${OPS_SECRET}", reference))
    assert problem.startswith("relay.yaml:10:59: a `${` here names no variable")


def test_a_value_from_the_environment_is_not_shown_in_errors() -> None:
    text = FULL.replace("timeout: 9s", 'timeout: "${OPS_SECRET}"').replace(
        "run: [ops, grc]", 'run: ["${OPS_SECRET}"]'
    )
    problems = problems_of(text)
    assert [problem.split(": ", 1)[1] for problem in problems] == [
        "the value of ${OPS_SECRET} is not accepted here"
    ] * 2
    assert "secret-in-the-environment" not in "".join(problems)
