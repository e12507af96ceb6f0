"""`relay webhooks …`: our registrations at the providers."""

import typer

from service.cli.webhooks.adding import add, remove
from service.cli.webhooks.applying import apply, rotate
from service.cli.webhooks.listing import list_
from service.cli.webhooks.planning import plan

app = typer.Typer(name="webhooks", help="Our webhooks at the providers.", no_args_is_help=True)

app.command(
    "plan",
    epilog="Example: relay webhooks plan --json\n\n"
    "Exits 3 if the webhooks are not as they should be, 1 if an account can't be looked at.",
)(plan)
app.command(
    "apply",
    epilog="Example: relay webhooks apply --prune\n\n"
    "Exits 1 if an account failed, or its plan was not wanted; the others are done all the same.",
)(apply)
app.command("list", epilog="Example: relay webhooks list --account main --json")(list_)
app.command(
    "add",
    epilog="Example: relay webhooks add main Tasks --kind update",
)(add)
app.command("remove", epilog="Example: relay webhooks remove 0197a3c2-7d1f-7c3e-9b52-8a6f1d2e3c4b --yes")(
    remove
)
app.command(
    "rotate",
    epilog="Example: relay webhooks rotate --account main --app Tasks\n\n"
    "Exits 1 if an account failed; the others are done all the same.",
)(rotate)
