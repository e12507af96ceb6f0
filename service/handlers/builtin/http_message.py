"""What handler kind `http` sends: address, headers and body, by the templates in its options. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from service.handlers.builtin.http_options import HEADER_VALUE, LONGEST_URL, TAG, HttpOptions
from service.handlers.kinds import OptionError
from service.handlers.payload import encode_payload
from service.handlers.template_filters import in_text
from service.handlers.template_values import ALARM_NAMES, CHANGE_NAMES
from service.handlers.templates import TemplateFailedError, Templates, compile_templates

JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"
_NAMES = CHANGE_NAMES | ALARM_NAMES
_BODILESS = frozenset({"GET", "DELETE"})
_UP_TO_QUERY = re.compile(rf"(?:{TAG.pattern}|[^?])*", re.DOTALL)


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """What goes out, but for what the relay adds itself. It has no useful repr: it may hold secrets."""

    url: str
    headers: Mapping[str, str]
    body: str | None
    """None: without one."""


class MessageTemplates:
    """The options of one handler, compiled. Raises OptionError for a template that can't be used."""

    def __init__(self, options: HttpOptions) -> None:
        path, query = _parts(options.url)
        self._path = compile_templates(path, under=("url",), names=_NAMES, as_text=True, write=_in_path)
        self._query = compile_templates(query, under=("url",), names=_NAMES, as_text=True, write=_in_query)
        self._headers = {
            name: compile_templates(
                value.get_secret_value(), under=("headers", name), names=_NAMES, as_text=True, secret=True
            )
            for name, value in options.headers.items()
        }
        self._fixed_headers = {} if options.auth is None else {"Authorization": options.auth.header()}
        self._is_text = isinstance(options.body, str)
        self._body = None
        if options.body is not None:
            self._body = compile_templates(
                options.body, under=("body",), names=_NAMES, as_text=isinstance(options.body, str)
            )
        self._sends_payload = self._body is None and options.method not in _BODILESS
        self._content_type = options.content_type or (_TEXT if self._is_text else JSON)
        self.names = frozenset[str]().union(*(part.names for part in self._parts()))
        self.fields = frozenset[str]().union(*(part.fields for part in self._parts()))
        if self.names & ALARM_NAMES and self.names & CHANGE_NAMES:
            mixed = ", ".join(f"`{name}`" for name in sorted(self.names))
            message = f"its templates name {mixed}, and there is either a change or an alarm"
            raise OptionError(message, remedy="write two handlers: one for rules, one for `alarms`")

    @property
    def takes_changes(self) -> bool:
        """Whether a change has all that its templates name."""
        return self.names <= CHANGE_NAMES

    @property
    def takes_alarms(self) -> bool:
        """Whether an alarm has all that its templates name."""
        return self.names <= ALARM_NAMES

    def render(self, values: Mapping[str, Any], payload: Callable[[], Mapping[str, Any]]) -> Message:
        """Put in the values; `payload` gives the body that the relay writes, where options name no other.

        Raises TemplateFailedError: the same change would fail the same way.
        """
        url = self._path.render(values) + self._query.render(values)
        if len(url) > LONGEST_URL:
            raise TemplateFailedError(f"url: it is longer than {LONGEST_URL} characters")
        headers = {name: self._header(name, part, values) for name, part in self._headers.items()}
        body = self._render_body(values, payload)
        if body is not None:
            headers["content-type"] = self._content_type
        return Message(url, {**headers, **self._fixed_headers}, body)

    def _render_body(self, values: Mapping[str, Any], payload: Callable[[], Mapping[str, Any]]) -> str | None:
        if self._body is None:
            return encode_payload(payload()) if self._sends_payload else None
        given = self._body.render(values)
        return given if self._is_text else encode_payload(given)

    @staticmethod
    def _header(name: str, part: Templates, values: Mapping[str, Any]) -> str:
        value: str = part.render(values)
        if not HEADER_VALUE.fullmatch(value):
            raise TemplateFailedError(f"headers.{name}: a header holds printable ASCII only; use `urlencode`")
        return value

    def _parts(self) -> list[Templates]:
        given = [self._path, self._query, *self._headers.values()]
        return given if self._body is None else [*given, self._body]


def _parts(url: str) -> tuple[str, str]:
    """Cut an address before its query, which a `?` within an expression does not begin."""
    found = _UP_TO_QUERY.match(url)
    end = len(url) if found is None else found.end()
    return url[:end], url[end:]


def _in_query(value: Any) -> str:
    return quote(str(in_text(value)), safe="")


def _in_path(value: Any) -> str:
    # Without this, an empty value or `..` would lead to another place at the same host.
    text = str(in_text(value))
    if not text.strip("."):
        raise ValueError("an expression in its path gives nothing, or dots only")
    return quote(text, safe="")
