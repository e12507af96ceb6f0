"""What docs/guide/capture.md says of paths and limits is what the code does."""

import re
from datetime import timedelta

import pytest

from service.captures.redacting import MOST_BODY
from service.captures.secrecy import smells
from service.cli.capture import capture
from service.fusioo.webhooks import parse_delivery
from service.pipeline.retention import SMALL_AGES
from service.transport.bodies import NoRecordIdError
from service.transport.id_path import IdPath
from service.web.body import BodyLimits
from tests.fixtures.source import ROOT

PAGE = (ROOT / "docs" / "guide" / "capture.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")
ROWS = [row.strip("|").split("|") for row in re.findall(r"^\| `[\[{\"].*\|$", PAGE, re.MULTILINE)]
EXAMPLES = [(body, CODE.findall(path)[0]) for bodies, path in ROWS for body in CODE.findall(bodies)]


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize(("body", "path"), EXAMPLES)
def test_each_path_finds_the_ids_of_its_body(body: str, path: str) -> None:
    with pytest.raises(NoRecordIdError):
        parse_delivery(body.encode())
    ids = parse_delivery(body.encode(), IdPath(path))
    assert ids == re.findall(r'"(i[0-9a-z]{4,}|16)"', body)


def test_its_limits_are_those_of_the_code() -> None:
    defaults = capture.__kwdefaults__ or {}
    assert (defaults["requests"], defaults["lasts"]) == (100, timedelta(hours=1))
    assert "lets in 100 requests within an hour" in PAGE
    assert (BodyLimits().bytes, MOST_BODY) == (2**20, 64 * 1024)
    assert "up to 1 MiB" in PAGE
    assert "64 KiB of a body are kept, for a day" in PAGE
    assert SMALL_AGES["captures"] == timedelta(days=1)


def test_its_names_of_secrets_smell() -> None:
    named = CODE.findall(PAGE.partition("a name that smells of a secret (")[2].partition(")")[0])
    assert len(named) > 3
    assert all(map(smells, named))
