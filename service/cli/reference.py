"""The pages under docs/reference/, written from the code: `python -m service.cli.reference`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from service.cli.main import app
from service.dev.reference.api_page import render_api
from service.dev.reference.markdown import code, table
from service.dev.reference.relay_yaml_page import render_relay_yaml
from service.dev.reference.settings_page import render_settings
from service.dev.reference.simulator_page import render_simulator

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"

_HEAD = """\
# Commands

`relay COMMAND --help` says what stands here. `relay --debug COMMAND` shows tracebacks, and logs everything.

Without `DATABASE_URL` a command works on the `relay up` that runs on this machine. `--json` prints an array
of objects, or one object where there is only one. Times are in UTC.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed: one line on standard error says what is wrong, where, and what to do |
| 2 | wrong use: an unknown command or option, or a value that does not fit |

This page is generated: `make docs` writes it from the commands themselves.
"""


def pages() -> Mapping[Path, str]:
    """Give every page of the reference that is written from code, by its path."""
    return {
        REFERENCE / "configuration.md": render_settings(),
        REFERENCE / "relay-yaml.md": render_relay_yaml(),
        REFERENCE / "commands.md": render_commands(),
        REFERENCE / "simulator.md": render_simulator(),
        REFERENCE / "api.md": render_api(),
    }


def render_commands() -> str:
    """Write the page of commands as Markdown."""
    group = get_command(app)
    return _HEAD + "".join(_describe(context) for context in walk(typer.Context(group, info_name="relay")))


def walk(above: typer.Context) -> Iterator[typer.Context]:
    """Give a context for each command below a group, in the order of their help."""
    for name, command in getattr(above.command, "commands", {}).items():
        context = typer.Context(command, info_name=name, parent=above)
        if getattr(command, "commands", None):
            if command.invoke_without_command:
                yield context
            yield from walk(context)
        else:
            yield context


def example_of(context: typer.Context) -> str:
    """Give the line that a command's help has as an example, or nothing."""
    first = (context.command.epilog or "").partition("\n\n")[0]
    return first.removeprefix("Example: ") if first.startswith("Example: ") else ""


def _describe(context: typer.Context) -> str:
    command = context.command
    paragraphs = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    paragraphs += (command.epilog or "").split("\n\n")[1:]
    if example := example_of(context):
        paragraphs.append(f"Example: {code(example)}")
    rows = [(code(names), meaning) for names, meaning in _parameters(command.params, context)]
    told = table(("argument or option", "meaning"), rows) if rows else ""
    return "\n\n".join([f"\n## {context.command_path}", *paragraphs, told]).rstrip() + "\n"


def _parameters(parameters: Any, context: typer.Context) -> Iterator[tuple[str, str]]:
    for parameter in parameters:
        record = parameter.get_help_record(context)
        if record is not None:
            yield record


def main() -> None:
    """Write the pages into the source tree."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
