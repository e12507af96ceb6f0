"""What handler kind `http` sends by templates: address, headers, body; and what it refuses to send."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.handlers.builtin.http_message import Message, MessageTemplates
from service.handlers.builtin.http_options import HttpOptions
from service.handlers.kinds import OptionError
from service.handlers.template_values import values_of
from service.handlers.templates import TemplateFailedError
from tests.fixtures.changes import UPDATE, a_change

HOST = "https://ops.example.com"


def templates(**options: Any) -> MessageTemplates:
    return MessageTemplates(HttpOptions.model_validate({"url": f"{HOST}/hook", **options}))


def message(record: dict[str, Any] | None = None, **options: Any) -> Message:
    values = values_of(UPDATE if record is None else a_change(record=record))
    return templates(**options).render(values, lambda: {"ours": True})


def test_without_templates_it_sends_what_the_relay_writes() -> None:
    sent = message()
    assert (sent.url, dict(sent.headers), sent.body) == (
        f"{HOST}/hook",
        {"content-type": "application/json"},
        '{"ours":true}',
    )


@pytest.mark.parametrize(
    ("options", "body", "content_type"),
    [
        ({"body": {"text": "{{ record.status }}!"}}, '{"text":"Done!"}', "application/json"),
        ({"body": {"status": "{{ record.status }}"}}, '{"status":["Done"]}', "application/json"),
        ({"body": ["{{ change.version }}", 1, None]}, "[7,1,null]", "application/json"),
        ({"body": "{{ record.title }}"}, "Ünïcode", "text/plain; charset=utf-8"),
        ({"body": "{{ record.status }}"}, "Done", "text/plain; charset=utf-8"),
        ({"body": ""}, "", "text/plain; charset=utf-8"),
        ({"body": "<s/>", "content_type": "application/xml"}, "<s/>", "application/xml"),
        ({"body": {}, "content_type": "application/vnd.x+json"}, "{}", "application/vnd.x+json"),
        ({"method": "GET"}, None, None),
        ({"method": "DELETE"}, None, None),
        ({"method": "DELETE", "body": {"a": 1}}, '{"a":1}', "application/json"),
    ],
)
def test_a_body(options: dict[str, Any], body: str | None, content_type: str | None) -> None:
    sent = message(**options)
    assert sent.body == body
    assert sent.headers.get("content-type") == content_type


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/{{ record.id }}", "/i59adb"),
        ("/a/{{ record.title }}?s={{ record.status }}", "/a/%C3%9Cn%C3%AFcode?s=Done"),
        ("/?t={{ record.title }}", "/?t=%C3%9Cn%C3%AFcode"),
        ("/{{ 'a?b/c d' }}?e={{ 'f&g=h#i' }}", "/a%3Fb%2Fc%20d?e=f%26g%3Dh%23i"),
        ("?none={{ record.get('none') }}", "?none="),
        ("/{{ 'a?' if change.kind == 'update' else 'b?' }}{# who? #}?x", "/a%3F?x"),
    ],
)  # fmt: skip
def test_an_address_takes_values_and_keeps_its_shape(url: str, expected: str) -> None:
    assert message(url=HOST + url).url == HOST + expected


@given(value=st.text())
def test_no_value_leads_to_another_host_or_place(value: str) -> None:
    record = {"id": value}
    try:
        sent = message(record, url=f"{HOST}/tasks/{{{{ record.id }}}}/done?by={{{{ record.id }}}}")
    except TemplateFailedError:
        assert not value.strip(".")
        return
    parts = urlsplit(sent.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "ops.example.com", "")
    _, first, place, last = parts.path.split("/")
    assert (first, unquote(place), last) == ("tasks", value, "done")
    assert unquote(parts.query) == f"by={value}"


@pytest.mark.parametrize("value", ["", ".", "..", None, []])
def test_a_value_that_would_lead_elsewhere_is_refused(value: object) -> None:
    with pytest.raises(TemplateFailedError, match="url: an expression in its path gives nothing"):
        message({"id": value}, url=f"{HOST}/tasks/{{{{ record.id }}}}")


def test_an_address_does_not_grow_without_bound() -> None:
    with pytest.raises(TemplateFailedError, match="url: it is longer than 8000 characters"):
        message({"id": "x" * 8000}, url=f"{HOST}/{{{{ record.id }}}}")


@pytest.mark.parametrize(
    "url", ["https://{{ record.id }}/", "https://a.{{ record.id }}.com/", "{{ record.id }}"]
)
def test_the_host_is_fixed_and_statements_have_no_place(url: str) -> None:
    with pytest.raises(ValueError, match="should"):
        templates(url=url)


def test_headers_take_values() -> None:
    sent = message(headers={"X-Record": "{{ record.id }}", "X-Title": "{{ record.title | urlencode }}"})
    assert sent.headers["X-Record"] == "i59adb"
    assert sent.headers["X-Title"] == "%C3%9Cn%C3%AFcode"


@pytest.mark.parametrize("value", ["Ünïcode", "a\r\nX-Evil: b", "\x00"])
def test_a_value_that_no_header_can_hold_fails_the_run_for_good(value: str) -> None:
    with pytest.raises(TemplateFailedError, match=r"headers\.X-Title: a header holds printable ASCII only"):
        message({"title": value}, headers={"X-Title": "{{ record.title }}"})


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"basic": {"user": "relay", "password": "open sesame"}}, "Basic cmVsYXk6b3BlbiBzZXNhbWU="),
        ({"basic": {"user": "rélay", "password": ""}}, "Basic csOpbGF5Og=="),
        ({"bearer": "t0ken"}, "Bearer t0ken"),
    ],
)
def test_it_says_who_it_is(auth: dict[str, Any], expected: str) -> None:
    assert message(auth=auth).headers["Authorization"] == expected


@pytest.mark.parametrize(
    "options",
    [
        {"auth": {}},
        {"auth": {"bearer": "t0ken", "basic": {"user": "a", "password": "b"}}},
        {"auth": {"bearer": "t0ken t0ken"}},
        {"auth": {"basic": {"user": "a:b", "password": "t0ken"}}},
        {"auth": {"bearer": "t0ken"}, "headers": {"authorization": "t0ken"}},
        {"method": "GET", "body": {"a": "t0ken"}},
        {"content_type": "t0ken\r\n"},
        {"headers": {"Content-Type": "text/xml"}},
    ],
)
def test_options_that_do_not_go_together_are_refused_without_repeating_them(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"should|has") as caught:
        templates(**options)
    assert "t0ken" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"url": f"{HOST}/{{{{ recrod.id }}}}"}, ("url",)),
        ({"url": f"{HOST}/?a={{{{ recrod.id }}}}"}, ("url",)),
        ({"headers": {"X-A": "{{ recrod.id }}"}}, ("headers", "X-A")),
        ({"body": {"a": ["{{ recrod.id }}"]}}, ("body", "a", 0)),
    ],
)
def test_a_template_that_can_not_be_used_is_found_at_load(
    options: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(OptionError) as caught:
        templates(**options)
    assert caught.value.path == path


def test_no_error_repeats_a_header() -> None:
    with pytest.raises(OptionError) as caught:
        templates(headers={"Authorization": "Bearer {{ hunter2 }}"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "changes", "alarms"),
    [
        (None, True, True),
        ({"text": "something happened"}, True, True),
        ({"text": "{{ record.title }}"}, True, False),
        ({"text": "{{ alarm.message }}"}, False, True),
    ],
)
def test_what_templates_name_says_what_they_are_for(body: object, changes: bool, alarms: bool) -> None:
    made = templates(body=body)
    assert (made.takes_changes, made.takes_alarms) == (changes, alarms)


def test_a_change_and_an_alarm_at_once_there_is_not() -> None:
    with pytest.raises(OptionError, match="name `alarm`, `record`"):
        templates(body={"a": "{{ alarm.name }}"}, url=f"{HOST}/{{{{ record.id }}}}")


def test_the_fields_that_they_read_are_known() -> None:
    made = templates(
        url=f"{HOST}/{{{{ record.id }}}}?a={{{{ record.a }}}}",
        headers={"X-B": "{{ record.b }}"},
        body={"c": "{{ record.c }}"},
    )
    assert made.fields == {"id", "a", "b", "c"}


def test_reprs_show_no_secret() -> None:
    options = HttpOptions.model_validate(
        {"url": HOST, "auth": {"basic": {"user": "relay", "password": "s3cret"}}, "body": "s3cret"}
    )
    made = MessageTemplates(options)
    sent = made.render(values_of(UPDATE), dict)
    assert not any("s3cret" in repr(thing) for thing in (options, made, sent))
    assert {"s3cret", "cmVsYXk6czNjcmV0", "Basic cmVsYXk6czNjcmV0"} <= set(options.secrets())
