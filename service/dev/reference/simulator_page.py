"""The page of the simulator's switches, written from the switches themselves."""

from collections.abc import Iterable, Sequence

from service.dev.reference.markdown import code, table
from service.dev.reference.simulator_controls import CONTROLS, ONSPRING_CONTROLS, Control
from service.dev.simulators.fusioo.switches import SECTIONS
from service.dev.simulators.onspring.switches import ONSPRING_SWITCHES
from service.dev.simulators.switches import LISTED, Switch, switches_of

_HEAD = """\
# The simulated Fusioo and Onspring

`relay simulate fusioo` stands in for a Fusioo account: its API, webhooks, and two example apps.
[`relay simulate onspring`](#the-simulated-onspring) stands in for an Onspring instance. What is not
known of the real ones is a switch here, and so is what can go wrong. No switch is turned until somebody
does: each default is documented by the provider, or the likeliest guess.

This page is generated: `make docs` writes it from the switches themselves.

A switch has one name everywhere. On the command line its dot and underscores are hyphens; a list has commas
(`--delivery-retries 1,5,30`), headers are `Name=text`, `none` is nothing, and yes or no are two options
(`--api-writes-fire`, `--no-api-writes-fire`).

{ways}
All that is drawn by chance comes from `--seed`: the same seed and the same requests in the same order make
the same records, ids, losses, delays and wrong answers.
"""
_WAYS = (
    ("command line", "`relay simulate fusioo --missing-ids error --deliveries-drop-share 0.1`"),
    ("over HTTP", """`POST /_sim/switches` with `{"missing_ids": "error", "deliveries.drop_share": 0.1}`"""),
    ("in a test", """`state.settings.missing_ids = "error"`, `state.faults.deliveries.drop_share = 0.1`"""),
)
_PARTS = {
    "": ("Settings", "How it behaves where Fusioo is not known to."),
    "oauth": ("Token endpoint", "`POST /oauth/token`; in a test they stand in `state.oauth.settings`."),
    "deliveries": ("Faults of deliveries", "Counts are used up; shares are from 0 to 1, and stay."),
    "reads": (
        "Faults of reads",
        "What is read lags behind what was written: after a webhook, or after a create.",
    ),
    "answers": (
        "Wrong answers",
        """\
Any number of them; the first that fits a call and strikes is given. On the command line each is one
`--answer status=503,share=0.1,times=none,path=/apps`, over HTTP the list `answers` of the faults.""",
    ),
    "holds": (
        "Held calls",
        "Calls that wait until `POST /_sim/release`: over HTTP the list `holds` of the faults.",
    ),
}
_ROUTES_HEAD = """
## {heading}

They need no {proof}, cost no call, and answer this machine only. 400 says what is wrong, 404 what is not
there.
"""
_ONSPRING_HEAD = """
## The simulated Onspring

`relay simulate onspring` serves the whole API of Onspring at its root (no `/v2`), with the apps Users, Groups
and Tasks. Tasks are those of the API's page, with a text field more: `Fusioo Id` (6996), for the ids of the
records that they came from. Its query language is read as the API's page has it; keys have roles that see and
do only what they may; REST API outcomes are sent, and what is answered is put into the record.

A call needs the header `X-ApiKey`; the command prints the administrator's. A filter that cannot be read is
answered 400, with the place of the mistake. A wrong answer with the body `envelope` is `{"message": …}` here;
its `code`, and faults of reads, are not for Onspring. A 429, which Onspring's page does not know, is
`--answer status=429,retry_after=5`.
"""
_ONSPRING_PARTS = {
    "": ("Settings of the simulated Onspring", "How it behaves where Onspring is not known to."),
    "deliveries": (
        "Faults of outcomes",
        "As the faults of deliveries above: the switches `deliveries.*` have the same names and meaning.",
    ),
}


def render_simulator() -> str:
    """Write the page as Markdown."""
    parts = (_part(_PARTS[section], section, owner) for section, owner in {**SECTIONS, **LISTED}.items())
    return "".join(
        [
            _HEAD.replace("{ways}", table(("where", "how"), _WAYS)),
            *parts,
            _routes("Control routes", "token", CONTROLS),
            _ONSPRING_HEAD,
            _part(_ONSPRING_PARTS[""], "", ONSPRING_SWITCHES.sections[""]),
            "\n## {}\n\n{}\n".format(*_ONSPRING_PARTS["deliveries"]),
            _routes("Control routes of the simulated Onspring", "key", ONSPRING_CONTROLS),
        ]
    )


def _routes(heading: str, proof: str, controls: Sequence[Control]) -> str:
    rows = ((f"{', '.join(each.methods)} {code(f'/_sim{each.path}')}", each.meaning) for each in controls)
    head = _ROUTES_HEAD.format(heading=heading, proof=proof)
    return f"{head}\n{table(('route', 'what it does'), rows)}"


def _part(told_of: tuple[str, str], section: str, owner: type) -> str:
    heading, told = told_of
    titles = ("switch", "takes", "default", "meaning")
    return f"\n## {heading}\n\n{told}\n\n{table(titles, _rows(switches_of(section, owner)))}"


def _rows(switches: Iterable[Switch]) -> Iterable[Sequence[str]]:
    for switch in switches:
        name = switch.key if switch.section in LISTED else switch.name
        takes = ", ".join(map(code, switch.choices)) or _words(switch)
        default = code(switch.default_text) if switch.default_text else ""
        yield code(name), takes, default, switch.meaning


def _words(switch: Switch) -> str:
    """What people call the values of a switch without choices."""
    kind = str(switch.type)
    for part, words in _WORDS:
        if part in kind:
            return words
    return "text"


_WORDS = (
    ("bool", "`true`, `false`"),
    ("timedelta", "duration"),
    ("tuple", "numbers"),
    ("dict", "headers"),
    ("float", "number"),
    ("int", "whole number"),
)
