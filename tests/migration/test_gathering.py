import re
from pathlib import Path

PROJECT = Path(__file__).parents[2]
TABLE = re.compile(r"^class \w+\(Base\):", re.MULTILINE)


def test_every_module_with_a_table_is_gathered() -> None:
    """A forgotten one would be a table that autogenerate wants to drop."""
    gathered = re.findall(
        r"^import (service\.[\w.]+)", (PROJECT / "migrations" / "env.py").read_text(), re.MULTILINE
    )
    with_tables = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        for path in (PROJECT / "service").rglob("*.py")
        if TABLE.search(path.read_text())
    }
    assert set(gathered) == with_tables
