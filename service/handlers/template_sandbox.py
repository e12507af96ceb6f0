"""Where templates run: no loader, no I/O, no way to Python, and no work without bound.

Jinja2's sandbox (https://jinja.palletsprojects.com/en/stable/sandbox/) keeps templates from what is unsafe
in Python; here they also lose what has no use for values of records: fewer ways, fewer surprises.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from service.handlers.template_filters import filters
from service.handlers.template_syntax import COUNTED

RANGE_AT_MOST = 1000
"""How many numbers `range` gives at most."""

STEPS_AT_MOST = 100_000
"""How many steps all loops of one text take together at most."""

_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(
        {"count", "endswith", "find", "lower", "split", "splitlines", "startswith", "strip", "upper"}
    ),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
    tuple: frozenset({"count", "index"}),
}


class Steps:
    """Counts the steps of loops in one rendering."""

    def __init__(self) -> None:
        self._left = STEPS_AT_MOST

    def take(self) -> None:
        """Count one. Raises SecurityError for one too many."""
        self._left -= 1
        if self._left < 0:
            raise SecurityError(f"its loops take more than {STEPS_AT_MOST:,} steps")


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one set of templates. Keys of a mapping come before its methods: `record.items`."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, write: Callable[[Any], Any]) -> None:
        """`write` says how the value of an expression stands in a text."""
        super().__init__(undefined=StrictUndefined, finalize=write)
        self.filters = {**filters(), COUNTED: _counted}
        self.globals = {"range": _bounded_range}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give `obj.attribute`: a key, or one of few methods; else what fails when it is used."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, Undefined | LoopContext) or attribute in _methods_of(obj):
            return super().getattr(obj, attribute)
        return self._missing(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give `obj[argument]`, else what fails when it is used."""
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self._missing(obj, argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Reckon with numbers; what would repeat a text or a list, or make a number huge, is refused."""
        if operator == "**":
            raise SecurityError("there is no `**`; write the product")
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"`{operator}` is for numbers")
        return super().call_binop(context, operator, left, right)

    def _missing(self, obj: Any, wanted: object) -> Undefined:
        return self.undefined(hint=_why_missing(obj, wanted))


def _methods_of(obj: object) -> frozenset[str]:
    return next((names for kind, names in _METHODS.items() if isinstance(obj, kind)), frozenset())


def _why_missing(obj: object, wanted: object) -> str:
    """Say what is not there, without any value of a record."""
    if obj is None:
        return f"there is no `{wanted}` of nothing (null)"
    if isinstance(obj, Mapping):
        near = get_close_matches(str(wanted), [str(key) for key in obj], n=1)
        return f"there is no `{wanted}`" + (f"; did you mean `{near[0]}`?" if near else "")
    if isinstance(obj, list | tuple):
        return f"there is no element {wanted}: the list has {len(obj)}"
    return f"a value of type {type(obj).__name__} has no `{wanted}`"


def _counted(items: Iterable[Any], steps: Steps) -> Iterator[Any]:
    for item in items:
        steps.take()
        yield item


def _bounded_range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > RANGE_AT_MOST:
        raise SecurityError(f"`range` gives at most {RANGE_AT_MOST} numbers")
    return numbers
