"""The contract that keeps Fusioo's client usable without the rest knows every room of the service."""

import tomllib

from tests.fixtures.source import ROOT, SERVICE

ALLOWED = {"errors", "clock", "transport", "budget", "fusioo"}


def test_the_contract_forbids_every_other_room() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {contract["id"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    rooms = {
        path.stem for path in SERVICE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(contracts["client-alone"]["forbidden_modules"]) == {
        f"service.{room}" for room in rooms - ALLOWED - {"__init__"}
    }
