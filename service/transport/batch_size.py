"""How many things one request asks for, learnt from what became of the last ones. Pure.

Nobody publishes how long a URL may be. So it starts modestly, doubles while full batches are answered, and
halves when one is refused; the size that was refused is a ceiling for a day, and is approached by halves: a
few refusals find the largest size that works.
"""

from datetime import timedelta

FIRST_BATCH = 50
LARGEST_BATCH = 200
CEILING_LASTS = timedelta(days=1)


def allowed(size: int, ceiling: int | None) -> int:
    """How many may be asked for: `size`, but fewer than were refused (`ceiling`), and at least one."""
    return size if ceiling is None else max(1, min(size, ceiling - 1))


def grown(size: int, *, asked: int, ceiling: int | None = None, largest: int = LARGEST_BATCH) -> int | None:
    """The size after an answer to `asked`; None where the batch was not full, so that nothing was learnt.

    `largest`: how many the provider takes at once at all.
    """
    if asked < size:
        return None
    doubled = min(largest, size * 2)
    return doubled if ceiling is None else min(doubled, max(size, (size + ceiling) // 2))


def halved(asked: int) -> int:
    """The size after a batch of `asked` was refused."""
    return max(1, asked // 2)
