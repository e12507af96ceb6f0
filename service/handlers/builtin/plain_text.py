"""The text that HTML shows, with its lines. Pure."""

import re
from html.parser import HTMLParser

_BLOCKS = "address article aside blockquote dd div dl dt figure footer form h1 h2 h3 h4 h5 h6 header hr li"
_BLOCKS += " main nav ol p pre section table tr ul"
_ON_LINES_OF_THEIR_OWN = frozenset(_BLOCKS.split())
_UNSEEN = frozenset({"script", "style", "template", "title"})
_CELLS = frozenset({"td", "th"})
_SPACES = re.compile(r"[ \t\r\f\v\n]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br" or tag in _ON_LINES_OF_THEIR_OWN:
            self.pieces.append("\n" if tag != "li" else "\n- ")
        elif tag in _CELLS:
            self.pieces.append(" ")
        elif tag == "img":
            self.pieces.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _ON_LINES_OF_THEIR_OWN:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(_SPACES.sub(" ", data))


def plain_text(html: str) -> str:
    """Give what a person sees: a line for each block and line break, list items with a dash, no markup."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = "".join(reader.pieces).replace("\N{NO-BREAK SPACE}", " ").split("\n")
    return "\n".join(line for line in (" ".join(each.split()) for each in lines) if line and line != "-")
