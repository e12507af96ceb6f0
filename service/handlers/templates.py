"""Templates in handlers' options: compiled when the configuration is loaded, rendered for each change.

A text that is one `{{ expression }}` and nothing else gives the expression's own value; any other text is
rendered to text; in lists and mappings each value is a template, and keys are not. What a record holds is
never read as a template.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from traceback import walk_tb
from types import TracebackType
from typing import Any

from jinja2 import nodes
from jinja2.environment import Template, TemplateExpression

from service.errors import RelayError
from service.handlers.kinds import OptionError
from service.handlers.template_filters import in_text
from service.handlers.template_sandbox import Sandbox, Steps
from service.handlers.template_syntax import (
    COUNTER,
    TemplateMistakeError,
    count_loops,
    fields_in,
    names_in,
    parse,
)
from service.handlers.template_values import CHANGE_NAMES

OUTPUT_AT_MOST = 1024 * 1024
"""Characters that one rendering gives at most, over all its texts; keys and other values count a little."""

_FILE = "<template>"  # how Jinja names a template without a file
_RESULT = "result"
_OTHER_VALUE = 8


class TemplateFailedError(RelayError):
    """A template could not be rendered with this change: the same change would fail the same way."""


@dataclass(frozen=True, slots=True, repr=False)
class Templates:
    """A compiled value, a text, lists or mappings. Its repr shows nothing: texts may be secret."""

    render: Callable[[Mapping[str, Any]], Any]
    """From the values by name (`template_values.values_of`) to JSON. Raises TemplateFailedError."""
    names: frozenset[str]
    """The names that it wants: `record`, `diff`, …; empty: it is the same for every change."""
    fields: frozenset[str]
    """The field ids that it reads from `record` and `diff` by name."""


def compile_templates(
    value: Any,
    *,
    under: tuple[str | int, ...] = (),
    names: Collection[str] = CHANGE_NAMES,
    as_text: bool = False,
    secret: bool = False,
    write: Callable[[Any], Any] = in_text,
) -> Templates:
    """Compile a JSON value whose texts are templates over `names`.

    `under` is its path within the handler's options; `as_text`: a lone expression is rendered to text too;
    `secret`: no error repeats any part of a text; `write` says how a value stands in a text, and fails for
    what is undefined or leaves it as it is. Raises OptionError for the first template that can't be used,
    with its path and, in a text of several lines, its line.
    """
    compiler = _Compiler(Sandbox(write), names, as_text=as_text, secret=secret)
    part = compiler.compile(value, under)

    def render(values: Mapping[str, Any]) -> Any:
        return part(values, _Room())

    return Templates(render, frozenset(compiler.names), frozenset(compiler.fields))


class _Room:
    """Counts what one rendering gives."""

    def __init__(self) -> None:
        self._left = OUTPUT_AT_MOST

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise OverflowError(f"it gives more than {OUTPUT_AT_MOST:,} characters")

    def plain(self, value: Any) -> Any:
        """Give a value as JSON. Raises what using something undefined raises, and TypeError for others."""
        if isinstance(value, str):
            self.take(len(value))
            return str(value)  # a Markup is a text too
        self.take(_OTHER_VALUE)
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            if not isfinite(value):
                raise ValueError("its number is no JSON value")
            return value
        if isinstance(value, Mapping):
            return {self.plain(str(key)): self.plain(item) for key, item in value.items()}
        if isinstance(value, Iterable):  # something undefined says here what it is
            return [self.plain(item) for item in value]
        raise TypeError(f"it gives a {type(value).__name__}, which is no JSON value")


_Part = Callable[[Mapping[str, Any], _Room], Any]


class _Compiler:
    def __init__(self, sandbox: Sandbox, names: Collection[str], *, as_text: bool, secret: bool) -> None:
        self._sandbox, self._known, self._as_text, self._secret = sandbox, names, as_text, secret
        self.names: set[str] = set()
        self.fields: set[str] = set()

    def compile(self, value: Any, path: tuple[str | int, ...]) -> _Part:
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, Mapping):
            parts = {key: self.compile(item, (*path, key)) for key, item in value.items()}
            return lambda values, room: {key: part(values, room) for key, part in parts.items()}
        if isinstance(value, list | tuple):
            items = [self.compile(item, (*path, place)) for place, item in enumerate(value)]
            return lambda values, room: [part(values, room) for part in items]
        return lambda _values, _room: value

    def _text(self, text: str, path: tuple[str | int, ...]) -> _Part:
        try:
            tree = parse(self._sandbox, text, self._known)
        except TemplateMistakeError as mistake:
            where = f"line {mistake.line} of the template " if "\n" in text else "the template "
            if self._secret:
                raise OptionError(f"{where}can't be used", path=path) from None
            raise OptionError(f"{where}{mistake.message}", path=path, remedy=mistake.remedy) from None
        self.names |= names_in(tree) - set(self._sandbox.globals)
        self.fields |= fields_in(tree)
        count_loops(tree)
        return _placed(self._part(tree), path, several_lines="\n" in text)

    def _part(self, tree: nodes.Template) -> _Part:
        match tree.body:
            case []:
                return lambda _values, _room: ""
            case [nodes.Output(nodes=[nodes.TemplateData(data=text)])]:
                return lambda _values, _room: text
            case [nodes.Output(nodes=[nodes.Expr() as expression])] if not self._as_text:
                return _value_of(self._sandbox.from_string(_assigned(expression)))
            case _:
                return _text_of(self._sandbox.from_string(tree))


def _assigned(expression: nodes.Expr) -> nodes.Template:
    target = nodes.Name(_RESULT, "store", lineno=1)
    return nodes.Template([nodes.Assign(target, expression, lineno=1)], lineno=1)


def _value_of(template: Template) -> _Part:
    expression = TemplateExpression(template, undefined_to_none=False)
    return lambda values, room: room.plain(expression(values))


def _text_of(template: Template) -> _Part:
    def render(values: Mapping[str, Any], room: _Room) -> str:
        pieces = []
        for piece in template.generate({**values, COUNTER: Steps()}):
            room.take(len(piece))
            pieces.append(piece)
        return "".join(pieces)

    return render


def _placed(part: _Part, path: tuple[str | int, ...], *, several_lines: bool) -> _Part:
    place = ".".join(map(str, path)) or "the template"

    def render(values: Mapping[str, Any], room: _Room) -> Any:
        try:
            return part(values, room)
        except Exception as error:
            line = f", line {_line_of(error.__traceback__)}" if several_lines else ""
            raise TemplateFailedError(f"{place}{line}: {error}") from error

    return render


def _line_of(traceback: TracebackType | None) -> int:
    lines = [line for frame, line in walk_tb(traceback) if frame.f_code.co_filename == _FILE]
    return lines[-1] if lines else 1
