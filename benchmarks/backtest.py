"""How long `relay rules backtest` takes over stored changes, and in how much memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.environment import relay_environment
from benchmarks.figures import Figure, Section
from benchmarks.processes import ROOT, free_port
from benchmarks.relay import INSTALLED
from benchmarks.workbench import Workbench

CHANGES, RULES = 100_000, 20
_FEWER = CHANGES // 10
_ROUNDS = 3
_CONFIG = INSTALLED / "backtest.yaml"
_COMMAND = Path(sys.executable).with_name("relay")
_KIBI, _MEBI = 1024, 1024 * 1024
_SMALL = 10
"""One change in so many matches the rule `small`, and has a run of it."""

_ID = """(lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7{kind}008'
    || lpad(to_hex(i), 15, '0'))::uuid"""
_RECORD = """jsonb_build_object('id', 'r' || i, 'title', 'Task ' || i, 'notes', repeat(md5(i::text), 6),
    'priority', jsonb_build_array((ARRAY['Low', 'Medium', 'High', 'Critical'])[1 + i %% 4]),
    'due_date', to_char(moment + interval '1 day' * (i %% 60), 'YYYY-MM-DD'),
    'responsible', jsonb_build_array((ARRAY['Sarah May', 'John Doe', 'Lauren Moss'])[1 + i %% 3]),
    'status', jsonb_build_array((ARRAY['To do', 'In progress', 'Done'])[1 + i %% 3]),
    'approved', i %% 2 = 0, 'estimate', i %% 100, 'client', jsonb_build_array('i' || md5(i::text)),
    'created', '2026-01-05T08:00:00', 'last_modified', '2026-11-20T16:45:12',
    'created_by', '["John Doe"]'::jsonb, 'last_modified_by', '["Sarah May"]'::jsonb)"""
_MADE = """(SELECT i, now() - interval '6 days' * (1 - i::float / %(rows)s) AS moment
    FROM generate_series(0, %(rows)s - 1) AS i) AS made"""
_STORE_CHANGES = f"""
    INSERT INTO changes (id, account, app_id, record_id, version, kind, origin, diff, after, deliveries,
        sight, rules_digest, verdicts, created_at)
    SELECT {_ID.format(kind="1")}, 'main', 'app-a', 'r' || i, 2, 'update', 'webhook',
        '{{"status": [["In review"], ["Done"]]}}', {_RECORD}, 1, i, '',
        jsonb_build_object('small', CASE WHEN i %% 100 >= {_SMALL} THEN 'when.estimate.less_than' END), moment
    FROM {_MADE}"""
_STORE_RUNS = f"""
    INSERT INTO runs (id, change_id, account, app_id, record_id, rule, handler, status, created_at)
    SELECT {_ID.format(kind="2")}, {_ID.format(kind="1")}, 'main', 'app-a', 'r' || i, 'small', 'note', 'done',
        moment
    FROM {_MADE} WHERE i %% 100 < {_SMALL}"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one backtest took."""

    seconds: float
    cpu: float
    """Seconds of CPU time of its own; the server's are not among them."""
    resident: float
    """Bytes, at the most."""


def measure_backtest(bench: Workbench) -> list[Section]:
    """Backtest few and many changes in turn. What it counts of one rule must be what was stored."""
    taken: dict[int, list[Taken]] = {_FEWER: [], CHANGES: []}
    for number in range(_ROUNDS):
        for rows, measured in taken.items():
            _store(bench.urls.database_url, rows)
            measured.append(_backtest(bench, rows))
        told = ", ".join(f"{rows:,} changes in {each[-1].seconds:.1f} s" for rows, each in taken.items())
        bench.say(f"round {number + 1}/{_ROUNDS}: {told}")
    return [_section(taken)]


def _store(database_url: str, rows: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE changes CASCADE")
        with connection.transaction():  # both count from the same moment
            for statement in (_STORE_CHANGES, _STORE_RUNS):
                connection.execute(statement.encode(), {"rows": rows})
        connection.execute("VACUUM ANALYZE changes")
        connection.execute("VACUUM ANALYZE runs")


def _backtest(bench: Workbench, rows: int) -> Taken:
    output = bench.directory / "backtest.json"
    environment = {
        "PATH": os.defpath,
        "BENCHMARK_TOKEN": "benchmark",
        **relay_environment(bench.urls, config=_CONFIG, port=free_port()),
    }
    began = time.monotonic()
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603  our own command
            [_COMMAND, "rules", "backtest", "--since", "7d", "--json"], cwd=ROOT, env=environment, stdout=file
        )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for here
    assert process.returncode == 0, f"the backtest ended with {process.returncode}"
    _check(json.loads(output.read_text("utf-8")), rows)
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _KIBI)


def _check(report: Mapping[str, Any], rows: int) -> None:
    small = report["rules"][0]
    assert (report["changes"], len(report["rules"])) == (rows, RULES), "all changes are judged by all rules"
    assert (small["fired_then"], small["fires_now"], small["newly"], small["no_longer"]) == (
        rows // _SMALL,
        rows // _SMALL,
        0,
        0,
    ), f"of {rows} changes one in {_SMALL} matched and matches: {small}"


def _section(taken: Mapping[int, Sequence[Taken]]) -> Section:
    rows = [
        [
            f"{rows:,} changes",
            "≤ 60 s" if rows == CHANGES else "",
            *Figure.of([each.seconds for each in measured]).cells(digits=1, unit=" s"),
            f"{rows / Figure.of([each.seconds for each in measured]).median:,.0f}",
            f"{Figure.of([each.cpu for each in measured]).median:.1f} s",
            f"{Figure.of([each.resident for each in measured]).median / _MEBI:.0f} MiB",
        ]
        for rows, measured in taken.items()
    ]
    prose = (
        f"`relay rules backtest`, one process, from its start to its end: stored updates of one app, each "
        f"with a record of 14 fields, judged by {RULES} rules of that app, and compared with what was run. "
        f"{_ROUNDS} rounds. Memory is the most that was resident: changes stream through, so it must not "
        "grow with their number."
    )
    header = ["stored", "goal", "median", "spread", "changes a second", "CPU", "memory"]
    return Section("Backtest", prose, header, rows)
