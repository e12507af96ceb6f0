"""The apps of an Onspring account as the relay describes them."""

from service.fusioo.models import App
from service.onspring.client import OnspringClient
from service.onspring.errors import AccessDeniedError, NoSuchThingError
from service.onspring.models import App as OnspringApp
from service.onspring.presenter import Presenter
from service.pipeline.accounts.describing import describe


async def described_apps(
    client: OnspringClient, presenter: Presenter, *, meant: str | None = None
) -> tuple[App, ...]:
    """Describe all apps that the key sees: one call for the apps, and one for the fields of each.

    `meant`: an id or exact name; then only apps that it means have fields, and cost a call. So does no app
    have fields whose fields the key may not read. Raises what else the client raises.
    """
    apps = [app async for app in client.apps.walk()]
    return tuple(
        [
            await _described(client, presenter, app)
            if meant is None or meant in {str(app.id), app.name}
            else describe(app, None, {})
            for app in apps
        ]
    )


async def _described(client: OnspringClient, presenter: Presenter, app: OnspringApp) -> App:
    try:
        fields = await presenter.fields(client, app.id)
    except (AccessDeniedError, NoSuchThingError):
        return describe(app, None, {})
    return describe(app, fields, presenter.words(fields))
