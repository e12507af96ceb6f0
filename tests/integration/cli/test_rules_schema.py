"""`relay rules schema`: what it prints is what it writes, and is JSON."""

import json
from pathlib import Path

from tests.fixtures.command import Relay
from tests.fixtures.json_schema import complaints


def test_it_is_printed_or_written(relay: Relay, tmp_path: Path) -> None:
    file = tmp_path / "relay.schema.json"
    printed = relay("rules", "schema")
    written = relay("rules", "schema", "--output", str(file))
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert printed.stdout == file.read_text("utf-8")
    assert f"# yaml-language-server: $schema={file}" in written.stdout
    schema = json.loads(printed.stdout)
    right = {"version": 1, "accounts": {"main": {"provider": "fusioo", "token": "${FUSIOO_TOKEN}"}}}
    assert list(complaints(right, schema, schema)) == []
    assert list(complaints({**right, "rule": []}, schema, schema)) == [": rule is not known"]


def test_a_file_that_cannot_be_written_is_named(relay: Relay, tmp_path: Path) -> None:
    result = relay("rules", "schema", "--output", str(tmp_path))
    assert result.exit_code == 1
    assert f"{tmp_path}: can't be written: Is a directory (name another file)" in result.output
