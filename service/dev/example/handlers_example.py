"""Handlers of the example configuration: plain functions, which take what changed and a context."""

from service.handlers import Change, Context, Discard, handler


@handler
async def announce(change: Change, ctx: Context) -> None:
    """Say for which client a task was done. The task only names the client's id: `expand` brings the rest.

    What it raises is tried again, as `retry` says in relay.yaml; after Discard nothing is. Your own calls go
    by `ctx.fusioo(change.account)`.
    """
    task = change.record or {}
    clients = change.linked["client"]
    if not clients:
        raise Discard("the task has no client, or nobody may see it (change.gaps)")
    ctx.log.info("task.announced", task=task["title"], client=clients[0]["name"])
