"""Which apps the rules mean. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from service.changes.types import App
from service.errors import ConfigurationError

_FEW = 12


@dataclass(frozen=True, slots=True)
class AppReference:
    """How a rule names an app: by its id or its exact name. `place` is where (`relay.yaml:14:10`)."""

    text: str
    place: str | None = None


def resolve_apps(references: Iterable[AppReference], apps: Iterable[App]) -> Mapping[str, App]:
    """Find the one app that each reference means, by the reference's text.

    Raises ConfigurationError where it means none, or more than one; the error lists what it could mean.
    """
    known = list(apps)
    return {reference.text: _resolve(reference, known) for reference in references}


def _resolve(reference: AppReference, known: list[App]) -> App:
    text = reference.text
    matching = [app for app in known if text in (app.id, app.name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        candidates = ", ".join(f"`{app.id}` ({app.name})" for app in matching)
        raise ConfigurationError(
            f"`{text}` means more than one app: {candidates}",
            place=reference.place,
            remedy="write the id of the one that you mean",
        )
    raise ConfigurationError(
        f"the token sees no app with the id or exact name `{text}`",
        place=reference.place,
        remedy=_suggestion(text, known),
    )


def _suggestion(text: str, known: list[App]) -> str:
    names = sorted({app.name for app in known})
    close = get_close_matches(text, [*names, *(app.id for app in known)], n=3)
    wanted = text.strip().casefold()
    close += [name for name in names if name.casefold() == wanted and name not in close]
    if close:
        return f"did you mean {' or '.join(f'`{name}`' for name in close)}?"
    if not names:
        return "it sees no app at all: check the permissions of the token's user"
    listed = ", ".join(f"`{name}`" for name in names[:_FEW])
    return f"it sees {listed}" + (" …" if len(names) > _FEW else "")
