"""Every setting is documented, and every variable that users were promised exists."""

import ast

from service.config import Settings
from tests.fixtures.source import modules

PROMISED = {
    *(
        "DATABASE_URL",
        "REDIS_URL",
        "RELAY_CONFIG",
        "RELAY_PUBLIC_URL",
        "RELAY_SECRET_KEY",
        "RELAY_ADMIN_TOKEN",
    ),
    *("RELAY_DATA_DIR", "HOST", "PORT", "RELAY_LOG_FORMAT", "RELAY_LOG_LEVEL"),
}
"""What the contract with users names. One that is taken away breaks their deployments."""


def test_every_setting_has_a_name_and_a_help() -> None:
    wanting = [
        name for name, field in Settings.model_fields.items() if not field.alias or not field.description
    ]
    assert wanting == []


def test_the_promised_variables_exist() -> None:
    assert {field.alias for field in Settings.model_fields.values()} >= PROMISED


def test_the_environment_is_read_in_one_place() -> None:
    """Doors pass `os.environ` on as a mapping, to the configuration's `${…}` and to children.

    None looks into it, but for `relay up`: what is set there says whether to simulate.
    """
    looks = [
        module.at(node)
        for module in modules()
        if not module.within("service.dev.up")
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Subscript | ast.Attribute) and _is_environment(node.value))
        or (isinstance(node, ast.Attribute) and node.attr == "getenv")
    ]
    assert looks == []


def _is_environment(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ"
