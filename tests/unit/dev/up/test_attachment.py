"""What a running `relay up` tells other commands."""

from pathlib import Path

from service.dev.up.attachment import attachable, read_attachment


def test_told_while_it_runs_and_to_our_user_only(tmp_path: Path) -> None:
    assert read_attachment(tmp_path) == {}
    with attachable(tmp_path, {"FUSIOO_TOKEN": "one"}):
        assert read_attachment(tmp_path) == {"FUSIOO_TOKEN": "one"}
        assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]
    assert read_attachment(tmp_path) == {}


def test_what_a_killed_one_left_is_replaced(tmp_path: Path) -> None:
    attachable(tmp_path, {"FUSIOO_TOKEN": "old"}).__enter__()
    with attachable(tmp_path, {"FUSIOO_TOKEN": "new"}):
        assert read_attachment(tmp_path) == {"FUSIOO_TOKEN": "new"}
