"""Our webhooks at Fusioo. Shape: the sample answers of the vendor's page of API version 3."""

from pydantic import Field, SecretStr

from service.fusioo.models.tolerant import Tolerant


class Webhook(Tolerant):
    """An API webhook: exactly one app, three flags. Fusioo makes the secret; it can't be set."""

    id: str
    url: str = Field(repr=False)  # it carries our key
    app_id: str
    secret: SecretStr
    on_create: bool = False
    on_update: bool = False
    on_delete: bool = False
