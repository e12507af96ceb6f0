"""How a client proves who it is: an API key, which belongs to one instance and one role."""

import re

from pydantic import SecretStr

from service.errors import ConfigurationError

_PRINTABLE = re.compile(r"[!-~]+")


class ApiKey:
    """A key as it is made in Onspring: `000000ffffff000000ffffff/00000000-ffff-0000-ffff-000000000000`.

    Raises ConfigurationError where the text can't be a key at all.
    """

    def __init__(self, key: SecretStr | str) -> None:
        text = key.get_secret_value() if isinstance(key, SecretStr) else key
        if not _PRINTABLE.fullmatch(text):
            raise ConfigurationError(
                "the Onspring API key is empty, or has blanks or characters that no key has",
                remedy="copy it again from Onspring, without quotes or line ends",
            )
        self._key = SecretStr(text)

    def headers(self) -> dict[str, str]:
        """The headers that say who calls, in a dict of its own for each call."""
        return {"X-ApiKey": self._key.get_secret_value()}

    def __repr__(self) -> str:
        return "ApiKey(…)"
