"""An answer's data in the shape that the endpoint documents, or UnreadableAnswerError.

Messages name the place and the kind of a mismatch, never the value: it may be a secret.
"""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from service.fusioo.endpoints import Endpoint
from service.fusioo.errors import UnreadableAnswerError
from service.fusioo.models import Record

Model = TypeVar("Model", bound=BaseModel)


def an_object(endpoint: Endpoint, data: Any) -> Record:
    """A JSON object; null or nothing counts as an empty one (writes may answer so)."""
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _mismatch(endpoint, "data is no object")
    return data


def a_record(endpoint: Endpoint, data: Any) -> Record:
    """A record: an object with an `id` of text."""
    if not isinstance(data, dict) or not isinstance(data.get("id"), str):
        raise _mismatch(endpoint, "data is no record with an id")
    return data


def records(endpoint: Endpoint, data: Any) -> list[Record]:
    """A list of records. One that has no id spoils the list: leaving it out would make it look deleted."""
    if not isinstance(data, list):
        raise _mismatch(endpoint, "data is no list of records")
    return [a_record(endpoint, element) for element in data]


def a_count(endpoint: Endpoint, data: Any) -> int:
    """The number in `{"count": n}`."""
    count = data.get("count") if isinstance(data, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise _mismatch(endpoint, "data has no count")
    return count


def a_model(endpoint: Endpoint, model: type[Model], data: Any) -> Model:
    """One thing as its model."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in ("data", *first["loc"]))
        raise _mismatch(endpoint, f"{place}: {first['type']}") from None


def models(endpoint: Endpoint, model: type[Model], data: Any) -> tuple[Model, ...]:
    """A list of things as models."""
    if not isinstance(data, list):
        raise _mismatch(endpoint, "data is no list")
    return tuple(a_model(endpoint, model, element) for element in data)


def _mismatch(endpoint: Endpoint, why: str) -> UnreadableAnswerError:
    return UnreadableAnswerError(why, endpoint=endpoint.label)
