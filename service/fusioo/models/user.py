"""The users of the account. Shape: the sample answers of the vendor's page of API version 3."""

from service.fusioo.models.tolerant import Tolerant


class User(Tolerant):
    """A user. Records and discussions name users by their display names, not by these ids."""

    id: str
    name: str | None = None
    surname: str | None = None
    email: str | None = None
    is_lite: bool | None = None
    is_enabled: bool | None = None

    @property
    def display_name(self) -> str:
        """The name and surname, as the page's `created_by` writes them: `Ryan Smith`."""
        return " ".join(part for part in (self.name, self.surname) if part)
