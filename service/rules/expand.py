"""`expand` of a rule: which linked records are fetched too. Pure."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from service.rules.section import Id, written_as

DEEPEST = 3
"""So many links one after the other may be followed: each level is another call, and cycles end here."""


def split_path(path: str) -> tuple[str, ...]:
    """Give the fields of `client.owner`, in order."""
    return tuple(path.split("."))


def with_beginnings(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Give the paths, each once, after its beginnings: with `client.owner` comes `client`."""
    steps = [split_path(path) for path in paths]
    return tuple(
        dict.fromkeys(".".join(fields[:length]) for fields in steps for length in range(1, len(fields) + 1))
    )


def _check_path(path: str) -> str:
    fields = split_path(path)
    if not all(field.strip() for field in fields):
        message = f"`{path}` is no path of link fields; write one like client, or client.owner"
        raise ValueError(message)
    if len(fields) > DEEPEST:
        message = f"`{path}` follows {len(fields)} links; at most {DEEPEST} are followed"
        raise ValueError(message)
    return path


def _check_once(value: object) -> object:
    if isinstance(value, list | tuple):
        texts = [each for each in value if isinstance(each, str)]
        twice = next((each for each in texts if texts.count(each) > 1), None)
        if twice is not None:
            message = f"`{twice}` stands here twice; remove one of them"
            raise ValueError(message)
    return value


LinkPath = Annotated[
    Id, AfterValidator(_check_path), written_as("link path", type=["string", "integer"], minLength=1)
]
"""`client`, or `client.owner`: the ids of link fields, at most three, with dots between them."""
Expand = Annotated[tuple[LinkPath, ...], BeforeValidator(_check_once)]
"""The paths of a rule, each once."""
