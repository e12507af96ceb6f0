"""The dice of a simulated provider: one seed, and a stream of its own for each purpose."""

import random


class Chances:
    """The same seed and the same requests in the same order give the same draws.

    What one purpose draws does not shift the others.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.deliveries = self._stream("deliveries")
        self.answers = self._stream("answers")

    def share_of(self, purpose: str) -> float:
        """Draw a number from 0 to 1 that is always the same for one purpose, whenever it is asked for."""
        return self._stream(purpose).random()

    def _stream(self, purpose: str) -> random.Random:
        return random.Random(f"{self._seed} {purpose}")  # noqa: S311 (made to be repeatable, protects nothing)
