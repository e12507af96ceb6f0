"""Texts as people compare them: without case, and of HTML what it shows. Pure.

Multi-line fields hold HTML (vendor facts, value table), which nobody sees who writes a rule. No field says of
itself that it is one, so a text counts as HTML where it has a known tag or an entity (`&amp;`) in it.
Case: Fusioo's own filters do without it (v3 reference, "Filter records": `In Progress` finds `In progress`).
"""

import html
import re
import unicodedata

_BLOCKS = (
    "address article aside blockquote br caption dd div dl dt figure figcaption footer h[1-6] header hr li"
)
_BLOCKS += " main nav ol p pre section table tbody td tfoot th thead tr ul"
_INLINE = (
    "a abbr b bdi bdo big cite code col colgroup del em font i ins kbd mark q s samp small span strike strong"
)
_INLINE += " sub sup time u var"
_SHOWN = "audio canvas embed iframe img input object svg video"


def _tags(names: str) -> re.Pattern[str]:
    return re.compile(rf"</?(?:{'|'.join(names.split())})(?:[\s/][^<>]*)?>", re.IGNORECASE)


_BLOCK_TAG, _INLINE_TAG, _SHOWN_TAG = _tags(_BLOCKS), _tags(_INLINE), _tags(_SHOWN)
_MARKUP = re.compile(
    rf"{_tags(f'{_BLOCKS} {_INLINE} {_SHOWN}').pattern}|&(?:[a-z]{{2,8}}|\#\d{{1,7}}|\#x[0-9a-f]{{1,6}});",
    re.IGNORECASE | re.ASCII,
)
_COMMENT = re.compile(r"<!--[^<>]*-->")
_NO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")


def is_html(text: str) -> bool:
    """Whether it has a tag or an entity in it."""
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def visible(text: str) -> str:
    """What HTML shows: no tags, entities as their signs, any space (a line's end too) as one blank."""
    without_tags = _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", _SHOWN_TAG.sub("", _COMMENT.sub("", text))))
    return " ".join(_NO_WIDTH.sub("", html.unescape(without_tags)).split())


def shows_nothing(text: str) -> bool:
    """Whether a person sees nothing: it is empty, only blanks, or HTML without words and pictures."""
    if not is_html(text):
        return not _NO_WIDTH.sub("", text).strip()
    return _SHOWN_TAG.search(text) is None and not visible(text)


def same_text(seen: str, wanted: str) -> bool:
    """The same words? Case does not count; of HTML what it shows, unless HTML is asked for."""
    compared, words = _as_compared(seen, wanted)
    return seen == wanted or _folded(compared) == _folded(words)


def has_text(seen: str, wanted: str) -> bool:
    """Do these letters stand in the text? Case does not count; of HTML in what it shows, as above."""
    compared, letters = _as_compared(seen, wanted)
    return _folded(letters) in _folded(compared)


def _as_compared(seen: str, wanted: str) -> tuple[str, str]:
    if is_html(seen) and not is_html(wanted):
        return visible(seen), " ".join(wanted.split())
    return seen, wanted


def _folded(text: str) -> str:
    folded = text.casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)
