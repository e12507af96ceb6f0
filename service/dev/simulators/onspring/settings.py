"""What is not known of the real Onspring, or differs by instance: switches of the simulator.

Each default is documented or the likeliest guess; the others are there to be tried.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

QuoteEscape = Literal["doubled", "backslash", "none"]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]

FILE_LIMIT = 50_000_000
"""Bytes: of 45 MB and 51 MB, the first was taken and the second was not."""


@dataclass(config=ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True))
class OnspringSettings:
    """How the simulated provider behaves where the real one is not known to."""

    unauthorized_body: Literal["html", "empty", "json"] = "html"
    """What stands in a 401: a page, nothing, or `{"message": …}`."""
    quote_escape: QuoteEscape = "doubled"
    """How a filter writes a quote within a text: `''`, `\\'`, or not at all."""
    text_case: Literal["matters", "ignored"] = "matters"
    """Whether `eq` and `ne` tell capital letters of texts from small ones."""
    hidden_fields: Literal["left_out", "refused"] = "left_out"
    """What a read does with a field that the key may not see: leaves it out, or answers 403."""
    unknown_fields: Literal["refused", "warned"] = "refused"
    """What a save does with fields that the app has not: refuses all (400), or warns and saves the others."""
    largest_answer: Count | None = None
    """Characters of an answer above which it is 400, "size of the data requested was too large"."""
    slowest_count: Count | None = None
    """Records asked for at once above which the gateway gives up: 499."""
    file_limit: Count = FILE_LIMIT
    """Bytes of a file above which it is refused: 413."""
    api_writes_fire: bool = True
    """Whether outcomes are set off by a write through the API like by one of a person."""
    answers_fire: bool = False
    """Whether outcomes are set off when an answer is mapped back into a record."""
