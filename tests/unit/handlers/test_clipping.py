"""Texts of others, made fit to be kept."""

from hypothesis import given
from hypothesis import strategies as st

from service.handlers.clipping import clip, redact

any_text = st.text(st.characters(exclude_categories=()))


@given(any_text, st.integers(1, 50))
def test_a_clipped_text_fits_and_can_be_stored(text: str, length: int) -> None:
    clipped = clip(text, length)
    assert len(clipped) <= length
    assert "\x00" not in clipped
    clipped.encode()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=50))
def test_a_short_text_stays_as_it_is(text: str) -> None:
    assert clip(text, 50) == text


def test_a_cut_is_shown() -> None:
    assert clip("abcdef", 4) == "abc…"


def test_every_secret_is_replaced_the_longest_first() -> None:
    assert redact("a token-long and token", ["token", "token-long"]) == "a [redacted] and [redacted]"


def test_texts_too_short_to_be_secret_hide_nothing() -> None:
    assert redact("aaa", ["", "a", "aaa"]) == "aaa"
