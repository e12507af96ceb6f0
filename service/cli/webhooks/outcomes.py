"""What an administrator of Onspring types for a REST outcome that tells the relay of records."""

import secrets
from dataclasses import dataclass, field

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class OutcomeForm:
    """The outcome's settings, as Onspring's dialog asks for them."""

    url: str = field(repr=False)  # it carries the key
    header: str
    """Carries the secret."""
    app_id: str
    secret: str = field(repr=False)
    method: str = "POST"

    @property
    def body(self) -> str:
        """The body, with the placeholder of the record's id as text."""
        return f'[{{"RecordId":"{{:RecordId}}","AppId":"{self.app_id}"}}]'

    def told(self, app_name: str) -> str:
        """Describe it for a person."""
        return (
            f"In Onspring, let a trigger of {app_name} have a REST API outcome with these settings:\n\n"
            f"  URL      {self.url}\n"
            f"  Method   {self.method}\n"
            f"  Headers  Content-Type: application/json\n"
            f"           {self.header}: {self.secret}\n"
            f"  Body     {self.body}\n\n"
            "Onspring puts values into the body as they are. Where {:RecordId} stands, insert its\n"
            "placeholder of the record's internal id: the field called Record Id may hold another number.\n"
            "The secret is not shown again. Basic authentication with it as the password does as well as\n"
            "the header, and so does a bearer token. By default Onspring tries only once: set some retries.\n"
        )


def make_secret() -> str:
    """Make a secret that an administrator can paste into a header."""
    return secrets.token_urlsafe(_SECRET_BYTES)
