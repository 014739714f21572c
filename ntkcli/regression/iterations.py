"""Iterations as a progress bar shows them."""

import math
from dataclasses import dataclass, field

from ntkcli.journal import Advance, Journal, unshown

# Steps of the progress bar: a residual falls by about as much with each iteration, on a logarithmic scale.
STEPS = 100


@dataclass
class Iterations:
    """Tells how far iterations have come: their number, the residual, and by the bar the time left.

    journal: shows it.
    tolerance: of the residual.
    advance: moves the bar of the phase, where there is one.
    """

    journal: Journal
    tolerance: float
    advance: Advance = unshown
    _done: int = field(default=0, init=False)

    def __call__(self, iterations: int, excess: float) -> None:
        """Show an iteration whose residual is so many times larger than it should be."""
        residual = excess * self.tolerance
        self.journal.note(f"iteration {iterations}, residual {residual:.0e} of {self.tolerance:.0e}")
        share = 1 - math.log(max(excess, 1.0)) / math.log(1 / self.tolerance)
        # A run that begins anew with the true residual does not move the bar back.
        steps = max(0, int(STEPS * share) - self._done)
        self._done += steps
        self.advance(steps)
