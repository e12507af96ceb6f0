"""The apps of an Onspring account as the relay describes them."""

from collections.abc import Collection

from service.fusioo.link_targets import link_targets
from service.fusioo.models import App
from service.onspring.client import OnspringClient
from service.onspring.errors import AccessDeniedError, NoSuchThingError
from service.onspring.models import App as OnspringApp
from service.onspring.presenter import Presenter
from service.pipeline.accounts.describing import describe

_STEPS = 2
"""So many references are followed from the apps that are meant, for rules that ask about linked records."""


async def described_apps(
    client: OnspringClient, presenter: Presenter, *, meant: Collection[str] | None = None, steps: int = _STEPS
) -> tuple[App, ...]:
    """Describe all apps that the key sees: one call for the apps, and one for the fields of each.

    `meant`: ids or exact names; then only the apps that they mean, and those to which `steps` references lead
    from there, have fields and cost a call. So does no app have fields whose fields the key may not read.
    Raises what else the client raises.
    """
    apps = {str(app.id): app async for app in client.apps.walk()}
    found: dict[str, App] = {}
    wanted = [each for each, app in apps.items() if meant is None or each in meant or app.name in meant]
    for _ in range(steps + 1):
        for app_id in wanted:
            found[app_id] = await _described(client, presenter, apps[app_id])
        led_to = {target for app_id in wanted for target in link_targets(found[app_id]).values()}
        wanted = sorted(led_to & apps.keys() - found.keys())
    return tuple(found.get(app_id) or describe(app, None, {}) for app_id, app in apps.items())


async def _described(client: OnspringClient, presenter: Presenter, app: OnspringApp) -> App:
    try:
        fields = await presenter.fields(client, app.id)
    except (AccessDeniedError, NoSuchThingError):
        return describe(app, None, {})
    return describe(app, fields, presenter.words(fields))
