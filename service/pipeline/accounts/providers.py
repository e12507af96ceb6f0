"""What providers can do. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from service.walks.due import ROWS_PER_CALL

WITH_WEBHOOKS = frozenset({"fusioo"})
"""Those whose API makes webhooks. Onspring's has none: people set up REST outcomes there."""

WALKED_PER_CALL: Mapping[str, int] = MappingProxyType({"fusioo": ROWS_PER_CALL, "onspring": 950})
"""How many records one call of a walk brings that were not seen before: for what a walk will cost.

At Onspring a page has up to 1000, fewer where it must begin at another place (onspring/aligned.py).
"""
