"""Values of time span fields (`Time Span Field Value` of Onspring's page)."""

from typing import Any

from service.dev.simulators.onspring.moments import read_moment, shown, wire

_INCREMENTS = ("Years", "Months", "Weeks", "Days", "Hours", "Minutes", "Seconds")
_ENDS = {"None": None, "EndByDate": "endByDate", "EndAfterOccurrences": "endAfterOccurrences"}


def checked_time_span(value: Any) -> dict[str, Any]:
    """Take a time span as it is sent. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError("a time span is an object")  # noqa: TRY004 (a wrong body is a wrong value here)
    quantity, increment = value.get("quantity"), value.get("increment")
    recurrence = value.get("recurrence", "None")
    if isinstance(quantity, bool) or not isinstance(quantity, int | float) or increment not in _INCREMENTS:
        raise ValueError(f"a time span needs a quantity, and an increment of {', '.join(_INCREMENTS)}")
    if recurrence not in _ENDS:
        raise ValueError(f"{recurrence!r} is not one of {', '.join(_ENDS)}")
    span = {"quantity": quantity, "increment": increment, "recurrence": recurrence}
    ending = _ENDS[recurrence]
    if ending is None:
        return span
    if value.get(ending) is None:
        raise ValueError(f"the recurrence {recurrence} needs {ending}")
    end = value[ending]
    return {**span, ending: wire(read_moment(str(end))) if ending == "endByDate" else end}


def time_span_text(span: dict[str, Any]) -> str:
    """Write a time span as it was entered: `Every 11 Second(s) End After 1 Occurrences`."""
    length = f"{span['quantity']} {str(span['increment']).removesuffix('s')}(s)"
    match span["recurrence"]:
        case "EndAfterOccurrences":
            return f"Every {length} End After {span['endAfterOccurrences']} Occurrences"
        case "EndByDate":
            return f"Every {length} End By {shown(read_moment(span['endByDate']))}"
    return length
