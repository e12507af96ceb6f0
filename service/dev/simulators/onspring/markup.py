"""Texts without their HTML."""

import html
import re

_TAG = re.compile(r"<[^<>]+>")


def without_markup(text: str) -> str:
    """Take the tags out of a text and read its entities, as a formatted value is shown."""
    return html.unescape(_TAG.sub("", text))
