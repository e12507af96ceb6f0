"""What the receiver reads of relay.yaml: nothing else in it can stop the receiver."""

import pytest

from service.errors import ConfigurationError
from service.rules.document import read_document
from service.rules.secret_headers import secret_headers

FILE = """
version: 1
accounts:
  main: {provider: fusioo, token: "${NOT_SET}", secret_header: X-Own}
  other: {provider: fusioo, token: "${NOT_SET}"}
  third: {secret_header: "${HEADER}"}
rules: {wrong: [1, 2]}
"""


def test_headers_are_read_whatever_else_is_wrong_or_missing() -> None:
    assert secret_headers(read_document(FILE, "relay.yaml"), {"HEADER": "X-Third"}) == {
        "main": "X-Own",
        "third": "X-Third",
    }


@pytest.mark.parametrize(
    "text", ["", "[]", "accounts:", "accounts: [1]", "accounts: {main: 3}", "a: [unclosed"]
)
def test_a_file_without_headers_gives_none(text: str) -> None:
    assert secret_headers(read_document(text, "relay.yaml"), {}) == {}


@pytest.mark.parametrize("header", ['"${HEADER}"', "3", '"a b"', '""', "[x]", "Ünicode"])
def test_a_header_that_cannot_be_used_is_an_error_with_its_place(header: str) -> None:
    document = read_document(f"accounts: {{main: {{secret_header:   {header}}}}}", "relay.yaml")
    with pytest.raises(ConfigurationError, match=r"^relay\.yaml:1:36: "):
        secret_headers(document, {})
