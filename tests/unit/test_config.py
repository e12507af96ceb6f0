import os
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.config import Settings, read_settings, to_environment


def test_settings_survive_the_way_through_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        database_url="postgresql:///x",
        secret_key=SecretStr("k" * 32),
        config=Path("/etc/relay.yaml"),
        poll_every=timedelta(milliseconds=5),
        port=0,
    )
    for name in list(os.environ):
        if name.startswith(("RELAY_", "DATABASE_", "REDIS_")):
            monkeypatch.delenv(name)
    for name, value in to_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert read_settings() == settings
