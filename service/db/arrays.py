"""Long arrays on their way to Postgres."""

from typing import Any

from psycopg.types.array import ListBinaryDumper


class TextArray(list[str | None]):
    """Texts for a parameter that is cast to text[]. Sent in binary: as text, Python quotes each element."""


def send_binary(driver_connection: Any) -> None:
    """Let a connection of the driver take TextArray; plain lists stay as they are."""
    driver_connection.adapters.register_dumper(TextArray, ListBinaryDumper)
