"""From what a handler raised to how its attempt ended."""

from datetime import UTC, datetime, timedelta

import pytest

from service.errors import (
    BudgetExhaustedError,
    ConfigurationError,
    Disposition,
    LeaseLostError,
    ProviderError,
    RefusedError,
)
from service.handlers import Discard, Retry
from service.handlers.clipping import ERROR_LENGTH
from service.handlers.outcomes import outcome_of
from service.handlers.types import Deferred, Discarded, Failed, Outcome
from service.transport.errors import BlockedAddressError, ConnectFailedError

LIMIT = timedelta(seconds=30)
SOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


class Busy(ProviderError):  # noqa: N818 - reads better in the table
    disposition = Disposition.DEFER
    retry_after = 60.0


class Unreadable(Exception):  # noqa: N818 - reads better in the table
    def __str__(self) -> str:
        raise KeyError("oops")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Retry(after=5, reason="not yet"), Failed("not yet", retry_after=5.0)),
        (Retry(), Failed("the handler asked for a retry")),
        (Discard("not ours"), Discarded("not ours")),
        (
            BudgetExhaustedError("main", SOON),
            Deferred("account main: no API call left before 05:00:00 UTC", until=SOON),
        ),
        (Busy("429"), Deferred("Busy: 429", after=60.0)),
        (ProviderError("500"), Failed("ProviderError: 500")),
        (ConnectFailedError("refused"), Failed("ConnectFailedError: refused")),
        (BlockedAddressError("private"), Failed("BlockedAddressError: private", dead=True)),
        (RefusedError("ctx.db is open"), Failed("RefusedError: ctx.db is open", dead=True)),
        (ConfigurationError("token"), Failed("ConfigurationError: token")),
        (TimeoutError(), Failed("not done within 30s (the handler's `timeout`)")),
        (TimeoutError("read of x"), Failed("TimeoutError: read of x")),
        (ValueError("bad"), Failed("ValueError: bad")),
        (ValueError(), Failed("ValueError")),
        (Unreadable(), Failed("Unreadable: (its message can't be read)")),
    ],
)
def test_every_error_has_its_outcome(error: Exception, outcome: Outcome) -> None:
    assert outcome_of(error, timeout=LIMIT) == outcome


def test_who_lost_the_run_writes_nothing() -> None:
    with pytest.raises(LeaseLostError):
        outcome_of(LeaseLostError("taken"), timeout=LIMIT)


def test_messages_are_short_and_fit_for_postgres() -> None:
    outcome = outcome_of(ValueError("x\x00" * 10_000 + "\ud800"), timeout=LIMIT)
    assert isinstance(outcome, Failed)
    assert len(outcome.error) == ERROR_LENGTH
    assert "\x00" not in outcome.error
    outcome.error.encode()
