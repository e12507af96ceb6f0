"""The schema for editors: it lets through what the relay takes, and marks what the file alone shows."""

from typing import Any

import pytest
from pydantic import BaseModel

from service.handlers.registry import KINDS
from service.rules.document import read_document
from service.rules.editor_schema import editor_schema
from tests.fixtures.fragments import SECTIONS, whole
from tests.fixtures.json_schema import complaints
from tests.fixtures.pages import Block, all_blocks
from tests.fixtures.relay_yaml import FULL, HEAD
from tests.fixtures.schema import filled, sections
from tests.fixtures.source import ROOT

SCHEMA = editor_schema({name: kind.options for name, kind in KINDS.items()})
RULE = "- {name: r, account: main, app: a, run: [ops]"


def complaints_about(text: str) -> list[str]:
    return list(complaints(read_document(text, "relay.yaml").tree, SCHEMA, SCHEMA))


def right_blocks() -> list[Block]:
    """The configurations of our pages, and the pieces of one, that the relay takes."""
    return [
        block
        for block in all_blocks("yaml")
        if "mistake" not in block.attributes
        and (block.file in {None, "relay.yaml"} or "fragment" in block.attributes)
    ]


@pytest.mark.parametrize("block", right_blocks(), ids=str)
def test_what_our_pages_show_is_right(block: Block) -> None:
    section = block.attributes.get("fragment")
    assert section is None or section in SECTIONS
    assert complaints_about(whole(block.text, section) if section else block.text) == []


def test_the_examples_blocks_are_there() -> None:
    assert len(right_blocks()) > 10


def test_the_whole_format_is_right() -> None:
    assert (
        complaints_about(
            FULL.replace("{onspring.upsert: {account: grc, app: 195, key:", "{http: {url: x, body:")
        )
        == []
    )
    assert complaints_about((ROOT / "service/dev/example/relay.yaml").read_text()) == []


@pytest.mark.parametrize(
    ("section", "key", "example"),
    [
        pytest.param(section, field.alias or name, example, id=f"{section.__name__}.{field.alias or name}")
        for section in sections()
        for name, field in section.model_fields.items()
        for example in field.examples or ()
    ],
)
def test_every_example_of_a_key_is_right(section: type[BaseModel], key: str, example: Any) -> None:
    definition = SCHEMA if section.__name__ == "RelayFile" else SCHEMA["$defs"][section.__name__]
    assert list(complaints(_plain(filled(section, key, example)), definition, SCHEMA)) == []


@pytest.mark.parametrize(
    "lines",
    [
        "  []",
        RULE + ", on: [create], changed: status}",
        RULE + ", changed: {status: set, due: {from: null}}, expand: [client.owner]}",
        RULE + ", when: {any: [{a: {equal: 1}}, {change: {kind: create}}], not: {b: {has_no_value: true}}}}",
        RULE + ', unchanged: "${UNCHANGED}"}',
        "\nalarms:\nretention:\nhandlers: {ops: {log: , timeout: 1m30s, retry: []}}",
        "\nhandlers: {ops: {python: my.function}, b: {python: {function: my.function}}}",
        '\nhandlers: {ops: {log: {}, concurrency: "${MANY}", breaker: false, rate: 10/s}}',
        "\nhandlers: {m: {postgres: {table: tasks, columns: {cost: numeric, b: {type: text, field: c}}}}}",
    ],
)
def test_what_works_is_not_marked(lines: str) -> None:
    head = HEAD.replace("handlers: {ops: {log: {}}}\n", "") if "handlers" in lines else HEAD
    assert complaints_about(head + lines) == []


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (RULE + ", wen: {}}", "wen is not known"),
        ("- {name: r, account: main, run: [ops]}", "app is missing"),
        ("- {name: R, account: main, app: a, run: [ops]}", "'R' does not fit"),
        ("- {name: r, account: main, app: a, run: []}", "[] does not fit 1"),
        ("- {name: r, account: main, app: true, run: [ops]}", "True is no"),
        (RULE + ", on: [crate]}", "'crate' does not fit"),
        (RULE + ", when: {due: {les_than: 5}}}", "les_than is not known"),
        (RULE + ", when: {due: {within_next: soon}}}", "'soon' is no integer"),
        (RULE + ", when: {approved: {is_today: yes}}}", "'yes' is no boolean"),
        (RULE + ", when: {status: Done}}", "'Done' is no object"),
        (RULE + ", when: {due: {greater_than: {a: 1}}}}", "{'a': 1} is no"),
        (RULE + ", when: {any: []}}", "[] does not fit 1"),
        (RULE + ", when: {change: {origin: [mail]}}}", "'mail' does not fit"),
        (RULE + ", changed: {status: {form: x}}}", "0 choices fit"),
        ("  []\nhandlers: {ops: {htpp: {}}}", "htpp is not known"),
        ("  []\nhandlers: {ops: {}}", "0 choices fit"),
        ("  []\nhandlers: {ops: {log: {}, python: a.b}}", "2 choices fit"),
        ("  []\nhandlers: {ops: {http: {}}}", "url is missing"),
        ("  []\nhandlers: {ops: {log: {}, timeout: 5}}", "5 is no string"),
        ("  []\nhandlers: {ops: {log: {}, timeout: soon}}", "'soon' does not fit"),
        ("  []\nhandlers: {Ops: {log: {}}}", "Ops is not known"),
        ("  []\nretention: {changes: 5 weeks}", "'5 weeks' does not fit"),
        ("  []\naccounts: {main: {provider: fusio, token: t}}", "'fusio' does not fit"),
        ("  []\naccounts: {main: {provider: fusioo, budget: {reserve: 10}}}", "10 is no string"),
        ("  []\nruels: []", "ruels is not known"),
    ],
)
def test_a_mistake_is_marked(lines: str, complaint: str) -> None:
    section = lines.partition("\n")[2].partition(":")[0]
    kept = [line for line in HEAD.splitlines(keepends=True) if not section or not line.startswith(section)]
    found = complaints_about("".join(kept) + lines)
    assert found
    assert complaint in " ".join(found)


def test_it_refers_to_nothing_that_is_not_there() -> None:
    def references(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
            return own.union(*map(references, schema.values()))
        return set().union(*map(references, schema)) if isinstance(schema, list) else set()

    assert references(SCHEMA) == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def _plain(value: Any) -> Any:
    """What YAML would give: lists for tuples."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
