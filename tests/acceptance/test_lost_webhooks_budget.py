"""Where few calls are left, lost webhooks are made up for later; never with more calls than are for that."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from tests.fixtures.database import Database
from tests.fixtures.losing import LosingAccount, company_of_tasks, losing_accounts, read_metrics
from tests.fixtures.tiers import Scale

pytestmark = pytest.mark.timeout(600)

CALLS, WINDOW = 60, timedelta(seconds=20)
SHARE = 12
"""A fifth: what reconciling and full sweeps may take together (DESIGN §5, "Budget")."""
AS_OFTEN_AS_ROUNDS_MAY = 20 * 2 / 6
"""Seconds: an idle round costs two calls, and half of the share is theirs."""


@pytest.fixture(scope="module")
def account(
    module_database: Database, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LosingAccount]:
    """A relay that is told to reconcile far more often than its budget allows."""
    companies = {"main": company_of_tasks(100, calls_per_window=CALLS, window=WINDOW)}
    with losing_accounts(
        module_database,
        module_redis_url,
        tmp_path_factory.mktemp("relay"),
        companies,
        of_accounts=", reconcile: 1s, full_sweep: 2s",
        RELAY_RECONCILE_GRACE="2s",
        RELAY_DRIFT_EVERY="1h",
    ) as accounts:
        yield accounts["main"]


def test_reconciling_keeps_to_its_share(account: LosingAccount, scale: Scale) -> None:
    account.state.faults.deliveries.drop_share = 0.5
    for _ in range(scale.pick(small=2, full=20)):
        account.act(creates=1, updates=3, deletes=1)
        account.wait_until_reached()
        account.wait_until_done()
    account.assert_told_once()
    assert account.lost()
    account.assert_found_in_time()

    calls = list(account.state.calls)
    assert not [call for call in calls if call.status == 429]
    assert busiest([call.at for call in calls]) <= CALLS
    reads = [call.at for call in calls if call.method == "GET" and "/records/apps/" in call.path]
    assert SHARE / 2 <= busiest(reads) <= SHARE
    period = read_metrics(account.processes)["relay_reconcile_period_seconds main ia4f42"]
    assert period == pytest.approx(AS_OFTEN_AS_ROUNDS_MAY, abs=4.0)
    assert period >= AS_OFTEN_AS_ROUNDS_MAY - 0.1


def busiest(moments: Sequence[datetime]) -> int:
    """The most of them within one window."""
    return max(sum(first <= at < first + WINDOW for at in moments) for first in moments)
