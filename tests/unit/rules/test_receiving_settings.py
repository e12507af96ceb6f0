"""What the receiver reads of relay.yaml: nothing else in it can stop the receiver."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ConfigurationError
from service.rules.account import ID_PATH
from service.rules.document import read_document
from service.rules.receiving import id_paths, secret_headers
from service.transport.id_path import IdPath

FILE = """
version: 1
accounts:
  main: {provider: fusioo, token: "${NOT_SET}", secret_header: X-Own}
  other: {provider: fusioo, token: "${NOT_SET}"}
  third: {secret_header: "${HEADER}", id_path: "[].payload.key"}
rules: {wrong: [1, 2]}
"""


def test_headers_are_read_whatever_else_is_wrong_or_missing() -> None:
    assert secret_headers(read_document(FILE, "relay.yaml"), {"HEADER": "X-Third"}) == {
        "main": "X-Own",
        "third": "X-Third",
    }


def test_paths_are_read_whatever_else_is_wrong_or_missing() -> None:
    assert id_paths(read_document(FILE, "relay.yaml"), {}) == {"third": "[].payload.key"}


@pytest.mark.parametrize(
    "text", ["", "[]", "accounts:", "accounts: [1]", "accounts: {main: 3}", "a: [unclosed"]
)
def test_a_file_without_settings_gives_none(text: str) -> None:
    assert secret_headers(read_document(text, "relay.yaml"), {}) == {}
    assert id_paths(read_document(text, "relay.yaml"), {}) == {}


@pytest.mark.parametrize("header", ['"${HEADER}"', "3", '"a b"', '""', "[x]", "Ünicode"])
def test_a_header_that_cannot_be_used_is_an_error_with_its_place(header: str) -> None:
    document = read_document(f"accounts: {{main: {{secret_header:   {header}}}}}", "relay.yaml")
    with pytest.raises(ConfigurationError, match=r"^relay\.yaml:1:36: "):
        secret_headers(document, {})


@pytest.mark.parametrize("path", ["3", '""', "a..b", ".a", '"a[0]"', "[x]", '"${NOT_SET}"'])
def test_a_path_that_cannot_be_used_is_an_error_with_its_place(path: str) -> None:
    document = read_document(f"accounts: {{main: {{id_path:   {path}}}}}", "relay.yaml")
    with pytest.raises(ConfigurationError, match=r"^relay\.yaml:1:30: "):
        id_paths(document, {})


@given(st.text(alphabet="ab.[]", max_size=8))
def test_the_file_and_the_receiver_take_the_same_paths(path: str) -> None:
    try:
        IdPath(path)
    except ValueError:
        assert not re.fullmatch(ID_PATH, path)
    else:
        assert re.fullmatch(ID_PATH, path)
