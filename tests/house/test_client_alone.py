"""The contracts that keep each provider's client usable without the rest know every room of the service."""

import tomllib

import pytest

from tests.fixtures.source import ROOT, SERVICE

SHARED = {"errors", "clock", "transport", "budget"}


@pytest.mark.parametrize(("contract", "room"), [("client-alone", "fusioo"), ("onspring-alone", "onspring")])
def test_the_contract_forbids_every_other_room(contract: str, room: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {each["id"]: each for each in project["tool"]["importlinter"]["contracts"]}
    rooms = {
        path.stem for path in SERVICE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert set(contracts[contract]["forbidden_modules"]) == {
        f"service.{other}" for other in rooms - SHARED - {room, "__init__"}
    }
