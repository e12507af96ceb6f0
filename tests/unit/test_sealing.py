"""Secrets at rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import ConfigurationError
from service.sealing import SecretBox

OLD, NEW = "an old key of thirty-two characters", "a new key of thirty-two characters!"


@given(st.text())
def test_what_is_sealed_opens_again(secret: str) -> None:
    box = SecretBox(NEW)
    assert box.open(box.seal(secret)) == secret


def test_the_sealed_bytes_show_nothing_and_differ_each_time() -> None:
    box = SecretBox(NEW)
    first, second = box.seal("sesame"), box.seal("sesame")
    assert b"sesame" not in first
    assert first != second


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    both = SecretBox(f"{NEW},{OLD}")
    assert both.open(SecretBox(OLD).seal("sesame")) == "sesame"
    assert SecretBox(NEW).open(both.seal("sesame")) == "sesame"


def test_a_wrong_key_is_named_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"RELAY_SECRET_KEY does not open .*comma"):
        SecretBox(OLD).open(SecretBox(NEW).seal("sesame"))


def test_changed_bytes_do_not_open() -> None:
    sealed = bytearray(SecretBox(NEW).seal("sesame"))
    sealed[20] ^= 1
    with pytest.raises(ConfigurationError):
        SecretBox(NEW).open(bytes(sealed))


@pytest.mark.parametrize("keys", ["", "short", f"{NEW},short", f"{NEW},"])
def test_short_keys_are_refused_without_being_shown(keys: str) -> None:
    with pytest.raises(ConfigurationError, match="at least 32") as caught:
        SecretBox(keys)
    assert "short," not in str(caught.value)


def test_its_repr_shows_no_key() -> None:
    assert NEW not in repr(SecretBox(NEW)) + str(vars(SecretBox(NEW)))
