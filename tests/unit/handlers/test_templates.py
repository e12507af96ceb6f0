"""Templates: what they give, what they refuse when they are loaded, and what they can't do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Disposition
from service.handlers.kinds import OptionError
from service.handlers.templates import OUTPUT_AT_MOST, TemplateFailedError, compile_templates

RECORD: dict[str, Any] = {
    "title": "Bolts",
    "status": ["Done"],
    "tags": ["red", "blue"],
    "effort": 2.5,
    "open": True,
    "note": None,
    "items": "a field",
    "odd id": 7,
    "due": "2026-11-22T05:00:00+0000",
    "day": "2026-11-22",
    "text": "<p>Nuts &amp; <b>bolts</b></p>",
    "mean": "{{ record.title }}{% for a in b %}",
}
VALUES: dict[str, Any] = {
    "record": RECORD,
    "diff": {"status": {"before": None, "after": ["Done"]}},
    "change": {"kind": "update", "app": {"id": "i1", "name": "Tasks"}},
    "linked": {"client": [{"id": "c1", "name": "Acme"}, {"id": "c2", "name": "Bauer"}]},
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def rendered(template: Any) -> Any:
    return compile_templates(template).render(VALUES)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("{# said to readers only #}", ""),
        ("{{ record.title }}", "Bolts"),
        ("{{ record.status }}", ["Done"]),
        ("{{ record.effort }}", 2.5),
        ("{{ record.open }}", True),
        ("{{ record.note }}", None),
        ("{{ record }}", RECORD),
        ("{{ record.effort * 2 }}", 5.0),
        ("{{ record.tags | map('upper') }}", ["RED", "BLUE"]),
        ("{{ 'late' if record.open else none }}", "late"),
        ("{{ record.title }}\n", "Bolts"),
        (" {{ record.effort }}", " 2.5"),
        ("{{ record.items }}", "a field"),
        ('{{ record["odd id"] }}', 7),
        ("{{ record.get('never') }}", None),
        ("{{ record.never | default('none') }}", "none"),
        ("{{ record.mean }}", RECORD["mean"]),
        ("in text: {{ record.mean }}", f"in text: {RECORD['mean']}"),
        ("{{ record.title }} is {{ record.status }}", "Bolts is Done"),
        ("{{ record.tags }}; {{ record.open }}; {{ record.note }}.", "red, blue; true; ."),
        ("from {{ diff.status.before }} to {{ diff.status.after }}", "from  to Done"),
        ("{% if diff.title is defined %}renamed{% endif %}", ""),
        ("{% for tag in record.tags if tag != 'red' %}{{ loop.length }} {{ tag }}{% endfor %}", "1 blue"),
        ("{% for name, side in diff.items() %}{{ name }}={{ side.after }}{% endfor %}", "status=Done"),
        ("{{ change.app.name }} {{ change.kind | upper }}", "Tasks UPDATE"),
        ("{{ linked.client[0].name }}", "Acme"),
        ("{{ linked.client | map(attribute='name') | join(' + ') }}", "Acme + Bauer"),
        ("{{ linked.client | join(attribute='id') }}", "c1, c2"),
        ("{{ record.status | upper }}", "DONE"),
        ("{{ record.status | text }}", "Done"),
        ("{{ record.text | striptags }}", "Nuts & bolts"),
        ("{{ '<b>' | escape }}", "&lt;b&gt;"),
        ("{{ record.title | truncate(4, true, '…', 0) }}", "Bol…"),
        ("{{ record.day | date('%d.%m.%Y') }}", "22.11.2026"),
        ("{{ record.due | date('%H:%M', 'Europe/Berlin') }}", "06:00"),
        ("{{ record.due | date }}", "2026-11-22"),
        ("{{ record.note | date }}", ""),
        ('{"t": {{ record.tags | tojson }}}', '{"t": ["red", "blue"]}'),
        ({"a": ["{{ record.title }}", 3, None], "{{ b }}": {"c": "{{ record.tags[1] }}!"}},
         {"a": ["Bolts", 3, None], "{{ b }}": {"c": "blue!"}}),
    ],
)  # fmt: skip
def test_it_gives(template: Any, expected: Any) -> None:
    given_back = rendered(template)
    assert given_back == expected
    assert type(given_back) is type(expected)


def test_a_lone_expression_can_be_wanted_as_text() -> None:
    assert compile_templates("{{ record.status }}", as_text=True).render(VALUES) == "Done"


@pytest.mark.parametrize(
    ("template", "message", "path"),
    [
        ("{{ recrod.title }}", "such here (did you mean `record`?)", ("body",)),
        ("one\n{{ recrod.title }}", "line 2 of the template names `recrod`", ("body",)),
        ({"text": ["", "{{ x }}"]}, "the template names `x`", ("body", "text", 1)),
        ("{{ record.title", "the template can't be read: unexpected end of template", ("body",)),
        ("{% if record.a %}", "the template can't be read: Unexpected end of template", ("body",)),
        ("{{ record.a | uper }}", "filter `uper`, and there is none such (did you mean `upper`?)", ("body",)),
        ("{{ record.a is definde }}", "the test `definde`, and there is none such (did", ("body",)),
        ("{% include 'a' %}", "holds `{% include %}`, and a template here stands alone", ("body",)),
        ("{% macro a() %}{% endmacro %}", "holds `{% macro %}`", ("body",)),
        ("{% for a in record recursive %}{% endfor %}", "has loops that call themselves", ("body",)),
        ("{% for a in record %}" * 4 + "{% endfor %}" * 4, "more than 3 within each other", ("body",)),
        ("{{ alarm.name }}", "the template names `alarm`", ("body",)),
        ("{{ lipsum() }}", "the template names `lipsum`", ("body",)),
    ],
)  # fmt: skip
def test_a_mistake_is_found_when_it_is_loaded(
    template: Any, message: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(OptionError) as caught:
        compile_templates(template, under=("body",))
    assert message in str(caught.value)
    assert caught.value.path == path


def test_an_error_about_a_secret_text_repeats_nothing_of_it() -> None:
    with pytest.raises(OptionError) as caught:
        compile_templates("Bearer {{ hunter2 }}", secret=True)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ record.titel }}", "body: there is no `titel`; did you mean `title`?"),
        ("a\n\n{{ record.titel }}", "body, line 3: there is no `titel`"),
        ("{{ [record.zzz] }}", "body: there is no `zzz`"),
        ("{% if record.zzz %}{% endif %}", "body: there is no `zzz`"),
        ("{{ linked.client[2].name }}", "body: there is no element 2: the list has 2"),
        ("{{ record.note.name }}", "body: there is no `name` of nothing (null)"),
        ("{{ record.title.name }}", "body: a value of type str has no `name`"),
        ("{{ record.title | date }}", "body: `date` was given what is no date"),
        ("{{ 1 / 0 }}", "body: division by zero"),
        ("{{ 1e308 * 10 }}", "body: its number is no JSON value"),
        ("{{ record.get }}", "body: it gives a builtin_function_or_method, which is no JSON value"),
        ("so {{ record.get }}", "body: a builtin_function_or_method can't stand in a text"),
    ],
)
def test_what_can_not_be_rendered_says_why(template: str, message: str) -> None:
    templates = compile_templates(template, under=("body",))
    with pytest.raises(TemplateFailedError) as caught:
        templates.render(VALUES)
    assert str(caught.value).startswith(message)
    assert caught.value.disposition is Disposition.DISCARD


def test_a_record_that_was_never_seen_is_null() -> None:
    with pytest.raises(TemplateFailedError, match=r"there is no `title` of nothing \(null\)"):
        compile_templates("{{ record.title }}").render({**VALUES, "record": None})


@pytest.mark.parametrize(
    "template",
    [
        "{{ record.title.__class__ }}",
        "{{ record['title'].__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ record.title.format(record) }}",
        "{{ record.update({'title': 1}) }}",
        "{{ record.tags.append(1) }}",
        "{{ record.tags | map('attr', '__class__') | list }}",
        "{{ [record] | map(attribute='title.__class__') | list }}",
        "{{ self._TemplateReference__context }}",
        "{{ range.__globals__ }}",
    ],
)
def test_nothing_leads_out(template: str) -> None:
    templates = compile_templates(template)
    with pytest.raises(TemplateFailedError):
        templates.render(VALUES)
    assert RECORD["tags"] == ["red", "blue"]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ 'a' * 3 }}", "`*` is for numbers"),
        ("{{ record.tags * 3 }}", "`*` is for numbers"),
        ("{{ '%3d' % 1 }}", "`%` is for numbers"),
        ("{{ 10 ** 3 }}", r"there is no `\*\*`"),
        ("{{ range(1001) }}", "`range` gives at most 1000 numbers"),
    ],
)
def test_nothing_grows_without_bound(template: str, message: str) -> None:
    templates = compile_templates(template)
    with pytest.raises(TemplateFailedError, match=message):
        templates.render(VALUES)


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
        "{% for a in big %}{% endfor %}",
        "{% for a in range(999) %}{% for b in range(100) %}{{ loop.last }}{% endfor %}{% endfor %}",
    ],
)
def test_loops_end(template: str) -> None:
    templates = compile_templates(template, names={"big"})
    with pytest.raises(TemplateFailedError, match="its loops take more than 100,000 steps"):
        templates.render({"big": "x" * 100_001})


def test_each_rendering_counts_anew() -> None:
    templates = compile_templates(
        "{% for a in range(1000) %}{% for b in range(90) %}{% endfor %}{% endfor %}"
    )
    assert [templates.render(VALUES) for _ in range(3)] == ["", "", ""]


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(5) %}{{ big }}{% endfor %}",
        ["{{ big }}" for _ in range(5)],
        "{{ [big, big, big, big, big] }}",
    ],
)
def test_what_it_gives_is_bounded_over_all_texts(template: Any) -> None:
    values = {**VALUES, "big": "x" * (OUTPUT_AT_MOST // 4)}
    templates = compile_templates(template, names={*VALUES, "big"})
    with pytest.raises(TemplateFailedError, match="more than 1,048,576 characters"):
        templates.render(values)


def test_it_knows_what_it_reads() -> None:
    templates = compile_templates(
        {
            "a": "{{ record.title }} {{ record['odd id'] }} {{ record.get('note') }}",
            "b": "{% if diff.status is defined %}{{ linked.client }}{% endif %}{{ diff.items() | list }}",
            "c": "{% for number in range(3) %}{{ number }}{% endfor %}",
        }
    )
    assert templates.fields == {"title", "odd id", "note", "status"}
    assert templates.names == {"record", "diff", "linked"}


def test_its_repr_shows_nothing_of_it() -> None:
    assert "hunter2" not in repr(compile_templates("hunter2 {{ record.title }}"))


@given(value=JSON)
def test_a_lone_expression_gives_any_value_untouched(value: Any) -> None:
    assert compile_templates("{{ record.field }}").render({"record": {"field": value}}) == value


@given(value=JSON)
def test_tojson_in_a_text_reads_back_as_the_value(value: Any) -> None:
    text = compile_templates('{"it": {{ record.field | tojson }}}').render({"record": {"field": value}})
    assert json.loads(text) == {"it": value}


@given(value=st.text())
def test_what_a_record_holds_is_never_a_template(value: str) -> None:
    assert compile_templates("<{{ record.field }}>").render({"record": {"field": value}}) == f"<{value}>"


@given(text=st.text(alphabet="{}%# record.title|'\"[]()+\n-", max_size=40))
def test_any_text_compiles_or_is_refused_as_an_option(text: str) -> None:
    try:
        templates = compile_templates(text)
    except OptionError:
        return
    try:
        json.dumps(templates.render(VALUES))
    except TemplateFailedError:
        return
