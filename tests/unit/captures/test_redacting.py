"""What may be secret in a request is not kept, whatever the request looks like."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.captures.redacting import MOST_BODY, Redaction
from service.captures.secrecy import shape_of, smells

SECRET = "s3s4me-0pen/N0W+"
NAMES = [
    "secret", "client_secret", "clientSecret", "X-Fusioo-Secret", "token", "accessToken", "password",
    "passwd", "signature", "Authorization", "apiKey", "api_key", "APIKey", "key", "keys", "credentials",
    "set-cookie", "auth", "hmac", "sig", "pwd", "session", "oauth", "authkey", "sessionid", "pass",
]  # fmt: skip
PLAIN = [
    "id",
    "record_id",
    "title",
    "author",
    "status",
    "sessions",
    "created_by",
    "notes",
    "company",
]
JSON_HEADERS = [(b"content-type", b"application/json")]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_secrets_smell(name: str) -> None:
    assert smells(name)


@pytest.mark.parametrize("name", PLAIN)
def test_usual_names_do_not(name: str) -> None:
    assert not smells(name)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("a", "1 character, hexadecimal"),
        ("0123", "4 characters, digits"),
        ("0a" * 16, "32 characters, hexadecimal"),
        ("xyz1", "4 characters, letters and digits"),
        ("Zm9v+/==", "8 characters, like base64"),
        ("Bearer x", "8 characters"),
    ],
)
def test_a_shape_tells_length_and_alphabet(value: str, shape: str) -> None:
    assert shape_of(value) == shape


def test_headers_are_shown_only_if_they_are_known_to_be_harmless() -> None:
    sent = [
        (b"host", b"relay.example"),
        (b"content-type", b"application/json"),
        (b"user-agent", f"Fusioo ({SECRET}) Bearer abcdefgh".encode()),
        (b"x-fusioo-secret", SECRET.encode()),
        (b"x-anything", b"\xffvalue"),
    ]
    shown = Redaction(sent).headers
    assert [(each["name"], each["value"], each["shape"]) for each in shown] == [
        ("host", "relay.example", None),
        ("content-type", "application/json", None),
        ("user-agent", "Fusioo ([redacted]) Bearer [redacted]", None),
        ("x-fusioo-secret", None, "16 characters, like base64"),
        ("x-anything", None, "6 characters"),
    ]


def test_a_body_without_secrets_is_kept_byte_for_byte() -> None:
    body = b'{ "id": "i59adb",  "price": 1.50, "price": 2e3, "title": "\xc3\xa4" }\n'
    assert Redaction(JSON_HEADERS).body(body) == body


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [SECRET, [SECRET], {"inner": SECRET}, 1234567890123])
def test_values_under_names_of_secrets_are_blotted_out_of_json(name: str, value: Any) -> None:
    body = json.dumps({"id": "i59adb", "data": [{name: value, "title": "Ä"}]}).encode()
    kept = Redaction(JSON_HEADERS).body(body)
    tree = json.loads(kept)
    assert (tree["id"], tree["data"][0]["title"]) == ("i59adb", "Ä")
    assert tree["data"][0][name].startswith("[redacted")
    assert SECRET.encode() not in kept
    assert b"1234567890123" not in kept


@pytest.mark.parametrize(
    "body",
    [
        f'{{"secret": "{SECRET}", "secret": null}}',
        f'{{"a": {{"secret": "{SECRET}"}}, "a": 1}}',
        f'{{"id": "i5", "secret": "{SECRET}"',
        f"id=i5 secret={SECRET}",
        f"<record><id>i5</id><secret>{SECRET}</secret></record>",
        f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{SECRET}\r\n--x--',
        f'"https://user:{SECRET}@host.example/"'.replace("+", "").replace("/N", "N"),
        f'{{"url": "https:\\/\\/user:{SECRET.replace("/", "")}@host.example"}}',
        f'{{"header": "Bearer {SECRET}"}}',
        f'{{"Bearer {SECRET}": 1}}',
    ],
)
def test_secrets_are_not_kept_in_any_other_form(body: str) -> None:
    for headers in (JSON_HEADERS, [(b"content-type", b"text/plain")]):
        kept = Redaction(headers).body(body.encode())
        assert b"s3s4me" not in kept, kept


def test_a_text_of_no_known_form_is_kept_up_to_the_first_suspicious_word() -> None:
    kept = Redaction(JSON_HEADERS).body(f'{{"id": "i5", "secret": "{SECRET}"'.encode())
    assert kept == b'{"id": "i5", "secret[the rest is not kept: it may hold a secret]'
    assert Redaction([]).body(b"id=i5 title=\xffA") == b"id=i5 title=\xffA"


def test_a_text_that_no_other_encoding_hides() -> None:
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        kept = Redaction(JSON_HEADERS).body(json.dumps({"secret": SECRET}).encode(encoding))
        assert kept == b"[not kept: it may hold a secret]"
    packed = Redaction([(b"content-encoding", b"gzip")]).body(b"\x1f\x8b packed")
    assert packed == b"[not kept: it is encoded (gzip), so a secret would not be seen]"


def test_what_a_secret_header_brought_is_not_kept_elsewhere_either() -> None:
    redaction = Redaction([*JSON_HEADERS, (b"authorization", f"Custom {SECRET}".encode())])
    kept = redaction.body(json.dumps({"echo": f"<{SECRET}>", "id": "i5"}).encode())
    assert json.loads(kept) == {"echo": "<[redacted]>", "id": "i5"}
    assert redaction.query(f"echo={SECRET}&id=i5".encode()) == "echo=[redacted]&id=i5"


@pytest.mark.parametrize("name", NAMES)
def test_queries_and_forms_lose_their_secrets_alone(name: str) -> None:
    query = urlencode({"id": "i5", name: SECRET, "title": "a b"})
    expected = f"id=i5&{urlencode({name: ''})}[redacted]&title=a+b"
    assert Redaction([]).query(query.encode()) == expected
    form = Redaction([(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")])
    assert form.body(query.encode()).decode() == expected


def test_a_query_that_is_no_pair_may_be_a_secret() -> None:
    assert Redaction([]).query(f"{SECRET}&id=1".encode()) == "[redacted]&id=1"
    assert Redaction([]).query(b"") == ""


def test_a_large_body_is_clipped_and_says_so() -> None:
    body = json.dumps({"id": "i5", "text": "x" * MOST_BODY}).encode()
    kept = Redaction(JSON_HEADERS).body(body)
    assert kept == body[:MOST_BODY] + f"\n[clipped: {len(body)} bytes in all]".encode()


@given(st.binary(), st.lists(st.tuples(st.sampled_from([b"content-type", b"x-a", b"secret"]), st.binary())))
def test_anything_can_be_kept(body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    redaction = Redaction(headers)
    assert len(redaction.body(body)) <= MOST_BODY + 100
    text = redaction.query(body) + json.dumps(redaction.headers)
    assert "\0" not in text


@given(
    st.recursive(
        st.none() | st.integers() | st.just(SECRET) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*NAMES, *PLAIN]), inner),
        max_leaves=20,
    )
)
def test_no_value_under_such_a_name_survives(tree: Any) -> None:
    kept = json.loads(Redaction(JSON_HEADERS).body(json.dumps({"tree": tree}).encode()))

    def look(value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                assert not smells(name) or inner in {None, ""} or str(inner).startswith("[redacted")
                look(inner)
        for inner in value if isinstance(value, list) else []:
            look(inner)

    look(kept)
