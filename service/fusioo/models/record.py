"""A record. Its fields are the user's own, so it stays a plain dict; fusioo/values.py reads its values."""

from typing import Any, TypeAlias

Record: TypeAlias = dict[str, Any]
"""A record as the API gave it: field id → JSON value, untouched. `id` is among them."""
