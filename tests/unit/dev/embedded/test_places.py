import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.embedded.account import find_account
from service.dev.embedded.places import Places, default_data_dir, make_private
from service.errors import RefusedError

HOME = Path("/home/ann")


@pytest.mark.parametrize(
    ("environment", "root", "expected"),
    [
        ({}, False, "/home/ann/.local/state/fusioo-relay"),
        ({"XDG_STATE_HOME": "/state"}, False, "/state/fusioo-relay"),
        ({"XDG_STATE_HOME": "relative/is/invalid"}, False, "/home/ann/.local/state/fusioo-relay"),
        ({"XDG_STATE_HOME": ""}, False, "/home/ann/.local/state/fusioo-relay"),
        ({"XDG_STATE_HOME": "/root/state"}, True, "/var/tmp/fusioo-relay"),  # noqa: S108  only its name
    ],
)
def test_data_dir_is_the_users_own(environment: dict[str, str], root: bool, expected: str) -> None:
    assert default_data_dir(environment, HOME, root=root) == Path(expected)


def test_sockets_are_inside_a_plain_short_root() -> None:
    assert Places.under(Path("/srv/relay")).sockets == Path("/srv/relay/run")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=150))
def test_sockets_have_a_path_that_needs_no_quoting_and_can_be_bound(name: str) -> None:
    sockets = str(Places.under(Path("/srv") / f"x{name}").sockets)
    assert len(os.fsencode(f"{sockets}/.s.PGSQL.5432")) <= 103
    assert not set(sockets) & set(" '\"\\,%?&#@:=")
    assert sockets.isascii()


def test_two_roots_never_share_their_sockets() -> None:
    assert Places.under(Path("/a b")).sockets != Places.under(Path("/a c")).sockets


def test_a_root_means_the_same_from_every_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Places.under(Path("data")) == Places.under(tmp_path / "data")


def test_a_private_directory_that_somebody_prepared_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "sockets").symlink_to(tmp_path / "theirs")
    with pytest.raises(RefusedError, match="sockets is not a directory of user"):
        make_private(tmp_path / "sockets", find_account(tmp_path / "none"))
