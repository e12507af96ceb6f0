from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.dev.simulators.contents import Content
from service.dev.simulators.fusioo.files import FileStore, StoredFile


class _Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def files(clock: _Clock) -> FileStore:
    numbers = iter(range(100))
    return FileStore(clock, lambda: f"if{next(numbers)}")


def _add(files: FileStore, *, record_id: str = "", field_id: str = "") -> StoredFile:
    return files.add(
        "a.txt",
        Content(b"abc"),
        content_type="text/plain",
        person="John Doe",
        record_id=record_id,
        field_id=field_id,
    )


def test_a_temporary_file_is_gone_after_two_days_and_the_others_stay(files: FileStore, clock: _Clock) -> None:
    temporary, held, said = _add(files), _add(files, record_id="i1", field_id="files"), _add(files)
    files.say("idiscussion", [said.id])
    clock.now += timedelta(days=2, seconds=-1)
    assert files.find(temporary.id) is temporary
    clock.now += timedelta(seconds=1)
    assert files.find(temporary.id) is None
    assert (files.find(held.id), files.find(said.id)) == (held, said)
    assert files.total_size == 6


def test_a_record_takes_temporary_files_and_deletes_those_it_lets_go(files: FileStore) -> None:
    first, second, foreign = _add(files), _add(files), _add(files, record_id="i2", field_id="files")
    assert files.usable_in("i1", first.id)
    assert not files.usable_in("i1", foreign.id)
    assert not files.usable_in("i1", "if99")
    files.settle("i1", "files", [first.id, second.id])
    assert [stored.id for stored in files.in_field("i1", "files")] == [first.id, second.id]
    assert files.usable_in("i1", first.id)
    files.settle("i1", "files", [second.id])
    assert files.find(first.id) is None
    assert files.find(second.id) is second
    assert files.find(foreign.id) is foreign


def test_the_files_of_a_discussion_go_with_it(files: FileStore) -> None:
    said, other = _add(files), _add(files)
    files.say("idiscussion", [said.id])
    files.forget("idiscussion")
    assert list(files.by_id) == [other.id]


@given(pieces=st.lists(st.binary(max_size=50), max_size=8), big=st.booleans())
def test_content_comes_back_as_it_was_put_in(pieces: list[bytes], big: bool) -> None:
    content = Content()
    wanted = [b"x" * (1 << 20), *pieces] if big else pieces  # beyond a mebibyte it leaves the memory
    for piece in wanted:
        content.append(piece)
    assert content.size == sum(map(len, wanted))
    assert b"".join(content.pieces()) == b"".join(wanted)
    assert max(map(len, content.pieces()), default=0) <= 1 << 20
