"""What may be secret in a request of which nobody knows the format: told by names, and by forms. Pure."""

import re

_PARTS = (
    r"secret|token|passw|passphrase|signature|auth(?!or)|authori[sz]|credential|cookie|hmac|session[_-]?id"
    r"|key"
)
_WORDS = frozenset(["digest", "jwt", "otp", "pass", "pin", "pw", "pwd", "session", "sig"])
_PART = re.compile(_PARTS, re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SUSPECT = re.compile(rf"{_PARTS}|bearer|\bpwd\b", re.IGNORECASE)
_LOOKS = (
    (re.compile(r"[0-9]+"), "digits"),
    (re.compile(r"[0-9a-fA-F]+"), "hexadecimal"),
    (re.compile(r"[0-9A-Za-z]+"), "letters and digits"),
    (re.compile(r"[0-9A-Za-z+/_=-]+"), "like base64"),
)


def smells(name: str) -> bool:
    """Tell whether what goes by this name (a key, a field, a header) may be secret."""
    return _PART.search(name) is not None or any(word.lower() in _WORDS for word in _WORD.findall(name))


def first_suspect(text: str) -> re.Match[str] | None:
    """Find the first word in a text behind which something secret may stand."""
    return _SUSPECT.search(text)


def shape_of(value: str) -> str:
    """Say what a hidden value looks like: `32 characters, hexadecimal`."""
    characters = f"{len(value)} character{'' if len(value) == 1 else 's'}"
    for pattern, looks in _LOOKS:
        if pattern.fullmatch(value):
            return f"{characters}, {looks}"
    return characters
