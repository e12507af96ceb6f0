"""The users of the company, as `GET /users` shows them."""

import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Member:
    """One user of the account; whose token a call shows is another matter."""

    id: str
    name: str
    surname: str
    email: str
    is_lite: bool = False
    is_enabled: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def members_named(full_names: Iterable[str], seed: int) -> dict[str, Member]:
    """Make a member for each "Name Surname", by id; the same seed gives the same ids."""
    # A stream of its own: the ids of records stay what they were before there were members.
    rng = random.Random(f"members {seed}")  # noqa: S311 (made to be repeatable, protects nothing)
    members = {}
    for full_name in full_names:
        name, _, surname = full_name.partition(" ")
        member = Member(f"i{rng.getrandbits(128):032x}", name, surname, f"{name.lower()}@company.example")
        members[member.id] = member
    return members
