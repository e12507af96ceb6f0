"""What to do so that each app and kind has exactly one webhook at the provider. Pure.

A webhook there is ours if its id, or the key at the end of its URL, is in our table; no other is touched.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from service.lifecycle import RegistrationStatus
from service.registrations.steps import (
    LIVE,
    Adopt,
    Create,
    Expire,
    Finish,
    Foreign,
    Keep,
    Ours,
    Overlap,
    Patch,
    Prune,
    Recreate,
    Remove,
    Retire,
    Rotate,
    Step,
    Theirs,
    Wanted,
    destination,
)

Chooses = Callable[[Wanted], bool]


def choose_none(_wanted: Wanted) -> bool:
    """Choose no app and kind."""
    return False


def delivery_url(public_url: str, provider: str, key: str) -> str:
    """Where the provider shall send its deliveries (CONTRACT §5)."""
    return f"{public_url.rstrip('/')}/webhooks/{provider}/{key}"


def make_plan(
    wanted: Iterable[Wanted],
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    *,
    public_url: str,
    provider: str,
    prune: bool = False,
    rotating: Chooses = choose_none,
) -> list[Step]:
    """List the steps, in an order in which they can be taken: first what builds, then what takes away.

    `ours` holds every row of the account, the deleted ones too: a deleted one that is still at the provider
    is removed there. Adopting may be followed by a patch of the same webhook. `prune`: what no rule wants is
    deleted, not only reported. `rotating` chooses what is replaced although it is well.
    """
    live = {row.place: row for row in ours if row.status in LIVE}
    ids = {row.webhook_id for row in ours}
    served = {place: webhook for place, row in live.items() if (webhook := _find(row, theirs, ids))}
    wants = dict.fromkeys(wanted)
    steps: list[Step] = []
    for want in wants:
        row = live.get(want)
        if row is None:
            steps.append(Create(want))
        else:
            url = delivery_url(public_url, provider, row.key)
            steps.extend(_steps_for(row, served.get(want), url, rotate=rotating(want)))
    steps.extend(_unwanted(live, served, wants, prune=prune))
    delivering = {place for place in served if live[place].status is RegistrationStatus.ACTIVE}
    for row in ours:
        if row.status is RegistrationStatus.RETIRING:
            unwanted = row.place not in wants
            may_go = row.place in delivering or (unwanted and row.place not in live)
            steps.append(_leaving(row, theirs, prune=prune and unwanted, may_go=may_go))
    steps.extend(Remove(webhook) for webhook in _surplus(ours, theirs, served.values()))
    return steps


def find_foreign(
    ours: Iterable[Ours], theirs: Iterable[Theirs], *, public_url: str, other_keys: Collection[str] = ()
) -> list[Foreign]:
    """List the webhooks that are not ours.

    Those with one of `other_keys` are: a person set them up, or another account of this relay has them.
    """
    rows = list(ours)
    ids, keys = {row.webhook_id for row in rows}, {*other_keys, *(row.key for row in rows)}
    scheme, host, path = destination(public_url)
    return [
        Foreign(webhook, here=(at := destination(webhook.url))[:2] == (scheme, host) and _below(at[2], path))
        for webhook in theirs
        if webhook.id not in ids and webhook.key not in keys
    ]


def _steps_for(row: Ours, webhook: Theirs | None, url: str, *, rotate: bool) -> list[Step]:
    if webhook is None:
        return [Finish(row) if row.status is RegistrationStatus.CREATING else Recreate(row)]
    steps: list[Step] = []
    known = row.status is RegistrationStatus.ACTIVE and row.webhook_id == webhook.id and row.secret_known
    if not known:
        steps.append(Adopt(row, webhook))
    if (
        not _same_url(webhook.url, url)
        or not _same_url(row.url, url)
        or webhook.kinds != {row.kind}
        or webhook.app_id != row.app_id
    ):
        steps.append(Patch(row, webhook, url))
    if rotate and row.status is RegistrationStatus.ACTIVE:  # one that is being made is new enough
        steps.append(Rotate(row))
    return steps or [Keep(row)]


def _unwanted(
    live: Mapping[Wanted, Ours],
    served: Mapping[Wanted, Theirs],
    wants: Collection[Wanted],
    *,
    prune: bool,
) -> list[Step]:
    rows = [row for place, row in live.items() if place not in wants]
    return [Prune(row, served.get(row.place)) if prune else Retire(row) for row in rows]


def _leaving(row: Ours, theirs: Sequence[Theirs], *, prune: bool, may_go: bool) -> Step:
    """What becomes of one that is retiring: `may_go` says whether anything depends on it."""
    webhook = next((webhook for webhook in theirs if webhook.id == row.webhook_id), None)
    if prune:
        return Prune(row, webhook)
    return Expire(row, webhook) if row.overlap_over and may_go else Overlap(row)


def _find(row: Ours, theirs: Sequence[Theirs], ids: Collection[str | None]) -> Theirs | None:
    """The webhook that serves a row: by its id; else by its key, the first by id if there are several.

    One whose id is another row's (all `ids`) is that row's, whatever its URL was changed to.
    """
    by_id = [webhook for webhook in theirs if webhook.id == row.webhook_id]
    by_key = [webhook for webhook in theirs if webhook.key == row.key and webhook.id not in ids]
    return min(by_id or by_key, key=lambda webhook: webhook.id, default=None)


def _surplus(ours: Sequence[Ours], theirs: Sequence[Theirs], serving: Iterable[Theirs]) -> list[Theirs]:
    """Webhooks of ours that serve nothing; one whose row is retiring is still wanted."""
    spare = {webhook.id for webhook in serving}
    spare |= {row.webhook_id for row in ours if row.status is RegistrationStatus.RETIRING and row.webhook_id}
    keys = {row.key for row in ours}
    ids = {row.webhook_id for row in ours}
    return [
        webhook
        for webhook in theirs
        if webhook.id not in spare and (webhook.id in ids or webhook.key in keys)
    ]


def _same_url(one: str, other: str) -> bool:
    return destination(one) == destination(other)


def _below(path: str, base: str) -> bool:
    return path == base or path.startswith(f"{base}/")
