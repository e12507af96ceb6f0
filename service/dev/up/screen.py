"""What `relay up` shows: where everything is, and what happens."""

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from service.clock import format_duration
from service.dev.up.feed import Told
from service.dev.up.lines import change_line
from service.dev.up.mistakes import Mistake
from service.dev.up.plan import Plan
from service.pipeline.registering.register import Applied
from service.registrations.steps import Keep, Overlap, Retire

_WITH_DATA = ("changes list", "runs list", "deliveries list", "doctor")


class Screen:
    """Writes lines to a console; in a pipe without colours, and never broken to a width."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, message: str) -> None:
        """Something about `relay up` itself."""
        self._show(Text(message, "bold"))

    def note(self, message: str) -> None:
        self._show(Text(message, "dim"))

    def places(self, plan: Plan) -> None:
        """Where everything is."""
        provider = "the real Fusioo" if plan.simulator is None else "a simulated Fusioo"
        self._show(Text())
        self._show(Text.assemble((f"fusioo-relay is running, on {provider}.", "bold"), " Ctrl-C ends it."))
        self._show(Text())
        rows = {
            "web": plan.web_url,
            "health": f"{plan.web_url}/health",
            "public URL": plan.settings.public_url or "",
            "simulator": plan.simulator.url if plan.simulator else "",
            "rules": str(plan.settings.config),
            "data": str(plan.root),
            "logs": str(plan.logs / "*.log"),
        }
        if plan.own_admin_token and plan.settings.admin_token is not None:
            rows["admin token"] = plan.settings.admin_token.get_secret_value()
        if rows["public URL"] == plan.web_url:
            del rows["public URL"]
        for name, value in rows.items():
            if value:
                self._show(Text.assemble((f"  {name:<12}", "dim"), value))
        self._show(Text())
        commands = " · ".join(f"relay {command}" for command in _WITH_DATA)
        self._show(Text.assemble(("In another terminal: ", "dim"), commands))
        self._show(Text())

    def applied(self, account: str, applied: Applied) -> None:
        """What became of an account's webhooks."""
        names = ", ".join(sorted({app.name for app in applied.apps.values()}))
        done = len(applied.steps) - applied.count(Keep, Overlap, Retire)
        kept = applied.count(Keep)
        counts = [f"{done} registered"] if done else []
        counts += [f"{kept} in place"] if kept else []
        apps = f" ({names})" if names else ""
        if applied.polled is not None:
            every = format_duration(applied.polled.every)
            self.note(f"Apps of account {account}{apps}: polled every {every}.")
            return
        self.note(f"Webhooks of account {account}{apps}: {', '.join(counts) or 'none needed'}.")

    def change(self, told: Told) -> None:
        self._show(change_line(told))

    def mistake(self, mistake: Mistake, log: Path) -> None:
        """An error in a log."""
        facts = " ".join(f"{name}={value}" for name, value in mistake.facts.items())
        line = Text.assemble(
            (f"{datetime.now().astimezone():%H:%M:%S}", "dim"), (f"  {mistake.part}: {mistake.event}", "red")
        )
        line.append(f"  {facts}")
        if mistake.traceback:
            line.append(f"  (the traceback is in {log})", "dim")
        self._show(line)

    def _show(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)
