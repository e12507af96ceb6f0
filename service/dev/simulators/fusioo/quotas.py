"""Limits that the page names but gives no figures for: guesses, to be changed by tests."""

from dataclasses import dataclass


@dataclass
class Quotas:
    """Beyond them stand the codes 30058 and 30251 to 30253."""

    content_characters: int = 10_000
    """Of a discussion or comment."""
    file_bytes: int = 1 << 30
    storage_bytes: int = 1 << 40
    """Of all files of the company."""
    refused_extensions: frozenset[str] = frozenset({"exe", "bat", "cmd", "com", "msi", "scr"})
    """Lower case, without the dot."""
