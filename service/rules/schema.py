"""The whole of `relay.yaml` as types, with the defaults of the contract. Pure.

What needs to look across sections (unknown handlers, names used twice) is in `references`. What a key means
stands in its description, ways to write it in its examples: `docs/reference/relay-yaml.md` is made of them.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from service.changes.types import Kind
from service.rules.account import Account
from service.rules.changed import Changed
from service.rules.expand import Expand
from service.rules.handler import Handler
from service.rules.section import Id, Name, NotEmpty, Period, Section
from service.rules.when import When


class Rule(Section):
    """Which changes of an app run which handlers."""

    name: Name = Field(
        description="The rule's own name; no other rule may have it.", examples=["urgent-tasks"]
    )
    account: str = Field(description="A name under `accounts`.", examples=["main"])
    app: Id = Field(
        description="The app's id, or its exact name; a name must be that of exactly one app.",
        examples=["ia4f42"],
    )
    on: Annotated[frozenset[Kind], NotEmpty] = Field(
        frozenset(Kind), description="The kinds of change.", examples=[["create", "update"]]
    )
    when: When | None = Field(
        None,
        description=(
            "Conditions on the record after the change. On delete, on its last known state; where that is "
            "unknown, the rule does not match. `client.country` is the field of a record that `client` links "
            "to, over at most three links: one of the linked records must satisfy all that is asked of it."
        ),
        examples=[
            {"priority": {"contains_any": ["High", "Critical"]}, "approved": {"equal": True}},
            {"client.country": {"equal": "DE"}},
        ],
    )
    when_before: When | None = Field(
        None,
        description=(
            "Conditions on the record before the change. On delete, on its last known state. Never holds "
            "for a create or a first sight: there is no state before. Who edited it before is not known."
        ),
        examples=[{"status": {"contains_any": ["To do", "In progress"]}}],
    )
    changed: Changed | None = Field(
        None,
        description=(
            "A field or a list: one of these fields changed. A mapping: each of these fields changed in this "
            "way: `from` and `to` values, or `set`, or `cleared`. Never holds for a create, a first sight or "
            "a delete: there is no diff."
        ),
        examples=[
            ["status"],
            {"status": {"from": "In progress", "to": "Done"}},
            {"due_date": "cleared"},
        ],
    )
    expand: Expand = Field(
        (),
        description=(
            "Link fields whose records are fetched too, before the handlers are called: `client`, or "
            "`client.owner` for the owners of the clients (at most three links). Handlers get them as "
            "`linked`, and the ids of those that are not to be had as `gaps`. Of each path the first 200."
        ),
        examples=[["client", "client.owner"]],
    )
    run: Annotated[tuple[str, ...], NotEmpty] = Field(
        description="Names under `handlers`, each at most once; each gets a run of its own.",
        examples=[["ops", "mirror"]],
    )
    unchanged: bool = Field(
        default=False,
        description=(
            "Run also when the provider told of the record and nothing differs: its change is an update with "
            "an empty diff. Not together with `changed`."
        ),
        examples=[True],
    )


class Retention(Section):
    """How long finished things are kept; unfinished ones never go."""

    deliveries: Period = Field(
        timedelta(days=7), description="Settled deliveries, from when they were settled.", examples=["7d"]
    )
    changes: Period = Field(
        timedelta(days=30),
        description="Changes with their runs and attempts, from when they were stored.",
        examples=["30d"],
    )


class RelayFile(Section):
    """A whole `relay.yaml`."""

    version: Literal[1] = Field(description="The version of the format.", examples=[1])
    accounts: Annotated[dict[Name, Account], NotEmpty] = Field(
        description="The accounts, by a name of your own; at least one.",
        examples=[{"main": {"provider": "fusioo", "token": "${FUSIOO_TOKEN}"}}],
    )
    handlers: dict[Name, Handler] = Field(
        default={},
        description="What can be done about a change, by a name of your own.",
        examples=[{"ops": {"http": {"url": "https://ops.example.com/hook"}}}],
    )
    rules: tuple[Rule, ...] = Field(
        (),
        description="Which changes run which handlers.",
        examples=[[{"name": "urgent-tasks", "account": "main", "app": "Tasks", "run": ["ops"]}]],
    )
    alarms: tuple[str, ...] = Field(
        (),
        description=(
            "Handlers that are told of alarms: once when one is raised, once when it is over. `http` and "
            "`log` take changes and alarms (`http` with templates takes what these name); a `python` "
            "function is for alarms if `@alarm_handler` marks it."
        ),
        examples=[["ops"]],
    )
    retention: Retention = Field(
        Retention(),
        description="How long finished things are kept.",
        examples=[{"deliveries": "7d", "changes": "30d"}],
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, sections: Any) -> Any:
        """A section whose lines are all commented out (`rules:`) counts as not written."""
        if not isinstance(sections, dict):
            return sections
        return {key: section for key, section in sections.items() if section is not None}
