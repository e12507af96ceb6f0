"""The apps of an Onspring account as the relay describes them."""

from service.fusioo.models import App
from service.onspring.client import OnspringClient
from service.onspring.errors import AccessDeniedError, NoSuchThingError
from service.onspring.models import App as OnspringApp
from service.onspring.presenter import Presenter
from service.pipeline.accounts.describing import describe


async def described_apps(client: OnspringClient, presenter: Presenter) -> tuple[App, ...]:
    """Describe all apps that the key sees: one call for the apps, and one for the fields of each.

    An app whose fields the key may not read has none. Raises what else the client raises.
    """
    apps = [app async for app in client.apps.walk()]
    return tuple([await described_app(client, presenter, app) for app in apps])


async def described_app(client: OnspringClient, presenter: Presenter, app: OnspringApp) -> App:
    """Describe one app; raises as `described_apps` does."""
    try:
        fields = await presenter.fields(client, app.id)
    except (AccessDeniedError, NoSuchThingError):
        return describe(app, None, {})
    return describe(app, fields, presenter.words(fields))
