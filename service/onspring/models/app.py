"""Apps and surveys. Shape: the vendor's page, API version 2."""

from service.onspring.models.tolerant import Text, Tolerant


class App(Tolerant):
    """An app or a survey that the key may see."""

    id: int
    name: Text = ""
    href: str | None = None
