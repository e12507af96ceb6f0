"""A captured request as people read it: what came, how it is read, and what to do then."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from service.cli.output import when

if TYPE_CHECKING:
    from service.captures.listing import CapturedView
    from service.captures.proposing import Proposal

_WIDTH = 16
_MOST_BODY = 2000  # characters; --json shows all that is kept


def describe(request: "CapturedView", number: int, account: str) -> str:
    """Tell of one request: its parts, how it is read, and what is proposed for the account."""
    from service.captures.proposing import propose

    proposal = propose(request.reading, account)
    return "\n".join([_title(request, number), *_parts(request), *_advice(account, proposal)])


def _title(request: "CapturedView", number: int) -> str:
    query = f" ?{request.query}" if request.query else ""
    return f"#{number}  {when(request.received_at)}  {request.method}{query}, {request.length} bytes"


def _parts(request: "CapturedView") -> Iterator[str]:
    for header in request.headers:
        hidden = header["value"] is None
        yield _line(str(header["name"]), f"hidden: {header['shape']}" if hidden else str(header["value"]))
    more = " ... (--json shows more)" if len(request.body) > _MOST_BODY else ""
    yield _line("body", request.body[:_MOST_BODY] + more)
    yield _line("read as", "\n".join(_records(request.reading)))
    yield _line("kind", _kind(request.reading))
    yield _line("secret", _secret(request.reading["secret_headers"]))


def _records(reading: Mapping[str, Any]) -> Iterator[str]:
    count, path, ids = reading["records"], reading["id_path"], reading["ids"]
    if reading["problem"]:
        yield f"refused: {reading['problem']}"
    if count:
        counted = "1 record" if count == 1 else f"{count} records"
        array = " of an array" if reading["is_array"] else ""
        counts = ids[:1] if path is None else [each for each in ids if each["path"] == path]
        yield f"{counted}{array}: {_at(counts)}" + ("" if path is None else " (with the settings below)")


def _kind(reading: Mapping[str, Any]) -> str:
    told = f" ({_at(reading['kinds'])})" if reading["kinds"] else ""
    if reading["kind"]:
        return f"{reading['kind']}{told}"
    return f"not told{told}; the relay finds it out by comparing"


def _secret(suspects: Sequence[str]) -> str:
    if not suspects:
        return "no header looks like one; a webhook without its secret is refused"
    return ", ".join(suspects) + ("; the likeliest is the first" if len(suspects) > 1 else "")


def _advice(account: str, proposal: "Proposal") -> Iterator[str]:
    if proposal.settings:
        lines = ["accounts:", f"  {account}:"]
        lines += [f"    {name}: {_in_yaml(value)}" for name, value in proposal.settings.items()]
        yield _line("settings", "\n".join(lines))
    else:
        yield _line("settings", "none needed")
    yield _line("then", proposal.command)


def _line(title: str, text: str) -> str:
    first, *rest = text.split("\n")
    below = [f"  {'':<{_WIDTH}} {each}" for each in rest]
    return "\n".join(each.rstrip() for each in (f"  {title:<{_WIDTH}} {first}", *below))


def _in_yaml(value: str) -> str:
    if value.replace("-", "").replace("_", "").replace(".", "").isalnum() and value[0].isalpha():
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _at(places: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"{each['path']} = {each['value']}" for each in places)
