"""A secret in `relay.yaml` itself is a mistake with its place, and is never repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.loader import parse
from service.rules.written_secrets import check_secrets
from tests.fixtures.relay_yaml import HEAD, problems_of

ENV = {"T": "t", "TOKEN": "token-in-the-environment"}
ACCOUNT = "version: 1\naccounts:\n  main: "


def _account(options: str) -> str:
    return f"{ACCOUNT}{{provider: fusioo, {options}}}\n"


def _handler(options: str) -> str:
    return HEAD.replace("{log: {}}", f"{{http: {{{options}}}}}") + "  []\n"


@pytest.mark.parametrize(
    ("text", "value", "what", "variable"),
    [
        (_account("token: s3cret"), "s3cret", "`token`", "${MAIN_TOKEN}"),
        (_account("token: 4711"), "4711", "`token`", "${MAIN_TOKEN}"),
        (_account("oauth: {client_secret: s3cret}"), "s3cret", "`client_secret`", "${MAIN_CLIENT_SECRET}"),
        (_handler("url: https://a.example, secret: s3cret"), "s3cret", "`secret`", "${OPS_SECRET}"),
        (_handler("headers: {Authorization: s3cret}"), "s3cret", "the header Authorization", "${OPS_AUTHOR"),
        (_handler("headers: {X-Api-Key: s3cret}"), "s3cret", "the header X-Api-Key", "${OPS_X_API_KEY}"),
        (_handler("auth: {bearer: s3cret}"), "s3cret", "`bearer`", "${OPS_BEARER}"),
        (_handler("auth: {basic: {password: s3cret}}"), "s3cret", "`password`", "${OPS_PASSWORD}"),
        (_handler("url: pg://me:s3cret@db/x"), "pg://", "the address's password", "${OPS_URL}"),
        (
            _account("base_url: http://u:s3cret@h/v3"),
            "http://u",
            "the address's password",
            "${MAIN_BASE_URL}",
        ),
    ],
)
def test_a_secret_that_is_written_out_is_found(text: str, value: str, what: str, variable: str) -> None:
    (found,) = [problem for problem in problems_of(text, ENV) if "written out" in problem]
    before = text[: text.index(value)]
    place = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    assert found.startswith(f"relay.yaml:{place}: {what} is written out")
    assert variable in found
    assert "s3cret" not in "\n".join(problems_of(text, ENV))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_account('token: "$${s3cret"'), "`token` is written out"),
        (_account('oauth: "$${s3cret"'), "`oauth` should be a mapping"),
        (_account('token: "${T}", base_url: "x://me:s3cret@${T}"'), "the address's password is written out"),
        (_account('token: "${T}", base_url: "x://me:s3cret@${T}"'), "the value of ${T} is not accepted"),
        (_handler('secret: "${s3cret!}"'), "a `${` here names no variable"),
        (_account("token: !s3cret "), "tags are not allowed here"),
        (_account("token: !!s3cret "), "tags are not allowed here"),
        (_account("token: !s3cret []"), "tags are not allowed here"),
        (_account("token: !s3cret!x "), "found undefined tag handle"),
        (_account("token: *s3cret"), "found undefined alias"),
    ],
)
def test_no_problem_repeats_what_may_be_a_secret(text: str, told: str) -> None:
    problems = "\n".join(problems_of(text, ENV))
    assert told in problems
    assert "s3cret" not in problems


@pytest.mark.parametrize(
    "text",
    [
        _account('token: "${TOKEN}"'),
        _account('token: "key-${TOKEN}"'),
        _account('token: "${TOKEN}", secret_header: X-Secret, base_url: "http://me:${TOKEN}@h/v3"'),
        _handler(
            'url: https://a.example, secret: "${TOKEN}", headers: {Authorization: "Bearer ${T}", X-Of: us}'
        ),
        HEAD.replace("{log: {}}", "{fusioo.update: {account: main, fields: {token: [used], password: x}}}")
        + "  []\n",
        _handler('url: "https://a.example:8080/x?mail=a@b.example"'),
    ],
)
def test_a_variable_and_the_users_own_words_are_none(text: str) -> None:
    assert parse(text, "relay.yaml", ENV).accounts


_Values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["token", "http", "headers", "a"]), inner)
    ),
)


@given(st.dictionaries(st.sampled_from(["accounts", "handlers", "rules"]), _Values) | _Values)
def test_no_tree_makes_it_fail(tree: object) -> None:
    assert all(finding.path[0] in {"accounts", "handlers"} for finding in check_secrets(tree))
