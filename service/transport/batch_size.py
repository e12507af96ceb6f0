"""How many things one request asks for, learnt from what became of the last ones. Pure.

Nobody publishes how long a URL may be. So it starts modestly, doubles while full batches are answered, and
halves when one is refused; the size that was refused is a ceiling for a day.
"""

from datetime import timedelta

FIRST_BATCH = 50
LARGEST_BATCH = 200
CEILING_LASTS = timedelta(days=1)


def allowed(size: int, ceiling: int | None) -> int:
    """How many may be asked for: `size`, but fewer than were refused (`ceiling`), and at least one."""
    return size if ceiling is None else max(1, min(size, ceiling - 1))


def grown(size: int, *, asked: int) -> int | None:
    """The size after an answer to `asked`; None where the batch was not full, so that nothing was learnt."""
    return min(LARGEST_BATCH, size * 2) if asked >= size else None


def halved(asked: int) -> int:
    """The size after a batch of `asked` was refused."""
    return max(1, asked // 2)
