"""Errors are found in the logs of the processes, each once."""

import json
from pathlib import Path

from service.dev.up.mistakes import LogFollower, Mistake


def entry(level: str, event: str, **facts: str) -> str:
    return json.dumps({"event": event, "level": level, "timestamp": "2026-11-22T12:00:00Z", **facts}) + "\n"


def test_only_errors_are_told_once_and_whole(tmp_path: Path) -> None:
    told: list[Mistake] = []
    follower = LogFollower(tmp_path, told.append)
    log = tmp_path / "worker.log"
    broken = entry("error", "run.failed", run="7", exception="Traceback …")
    log.write_text(entry("info", "worker.ready") + entry("warning", "worker.slow") + broken[:20])
    follower.look()
    assert told == []
    with log.open("a") as file:
        file.write(broken[20:] + "Segmentation fault\n[1]\n" + entry("critical", "run.lost"))
    follower.look()
    follower.look()
    assert [(each.part, each.event, dict(each.facts)) for each in told] == [
        ("worker", "run.failed", {"run": "7"}),
        ("worker", "run.lost", {}),
    ]
    assert told[0].traceback == "Traceback …"


def test_logs_that_begin_later_are_read_from_their_start(tmp_path: Path) -> None:
    told: list[Mistake] = []
    follower = LogFollower(tmp_path, told.append)
    follower.look()
    (tmp_path / "web.log").write_text(entry("error", "group.failed"))
    (tmp_path / "web.log.1").write_text(entry("error", "group.failed_before"))
    follower.look()
    assert [each.event for each in told] == ["group.failed"]
