"""The configuration that is kept for the worker's processes, where no check of another one can be started."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.rules.files import read_files
from service.worker.kept import KeptFiles, read_kept
from service.worker.programs import Executed
from service.worker.reloading import Reloading


@pytest.mark.parametrize("new", ["second", None])
def test_a_check_that_can_not_be_started_changes_nothing(tmp_path: Path, new: str | None) -> None:
    file = tmp_path / "relay.yaml"
    file.write_text("first")
    kept = KeptFiles(read_files(file))
    reloading = Reloading(file, kept, check=Executed((str(tmp_path / "missing"),)), environment={})
    if new is None:
        file.unlink()
    else:
        file.write_text(new)
    for _ in range(2):
        reloading.ask()
        with capture_logs() as logs:
            reloading.go_on()
        assert [each["event"] for each in logs] == ["rules.read", "rules.refused", "alarm.missed"]
        assert logs[1]["error"] == "the check: it could not be started: No such file or directory"
        with capture_logs() as logs:
            reloading.go_on()
        assert logs == [], "one signal is one check"
    assert reloading.kept is kept
    assert [text for _, text in read_kept(kept.descriptor).texts] == ["first"]
    reloading.stop()
