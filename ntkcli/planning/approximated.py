"""What an approximation would take and leave out, where an exact answer takes too much."""

from dataclasses import dataclass

from ntkcli.planning.nystrom_plan import NystromPlan
from ntkcli.units import percent_text


@dataclass(frozen=True)
class Approximated:
    """An approximation that nobody has asked for.

    plan: how it is fitted, with as many centres as `auto` takes.
    tried: centres that were chosen, to see what they leave out.
    left_out: the share of the kernel's trace that these leave out.
    """

    plan: NystromPlan
    tried: int
    left_out: float

    @property
    def line(self) -> str:
        """The line of the spec that asks for it."""
        return f"inference.approximation: {{method: nystrom, centres: {self.plan.centres}}}"

    @property
    def caution(self) -> str:
        """That it is another answer, and how far from the exact one it is."""
        what = f"{percent_text(self.left_out)} of the {self.plan.leading} kernel's trace"
        if self.tried < self.plan.centres:
            return f"another answer: {self.tried:,} of its centres leave out {what}"
        return f"another answer, which leaves out {what}"
