"""Fetching linked records: many of an app with one call, and what is not answered is noted, not raised."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeGuard

import structlog

from service.changes.types import Answer
from service.errors import (
    AccountRefusedError,
    AppRefusedError,
    BatchSpoiltError,
    BatchTooLargeError,
    BudgetExhaustedError,
    Disposition,
    RelayError,
)
from service.fusioo.chunking import IdChunks
from service.links.repository import Seen
from service.links.resolving import RecordKey
from service.pipeline.linking.accounts import LinkedAccount

_log = structlog.get_logger()


@dataclass(slots=True)
class Fetched:
    """What was asked for in one round, and what came of it."""

    seen: dict[RecordKey, Seen] = field(default_factory=dict)
    absent: set[RecordKey] = field(default_factory=set)
    failed: dict[RecordKey, Exception] = field(default_factory=dict)
    """Asked for in vain, by what went wrong."""
    stopped: RelayError | None = None
    """Why nobody is asked any more: no call is left, or the account is refused."""
    unlearnt: bool = False
    """Whether nobody could be asked where links lead."""
    calls: int = 0

    def is_open(self, key: RecordKey) -> bool:
        """Whether a record was not asked for yet."""
        return not (key in self.seen or key in self.absent or key in self.failed)

    def tell(self, app_id: str, answer: Answer, at: datetime) -> None:
        """Take an answer down; `at` is a moment before it was asked for."""
        for record_id, fields in answer.found.items():
            self.seen[RecordKey(app_id, record_id)] = Seen(fields, at)
        self.absent |= {RecordKey(app_id, record_id) for record_id in answer.absent | answer.hidden}


async def fetch_linked(
    account: LinkedAccount, wanted: Iterable[RecordKey], fetched: Fetched, *, at: datetime
) -> None:
    """Ask for records, app by app. Raises nothing that a provider or the budget answers."""
    by_app: dict[str, list[str]] = {}
    for key in wanted:
        by_app.setdefault(key.app_id, []).append(key.record_id)
    for app_id, ids in by_app.items():
        chunks = IdChunks(ids)
        while fetched.stopped is None and (asked := chunks.current(account.sizes.at_once(app_id))):
            await _ask(account, app_id, asked, chunks, fetched, at=at)


async def _ask(
    account: LinkedAccount,
    app_id: str,
    asked: tuple[str, ...],
    chunks: IdChunks,
    fetched: Fetched,
    *,
    at: datetime,
) -> None:
    fetched.calls += 1
    try:
        fetched.tell(app_id, await account.metered.fetch_many(app_id, asked), at)
    except (BatchTooLargeError, BatchSpoiltError) as error:
        if len(asked) > 1:
            if isinstance(error, BatchTooLargeError):
                account.sizes.refused(app_id, asked=len(asked))
            chunks.halve()
            return
        fetched.absent.add(RecordKey(app_id, asked[0]))  # its id is what the provider refuses
    except AppRefusedError:
        fetched.absent |= {RecordKey(app_id, one) for one in asked}
    except Exception as error:  # noqa: BLE001  whatever it is concerns these records, and no others
        if stops(error):
            fetched.stopped = error
            fetched.calls -= isinstance(error, BudgetExhaustedError)  # nothing was sent
            return
        _log.warning("links.failed", account=account.ledger.account, app=app_id, error=repr(error))
        fetched.failed |= {RecordKey(app_id, one): error for one in asked}
    else:
        account.sizes.answered(app_id, asked=len(asked))
    chunks.done()


def stops(error: Exception) -> TypeGuard[RelayError]:
    """Tell whether no further call of the account makes sense now."""
    return isinstance(error, BudgetExhaustedError | AccountRefusedError) or (
        isinstance(error, RelayError) and error.disposition is Disposition.DEFER
    )
