"""What health says of reconciling."""

from dataclasses import replace
from datetime import timedelta

from service.changes.types import Origin
from service.pipeline.probes.checks import Status
from service.pipeline.probes.expected import Expected
from service.pipeline.probes.reconciles import judge_reconciles
from service.records.origins import Origins
from tests.fixtures.probing import MOMENT, RECONCILED

EXPECTED = Expected(limits={}, apps={"main": ("Tasks",), "idle": ()}, handlers=frozenset())


def told(*rounds: object, lost: int = 0, of: int = 100) -> tuple[Status, str]:
    origins = [Origins("main", {Origin.WEBHOOK: of - lost, Origin.RECONCILE: lost, Origin.ECHO: 7})]
    (check,) = judge_reconciles(rounds, origins, EXPECTED)  # type: ignore[arg-type]
    return check.status, check.output or ""


def test_the_true_period_and_the_loss_are_told() -> None:
    status, output = told(RECONCILED, lost=3)
    assert (status, output) == (
        Status.PASS,
        "account main: reconciled every 15m; of 10000 changes in a day 300 came without a webhook",
    )


def test_deletions_that_wait_for_their_names_are_told() -> None:
    assert "; 4 deletions are to be named" in told(replace(RECONCILED, gone=4))[1]


def test_failures_lateness_and_lists_without_order_warn() -> None:
    failing = replace(RECONCILED, failures=3, error="AppRefusedError: no")
    late = replace(RECONCILED, app_name="Clients", next_at=MOMENT - timedelta(minutes=11))
    status, output = told(failing, late)
    assert status is Status.WARN
    assert "1 of 2 apps failed (Tasks): AppRefusedError: no" in output
    assert "1 of 2 apps are late for a round (Clients)" in output
    assert told(replace(RECONCILED, failures=2))[0] is Status.PASS
    assert told(replace(RECONCILED, sortable=False))[0] is Status.WARN


def test_accounts_that_no_rule_names_are_left_out() -> None:
    strangers = [replace(RECONCILED, account=name) for name in ("idle", "gone")]
    assert judge_reconciles(strangers, [], EXPECTED) == []
