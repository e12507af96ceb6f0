"""The name that somebody probably meant. Pure."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, names: Iterable[str]) -> str:
    """`, did you mean 'High'?` where a name is like the word, in whatever case; else an empty text."""
    by_folded = {name.casefold(): name for name in names}
    close = get_close_matches(word.casefold(), by_folded, n=1)
    return f", did you mean {by_folded[close[0]]!r}?" if close else ""
