"""What is not known of the real provider's token endpoint: switches of the simulator."""

from datetime import timedelta
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from service.clock import Duration


@dataclass(config=ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True))
class OAuthSettings:
    """What is not known of the token endpoint."""

    lifetime: Duration = timedelta(hours=1)
    """How long an access token is accepted."""
    tells_lifetime: bool = True
    """Whether answers have `expires_in`."""
    rotates: bool = True
    """Whether each refresh replaces the refresh token too."""
    grace: Duration = timedelta(0)
    """How long a refresh token that was replaced still works."""
    credentials_in: Literal["body", "header", "either"] = "either"
    """Where the application's id and secret must be sent."""
