"""The periodic jobs that a worker can do; each is a line in `make_jobs`."""

from service.pipeline.accounts.opened import Accounts
from service.pipeline.checking.refresh import AppRefresh
from service.pipeline.jobs import Jobs
from service.pipeline.reconciling.accounts import reconciled_accounts
from service.pipeline.reconciling.reconcile import Reconciler
from service.pipeline.retention import Retention
from service.pipeline.walking.sweeping import FullSweeps
from service.pipeline.watching.watch import Address, WebhookWatch
from service.sealing import SecretBox
from service.worker.workplace import Workplace


def make_jobs(place: Workplace, accounts: Accounts) -> Jobs:
    """Put together what answers the ticks, by their name. The key of most is an account's name."""
    return Jobs(
        {
            "retention": _retention(place).forget,
            "apps": _app_refresh(place, accounts).refresh,
            "reconcile": _reconciler(place, accounts).reconcile,
            "full_sweep": _full_sweeps(place, accounts).sweep,
            "drift": _webhook_watch(place, accounts).watch,
        },
        place.engine,
        process_id=place.process_id,
        lost_after=place.settings.lost_after,
    )


def _retention(place: Workplace) -> Retention:
    kept = place.configuration.retention
    return Retention(
        place.engine,
        deliveries=kept.deliveries,
        changes=kept.changes,
        rules_digest=place.configuration.digest,
    )


def _app_refresh(place: Workplace, accounts: Accounts) -> AppRefresh:
    return AppRefresh(
        place.engine,
        listers=accounts.listers(),
        configuration=place.configuration,
        every=place.settings.apps_every,
    )


def _reconciler(place: Workplace, accounts: Accounts) -> Reconciler:
    return Reconciler(
        place.engine,
        accounts=reconciled_accounts(place.configuration, accounts.modified()),
        grace=place.settings.reconcile_grace,
    )


def _full_sweeps(place: Workplace, accounts: Accounts) -> FullSweeps:
    return FullSweeps(
        place.engine,
        accounts=accounts.walked(),
        configuration=place.configuration,
        grace=place.settings.reconcile_grace,
    )


def _webhook_watch(place: Workplace, accounts: Accounts) -> WebhookWatch:
    settings = place.settings
    address = None
    if settings.public_url is not None and settings.secret_key is not None:
        box = SecretBox(settings.secret_key.get_secret_value())
        address = Address(settings.public_url, box, settings.rotation_overlap)
    return WebhookWatch(
        place.engine,
        configuration=place.configuration,
        clients=accounts.registering(),
        address=address,
        every=settings.drift_every,
        lost_after=settings.lost_after,
    )
