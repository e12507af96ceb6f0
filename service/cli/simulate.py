"""`relay simulate …`: providers to try things on."""

import inspect
import secrets
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from service.dev.simulators.faults import AnswerFault, Faults
from service.dev.simulators.fusioo.switches import FUSIOO_SWITCHES
from service.dev.simulators.onspring.switches import ONSPRING_SWITCHES
from service.dev.simulators.switches import Register, Switch, read_answer

app = typer.Typer(name="simulate", help="Stand in for a provider.", no_args_is_help=True)

_FORMER_NAMES = {"calls_per_window": ("--calls-per-hour",)}


@app.callback()
def simulate() -> None:
    """Stand in for a provider."""


def _parameter_of(switch: Switch) -> str:
    return switch.name.replace(".", "__")


def _option_of(switch: Switch) -> inspect.Parameter:
    """Make the command's parameter for a switch; it stays None where the option is not given."""
    flag = "--" + switch.name.replace(".", "-").replace("_", "-")
    if switch.type is bool:
        kind: Any = bool | None
        declarations = [f"{flag}/--no-{flag.removeprefix('--')}"]
    else:
        kind = str | None
        declarations = [flag, *_FORMER_NAMES.get(switch.name, ())]
    option = typer.Option(
        *declarations,
        metavar=None if switch.type is bool else "|".join(switch.choices) or "VALUE",
        help=f"{switch.meaning} [default: {switch.default_text}]",
    )
    return inspect.Parameter(
        _parameter_of(switch),
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, option],
    )


def _with_switches(register: Register) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each switch, in place of its `**values`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = [
            each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        parameters = [*own, *map(_option_of, register.switches())]
        command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters} | {"return": None}
        return command

    return decorate


_Port = Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes any free one.")]
_Answers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUE,…",
        help="A wrong or slow answer, like status=503,share=0.1,times=none,path=/apps; may be repeated.",
    ),
]


@app.command(
    "fusioo",
    epilog="Example: relay simulate fusioo --port 8010 --rate 2 --delivery-body record",
)
@_with_switches(FUSIOO_SWITCHES)
def fusioo(
    *,
    port: _Port = 8010,
    seed: Annotated[int, typer.Option(help="The same seed makes the same records, edits and faults.")] = 0,
    token: Annotated[
        str | None, typer.Option(help="The administrator's token (default: a new one, printed).")
    ] = None,
    rate: Annotated[float, typer.Option(min=0, help="Edits a second; 0 for none.")] = 0.0,
    answer: _Answers = None,
    **values: bool | str | None,
) -> None:
    """Serve Fusioo's API on the loopback address, with two example apps, until Ctrl-C.

    The options after the first few are switches for what is not known of the real Fusioo, and for faults.
    """
    from service.dev.simulators.fusioo.server import run_simulator

    sections, answers = _turned(FUSIOO_SWITCHES, values, answer)
    if token is None:
        token = secrets.token_urlsafe(16)
        typer.echo(f"FUSIOO_TOKEN={token}")
    faults = Faults(deliveries=sections["deliveries"], reads=sections["reads"], answers=answers)
    run_simulator(port, seed, token, rate, settings=sections[""], oauth=sections["oauth"], faults=faults)


@app.command(
    "onspring",
    epilog="Example: relay simulate onspring --port 8020 --unauthorized-body empty --quote-escape none",
)
@_with_switches(ONSPRING_SWITCHES)
def onspring(
    *,
    port: _Port = 8020,
    seed: Annotated[int, typer.Option(help="The same seed makes the same ids and faults.")] = 0,
    key: Annotated[
        str | None, typer.Option(help="The administrator's API key (default: a new one, printed).")
    ] = None,
    answer: _Answers = None,
    **values: bool | str | None,
) -> None:
    """Serve Onspring's API on the loopback address, with three example apps, until Ctrl-C.

    The options after the first few are switches for what is not known of the real Onspring, and for faults.
    """
    from service.dev.simulators.onspring.server import run_simulator

    sections, answers = _turned(ONSPRING_SWITCHES, values, answer)
    if key is None:
        key = secrets.token_urlsafe(16)
        typer.echo(f"ONSPRING_API_KEY={key}")
    faults = Faults(deliveries=sections["deliveries"], answers=answers)
    run_simulator(port, seed, key, settings=sections[""], faults=faults)


def _turned(
    register: Register, values: Mapping[str, bool | str | None], answer: list[str] | None
) -> tuple[dict[str, Any], list[AnswerFault]]:
    """Read switches and wrong answers from the options that are given. Raises BadParameter."""
    known = {_parameter_of(switch): switch for switch in register.switches()}
    given = {
        known[parameter].name: known[parameter].read(value) if isinstance(value, str) else value
        for parameter, value in values.items()
        if value is not None
    }
    try:
        return register.turned(register.fresh(), given), [read_answer(text) for text in answer or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
