import signal

import pytest

from service.worker.exits import STUCK, meaning_of


@pytest.mark.parametrize(
    ("code", "part"),
    [(-signal.SIGKILL, "SIGKILL"), (STUCK, "event loop"), (0, "stopped"), (99, "99")],
)
def test_every_code_has_words(code: int, part: str) -> None:
    assert part in meaning_of(code)
