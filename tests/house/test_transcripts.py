"""The reader of our pages takes samples for what they are, and is not content with less than is shown."""

import pytest

from tests.fixtures.pages import Block
from tests.fixtures.source import ROOT
from tests.fixtures.transcripts import Samples, Step, steps_of

RUN = "01a202a3-7057-720b-b1eb-cfe765be112a"
OTHER_RUN = "01b7c0de-0000-7000-8000-000000000002"
RECORD = f"i{'a' * 31}0"
OTHER_RECORD = f"i{'b' * 31}1"


def _block(language: str, text: str) -> Block:
    return Block(ROOT / "README.md", 1, language, {}, text)


def _found(expected: str, output: str, *, whole: bool = True) -> bool:
    return Samples({}).find(tuple(expected.splitlines()), output, whole=whole) is not None


def test_a_console_has_commands_and_what_is_seen() -> None:
    text = "before\n\n$ relay up\none\ntwo\n^C\nEnding …\n$ curl \\\n> http://here\n"
    assert steps_of(_block("console", text)) == (
        Step(None, ("before", "")),
        Step("relay up", ("one", "two"), ("Ending …",)),
        Step("curl \\\nhttp://here", ()),
    )


def test_a_shell_block_has_commands_alone() -> None:
    text = "# first\nmake up   # ends with Ctrl-C\n\nls \\\n  -l\n"
    assert steps_of(_block("sh", text)) == (
        Step("make up   # ends with Ctrl-C", (), ()),
        Step("ls \\\n  -l", ()),
    )


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("at 09:43:15 it was\n2026-11-22 05:00:00", "at 23:59:59 it was\n2031-01-01 00:00:00\n"),
        ("ID  NAME\n1  a", "ID        NAME  \n1         a\n"),
        ("one\n...\nfour", "one\ntwo\nthree\nfour\n"),
        ("one\n...\nfour", "one\nfour\n"),
        ("a v2  b   runs: c ok", "a v2  b   runs: c ok\n"),
        ("a v2  b   runs: c ok", "a v2  b   runs: c under way\na v2   runs: c ok\n"),
        ("failed (...), again", "failed (Error: a (b)), again\n"),
        (f"{RUN} is\n{RUN}", f"{OTHER_RUN} is\n{OTHER_RUN}\n"),
    ],
)
def test_what_differs_from_run_to_run_is_no_difference(expected: str, output: str) -> None:
    assert _found(expected, output)


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("one", "one\ntwo\n"),
        ("one", "none\n"),
        ("a v2  b   runs: c ok", "a v2  d   runs: c ok\n"),
        ("a v2  b   runs: c ok", "a v2  b   runs: c dead\n"),
        ("one\n...", "two\none\n"),
        ("a (b)", "a b\n"),
        ("status  dead", "status  done\n"),
        ("at 09:43:15", "at noon\n"),
        ("(...) two", "(one)\ntwo\n"),
        (f"{RUN} is\n{RUN}", f"{OTHER_RUN} is\n{RUN}\n"),
        (f"{RECORD} is {RECORD}", f"{RECORD} is {OTHER_RECORD}\n"),
    ],
)
def test_what_is_not_shown_is_a_difference(expected: str, output: str) -> None:
    assert not _found(expected, output)


def test_what_runs_on_may_say_more_but_only_in_whole_lines() -> None:
    assert _found("two", "one\ntwo\nthree\n", whole=False)
    assert not _found("two", "one\nand two\nthree\n", whole=False)
    assert not _found("two", "one\ntwo", whole=False), "this line may not be at its end"


def test_an_id_that_was_seen_stands_for_that_of_the_run() -> None:
    samples = Samples({"127.0.0.1:8000": "127.0.0.1:40123"})
    assert samples.find((f"run {RUN} of {RECORD}",), f"run {OTHER_RUN} of {OTHER_RECORD}\n", whole=True)
    assert samples.real(f"curl 127.0.0.1:8000/{RUN}") == f"curl 127.0.0.1:40123/{OTHER_RUN}"
    assert samples.find((f"{RECORD[:6]}… {RUN}",), f"{OTHER_RECORD[:6]}… {OTHER_RUN}\n", whole=True)
    assert samples.find((f"{RECORD[:6]}…",), "icccccc… \n", whole=True) is None
    assert samples.find((RUN,), f"{RUN}\n", whole=True) is None, "it stands for another one"


def test_an_id_that_was_never_seen_can_not_be_used() -> None:
    with pytest.raises(AssertionError, match="was in no output before"):
        Samples({}).real(f"relay runs show {RUN}")
