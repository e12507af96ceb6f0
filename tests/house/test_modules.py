"""Modules are small, say what they are for, and do nothing when they are imported."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator

from tests.fixtures.source import ROOT, Module, modules

LONGEST_MODULE = 300
LONGEST_FUNCTION = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_importing_any_module_alone_works_and_has_no_effect() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.fixtures.importing"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    effects = json.loads(run.stdout)
    assert set(effects) == {module.name for module in modules()}
    assert {name: seen for name, seen in effects.items() if seen} == {}


def test_modules_are_short() -> None:
    lengths = {module.name: len(module.text.splitlines()) for module in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{module.at(function)} {function.name}": _length(function)
        for module in modules()
        for function in _functions(module)
    }
    assert {place: length for place, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_packages_hold_no_code() -> None:
    code = [
        module.at(statement)
        for module in modules()
        if module.path.name == "__init__.py"
        for statement in module.tree.body
        if not _is_docstring(statement) and not _is_export(statement)
    ]
    assert code == []


def test_modules_say_what_they_are_for() -> None:
    silent = [
        module.name
        for module in modules()
        if module.path.name != "__init__.py" and not ast.get_docstring(module.tree)
    ]
    assert silent == []


def test_public_names_are_documented() -> None:
    """Apart from errors that a table explains, functions of one line, and the simulators' routes."""
    silent = [
        f"{module.at(node)} {node.name}"
        for module in modules()
        if not module.within("service.dev.simulators")
        for node in module.tree.body
        if isinstance(node, Function | ast.ClassDef)
        and not node.name.startswith("_")
        and not node.name.endswith("Error")
        and not isinstance(node.body[0], ast.Return)
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_no_module_knows_that_it_is_tested() -> None:
    knowing = [
        module.at(node)
        for module in modules()
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Name) and node.id in {"testing", "is_testing", "TESTING"})
        or (isinstance(node, ast.Constant) and node.value in {"PYTEST_CURRENT_TEST", "pytest"})
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"tests", "pytest"})
    ]
    assert knowing == []


def _functions(module: Module) -> Iterator[Function]:
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_export(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        return all(isinstance(target, ast.Name) and target.id == "__all__" for target in statement.targets)
    return isinstance(statement, ast.Import | ast.ImportFrom)
