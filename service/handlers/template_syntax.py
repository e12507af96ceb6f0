"""What is wrong with a template that can be known before it is rendered, and what it reads. Pure."""

from collections.abc import Collection, Iterator, Mapping

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.environment import Environment

from service.rules.problems import nearest

LOOPS_AT_MOST = 3
"""How many loops may stand within each other."""

COUNTED = "loop steps"
"""The filter through which every loop goes; no template can write its name."""
COUNTER = "_steps"
"""The name under which a rendering gives what counts (`template_sandbox.Steps`)."""

_WHOLE: Mapping[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
}
_OF_FIELDS = frozenset({"record", "diff"})
_METHODS = frozenset({"get", "items", "keys", "values"})


class TemplateMistakeError(ValueError):
    """A template can't be used; the message says why and, in a template of several lines, where."""

    def __init__(self, message: str, *, line: int = 1, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message, self.line, self.remedy = message, line, remedy


def parse(environment: Environment, text: str, names: Collection[str]) -> nodes.Template:
    """Read a template that may see `names`. Raises TemplateMistakeError for its first mistake."""
    try:
        tree = environment.parse(text)
        for mistake in _mistakes(environment, tree, names):
            raise mistake
    except TemplateSyntaxError as error:
        message = f"can't be read: {error.message}"
        remedy = "an expression stands in {{ }}, a statement in {% %}"
        raise TemplateMistakeError(message, line=error.lineno, remedy=remedy) from None
    except (TemplateError, RecursionError) as error:
        raise TemplateMistakeError(f"can't be read: {type(error).__name__}") from None
    return tree


def names_in(tree: nodes.Template) -> frozenset[str]:
    """Give the names that a template wants from outside: `record`, `diff`, …"""
    return frozenset(meta.find_undeclared_variables(tree))


def fields_in(tree: nodes.Template) -> frozenset[str]:
    """Give the field ids that a template reads by name, from `record` or `diff`."""
    got = {id(call.node): call.args for call in tree.find_all(nodes.Call)}
    found: set[object] = set()
    for node in tree.find_all(nodes.Getattr):
        if _is_of_fields(node.node):
            if node.attr in _METHODS and id(node) in got:
                found |= {arg.value for arg in got[id(node)][:1] if isinstance(arg, nodes.Const)}
            else:
                found.add(node.attr)
    for item in tree.find_all(nodes.Getitem):
        if _is_of_fields(item.node) and isinstance(item.arg, nodes.Const):
            found.add(item.arg.value)
    return frozenset(name for name in found if isinstance(name, str))


def count_loops(tree: nodes.Template) -> None:
    """Let every loop of a template that was read count its steps (COUNTED, COUNTER)."""
    for loop in list(tree.find_all(nodes.For)):
        counter = nodes.Name(COUNTER, "load", lineno=loop.lineno)
        loop.iter = nodes.Filter(loop.iter, COUNTED, [counter], [], None, None, lineno=loop.lineno)


def _is_of_fields(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name in _OF_FIELDS


def _mistakes(
    environment: Environment, tree: nodes.Template, names: Collection[str]
) -> Iterator[TemplateMistakeError]:
    for node in tree.find_all(tuple(_WHOLE)):
        message = f"holds `{{% {_WHOLE[type(node)]} %}}`, and a template here stands alone"
        yield TemplateMistakeError(message, line=node.lineno)
    for loop in tree.find_all(nodes.For):
        if loop.recursive or _depth(loop) > LOOPS_AT_MOST:
            message = f"has loops that call themselves, or more than {LOOPS_AT_MOST} within each other"
            yield TemplateMistakeError(message, line=loop.lineno)
    for used in tree.find_all((nodes.Filter, nodes.Test)):
        known = environment.filters if isinstance(used, nodes.Filter) else environment.tests
        if used.name not in known:
            message = f"names the {type(used).__name__.lower()} `{used.name}`, and there is none such"
            yield TemplateMistakeError(message, line=used.lineno, remedy=nearest(used.name, known))
    for name in sorted(names_in(tree) - {*names, *environment.globals}):
        line = next((use.lineno for use in tree.find_all(nodes.Name) if use.name == name), 1)
        message = f"names `{name}`, and there is none such here"
        yield TemplateMistakeError(message, line=line, remedy=nearest(name, names))


def _depth(loop: nodes.For) -> int:
    return 1 + max((_depth(inner) for inner in loop.find_all(nodes.For)), default=0)
