"""Handlers of the example configuration: plain functions, which take what changed and a context."""

from service.handlers import Change, Context, Discard, handler


@handler
async def announce(change: Change, ctx: Context) -> None:
    """Say for which client a task was done. The task only names the client's id: the API tells the rest.

    What it raises is tried again, as `retry` says in relay.yaml; after Discard nothing is.
    """
    task = change.record or {}
    clients = task.get("client")
    if not clients:
        raise Discard("the task has no client")
    client = await ctx.fusioo(change.account).records.get(clients[0])
    ctx.log.info("task.announced", task=task["title"], client=client["name"])
