"""Whether a rule applies after all, once the linked records are there that it asks about. Pure."""

from typing import NamedTuple

import structlog

from service.handlers.clipping import ERROR_LENGTH, clip
from service.links.claims import ClaimedExpansion
from service.links.repository import Finished
from service.rules.kept_conditions import KeptConditions
from service.rules.linked import Linked


class Miss(NamedTuple):
    """Why a rule does not apply to a change."""

    decided_by: str
    """The path of the first condition that does not hold, or `error`."""
    reason: str
    """For people; clipped."""


def judge_conditions(expansion: ClaimedExpansion, finished: Finished) -> Miss | None:
    """Judge what the rule asks, as it was written when it matched. None: it applies.

    A rule that fails does not apply (`docs/decisions/0015-failing-closed.md`).
    """
    if expansion.conditions is None:
        return None
    try:
        kept = KeptConditions.model_validate(expansion.conditions)
        failed = kept.first_miss(expansion.change, Linked(finished.linked, finished.gaps))
    except Exception as error:  # noqa: BLE001  one rule's failure must not stop the others
        structlog.get_logger().warning(
            "rule.failed", rule=expansion.rule, change=str(expansion.change.id), error=repr(error)
        )
        return Miss("error", clip(f"judging the rule failed: {type(error).__name__}: {error}", ERROR_LENGTH))
    return None if failed is None else Miss(failed.path, clip(str(failed), ERROR_LENGTH))
