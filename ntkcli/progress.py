"""How far a piece of work has come: what is called with the number of steps just finished."""

from collections.abc import Callable

Advance = Callable[[int], None]


def unseen(steps: int) -> None:
    """Progress that nobody looks at."""
