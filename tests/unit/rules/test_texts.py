"""Texts as people compare them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.texts import has_text, is_html, same_text, shows_nothing, visible

MARKUP = st.sampled_from(
    ["<p>", "</p>", "<br/>", "<b>", "<img src='x'>", "&amp;", "&nbsp;", "<", "&", "a", " "]
)
TEXTS = st.text(max_size=20) | st.lists(MARKUP, max_size=8).map("".join)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<p>Call back</p>", "Call back"),
        ("<p>Call <b>b</b>ack</p>", "Call back"),
        ("<p>Call&nbsp;back</p>\n<p>tomorrow</p>", "Call back tomorrow"),
        ("Call<br>back", "Call back"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("<p>1 &lt; 2</p>", "1 < 2"),
        ('<p style="color: red">red</p>', "red"),
        ("<p>&#8203;\u200b</p>", ""),
        ("<p>one</p><!-- two -->", "one"),
    ],
)
def test_html_is_what_it_shows(text: str, seen: str) -> None:
    assert is_html(text)
    assert visible(text) == seen


@pytest.mark.parametrize("text", ["a < b and c > d", "AT&T", "<me@example.com>", "?a=1&copy=2", "<pin>", ""])
def test_signs_that_are_no_markup_make_no_html(text: str) -> None:
    assert not is_html(text)


@pytest.mark.parametrize(
    "text", ["", "  ", "\u200b", "<p></p>", "<p><br></p>", "<P> &nbsp; </P>", "<div><p></p></div>"]
)
def test_what_shows_nothing(text: str) -> None:
    assert shows_nothing(text)


@pytest.mark.parametrize("text", ["-", "0", "<p>.</p>", "<p><img src='i90aa2'></p>", "<q", "&amp;"])
def test_what_shows_something(text: str) -> None:
    assert not shows_nothing(text)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        ("Done", "DONE"),
        ("STRASSE", "straße"),
        ("caf\u00e9", "CAFE\u0301"),
        ("<p>Call<br>back</p>", "call  back"),
    ],
)
def test_the_same_words(seen: str, wanted: str) -> None:
    assert same_text(seen, wanted)
    assert has_text(f"<p>({seen})</p>", wanted)


def test_who_asks_for_html_is_answered_with_html() -> None:
    assert has_text("<p>a <b>b</b></p>", "<b>b</b>")
    assert not has_text("<p>a <i>b</i></p>", "<b>b</b>")
    assert same_text("<p>a</p>", "<P>A</P>")
    assert not same_text("<p>a</p>", "<div>a</div>")


def test_names_of_tags_are_not_found() -> None:
    assert not has_text("<p>Call back</p>", "p>")
    assert not has_text("<strong>now</strong>", "strong")


def test_words_of_two_paragraphs_do_not_run_together() -> None:
    assert not has_text("<p>Ba</p><p>sel</p>", "Basel")


@given(TEXTS)
def test_nothing_of_what_is_shown_is_lost_on_the_way(text: str) -> None:
    assert has_text(text, text)
    assert same_text(text, text)
    assert shows_nothing(text) or text


@given(TEXTS, TEXTS)
def test_the_same_text_is_found_in_itself(seen: str, wanted: str) -> None:
    if same_text(seen, wanted):
        assert has_text(seen, wanted)
