"""Texts that are no YAML, and rules of the wrong shape: what a person reads, and at which place."""

import pytest

from tests.fixtures.relay_yaml import HEAD, problems_of

RULE = "  - name: r\n    account: main\n    app: a\n    run: [ops]\n"
"""Lines 5 to 8; what a test adds begins in line 9."""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "    when:\n\t  status: {equal: Done}\n",
            "10:1: a tab stands here, and YAML is indented with blanks only",
        ),
        ("    changed:\t[status]\n", "9:13: a tab stands here"),
        (
            "    unchanged: true\n     on: [create]\n",
            "10:8: this line is indented further than the one above it, and nothing",
        ),
        ("   on: [create]\n", "9:4: this line begins in another column than those it belongs to"),
        (" - name: s\n   account: main\n", "9:2: this line begins in another column"),
        ("    when: {title: {equal: a: b}}\n", "9:28: before this, a comma is missing, or the `}`"),
        (
            "    when: title: {equal: a}\n",
            "9:16: a second colon with a blank behind it stands in this line (put the",
        ),
        ("    changed [status]\n", "9:5: a key has no colon behind it (write it like key: value)"),
        (
            "    when: {status:{equal: Done}}\n",
            "9:19: before this, a comma is missing, or the `}` that closes line 9 (write a",
        ),
        (
            "    when: {title: {equal: 'it's}}\n",
            "9:31: before this, a comma is missing, or the `}` that closes line 9 (a text",
        ),
        (
            "    on: [create\n    changed: [status]\n",
            "10:12: before this, a comma is missing, or the `]` that closes line 9",
        ),
        (
            "    when: {title: {equal: @home}}\n",
            "9:27: a text can't begin with this sign (put the text in quotes)",
        ),
        (
            "    when: {title: {equal: ${TITLE}}}\n",
            "9:28: before this, a comma is missing, or the `}` that closes line 9 (put ${…}",
        ),
        ("    when: {status: Done}\n", "9:20: `status` needs a condition (write one, like {equal: VALUE} or"),
        ("    when: {not: {status: [Done]}}\n", "9:26: `status` needs a condition"),
        ("    when: {status: {is: Done}}\n", "9:21: there is no condition `is` (did you mean `equal`?)"),
        (
            "    when: {status: {In: [Done]}}\n",
            "9:21: there is no condition `In` (did you mean `contains_any`?)",
        ),
        (
            "    when: {status: {xyz: Done}}\n",
            "9:21: there is no condition `xyz` (known: contains, contains_all,",
        ),
        (
            "    when: {any: {status: {equal: Done}}}\n",
            "9:17: `any` should be a list of conditions (put a dash",
        ),
        (
            "    priority: {equal: High}\n",
            "9:5: unknown key `priority` (known: account, app, changed, expand",
        ),
        (
            "    changed: [{status: {from: To do}}]\n",
            "9:15: a list names fields only (for how one changed write",
        ),
        ("    changed: {status: Done}\n", "9:23: `status` needs to say how it changed (write {to: VALUE}"),
        (
            "    changed: {from: To do}\n",
            "9:21: `from` has no field (write the field before it: changed: {FIELD: {from",
        ),
    ],
)
def test_a_mistake_is_said_in_plain_words(lines: str, expected: str) -> None:
    (problem,) = problems_of(HEAD + RULE + lines)
    assert problem.startswith(f"relay.yaml:{expected}"), problem


def test_nothing_of_the_text_is_repeated() -> None:
    for secret in ("@s3cret", "%s3cret", "*s3cret", "'s3cret", "{s3cret", "!s3cret x", "&s3cret &a x"):
        text = HEAD.replace('"${T}"', secret) + RULE
        assert "s3cret" not in "".join(problems_of(text)), secret


def test_a_field_below_when_without_indentation_is_led_there() -> None:
    (problem,) = problems_of(f"{HEAD}{RULE}    when:\n    priority: {{equal: High}}\n")
    assert problem.endswith("if it is a field, it goes under `when`, indented further than that)")
