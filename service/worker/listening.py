"""For how long a process has said nothing. Pure; in seconds."""


class Listening:
    """Counts the silence between the looks at what was said.

    A time without looks counts as `longest_look` at most: who paused us may have paused the process too.
    """

    def __init__(self, now: float, *, longest_look: float) -> None:
        """`now`: by a clock that is given again with each look."""
        self.silence = 0.0
        self._looked_at, self._longest_look = now, longest_look

    def look(self, now: float, *, heard: bool) -> None:
        """Note that somebody looked, and whether there was a word."""
        self.silence = 0.0 if heard else self.silence + min(now - self._looked_at, self._longest_look)
        self._looked_at = now
