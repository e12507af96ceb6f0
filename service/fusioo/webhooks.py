"""What Fusioo sends to our webhooks, without I/O: a body becomes record ids.

The body's form is not documented. One public receiver reads `id`, an older one of the workflow action
`record_id`; so all plausible places are accepted, and an array counts as several deliveries. Where bodies
keep the id elsewhere, a path says so.
"""

from service.transport.bodies import elements_of, places, record_ids
from service.transport.id_path import IdPath

SECRET_HEADER = "X-Fusioo-Secret"  # noqa: S105  a header's name; as one public receiver reads it
USUAL_PLACES = places("id", "record_id", "recordId", "data.id", "record.id")


def parse_delivery(body: bytes, id_path: IdPath | None = None) -> list[str]:
    """Give the ids of the records that a delivery's body names, each once, in its order.

    What stands at `id_path` counts before the usual places; an element without ids there is read as usual.
    Raises MalformedBodyError for what is not JSON in UTF-8, NoRecordIdError for an empty array, any element
    without a usable id, or more than 1,000 elements or ids.
    """
    return record_ids(elements_of(body), USUAL_PLACES, id_path)
