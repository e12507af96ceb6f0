"""Secrets are compared in constant time."""

import ast

from tests.fixtures.source import modules

SECRET = ("secret", "signature", "password", "admin_token", "bearer")


def test_secrets_are_never_compared_by_their_first_difference() -> None:
    compared = [
        f"{module.at(node)} {ast.unparse(node)}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops)
        and any(_is_secret(side) for side in (node.left, *node.comparators))
    ]
    assert compared == []


def test_the_receiver_compares_in_constant_time() -> None:
    comparing = [
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "compare_digest"
    ]
    assert "service.registrations.receiving" in comparing


def _is_secret(node: ast.expr) -> bool:
    """A value that is named like a secret; `secret is None` and `len(secret)` tell nothing."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return any(word in name.lower() for word in SECRET) and not name.isupper()
        case ast.Call(func=ast.Attribute(attr="get_secret_value")):
            return True
        case ast.Call(func=ast.Attribute(value=value, attr="encode" | "strip" | "lower")):
            return _is_secret(value)
        case _:
            return False
