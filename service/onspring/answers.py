"""An answer's data in the shape that the endpoint documents, or UnreadableAnswerError.

Messages name the place and the kind of a mismatch, never the value: it may be a record's.
"""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from service.onspring.endpoints import Endpoint
from service.onspring.errors import UnreadableAnswerError

Shape = TypeVar("Shape")


def shaped(endpoint: Endpoint, shape: TypeAdapter[Shape], data: Any) -> Shape:
    """Give the data in this shape."""
    try:
        return shape.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(("data", *map(str, first["loc"])))
        raise UnreadableAnswerError(f"{place}: {first['type']}", endpoint=endpoint.label) from None
