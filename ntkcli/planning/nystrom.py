"""What an approximation by centres takes, and how many centres there are where the spec leaves it open."""

from dataclasses import dataclass, replace

from ntkcli.errors import ResourceError, SpecError
from ntkcli.kernels.rows import GramName
from ntkcli.linalg.pivoted_cholesky import PROPOSALS
from ntkcli.planning.budget import Budget
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import Work, eigendecomposition_work
from ntkcli.regression.centres import sample_rows
from ntkcli.regression.feature_sums import ROWS
from ntkcli.regression.kernel import inverted_grams
from ntkcli.regression.nystrom import needs_cross, read_grams
from ntkcli.regression.question import Question
from ntkcli.solvers.cost import SOLVE_EFFICIENCY
from ntkcli.units import bytes_text, counted

# Numbers of centres that `auto` takes: a few, so that another machine mostly takes the same one.
STEPS = [base * 10**power for power in range(2, 6) for base in (1, 2, 3, 5)]
# Operations of a matrix product that `auto` spends at most: five minutes or so of two processors.
MOST_OPERATIONS = 5e13
# The shares of the centres that `ntk check` tells of.
SHARES = (4, 2, 1)
# What a row takes that is summed, and one that is predicted by a kernel at a time, in the time of so many
# operations of a matrix product: it is read, encoded and checked, or written and scored.
ROW_OPERATIONS, RESULT_OPERATIONS = 2e6, 5e6
# Cells of the file that are in memory while it is read, and copies of them.
READ_CELLS, READ_COPIES = 1_000_000, 5


@dataclass(frozen=True)
class NystromPlan:
    """How an approximation is fitted, and what that takes.

    centres: m.
    sample: rows that they are chosen from.
    seed: of the choice.
    question: that is answered.
    sizes: of the data and the network; of the rows at hand, and of all.
    held_out: rows that are left out of the sums at first.
    at_hand: rows that are in memory.
    kept_bytes: of the rows of a file that are kept beside these.
    """

    centres: int
    sample: int
    seed: int
    question: Question
    sizes: Sizes
    held_out: int
    at_hand: int
    kept_bytes: int = 0

    @property
    def grams(self) -> list[GramName]:
        """The Gram matrices whose features are summed."""
        return read_grams(self.question)

    @property
    def inverted(self) -> list[GramName]:
        """The Gram matrices that are inverted."""
        return inverted_grams([*self.question.times])

    @property
    def leading(self) -> GramName:
        """The Gram matrix whose centres they are: the NTK's eigenvalues fall more slowly."""
        return "ntk" if "ntk" in self.inverted else "nngp"

    @property
    def has_cross(self) -> bool:
        """Whether the features of both Gram matrices are summed with each other."""
        return needs_cross(self.question)

    @property
    def work(self) -> Work:
        """The arithmetic."""
        n, m, s, grams = self.sizes.n, self.centres, self.sample, len(self.grams)
        solved = len(self.inverted) * (2 if self.held_out else 1)
        # Whitening and a symmetric product take half as much as a product of full matrices.
        summing = n * m**2 * (2.0 * grams + 2.0 * self.has_cross)
        choosing = 2.0 * s * m**2
        solving = solved * eigendecomposition_work(m) + (grams + solved) * m**3 / SOLVE_EFFICIENCY
        rows = self.sizes.m + self.held_out
        predicting = rows * (2.0 * m**2 * self._products + len(self.question.pairs) * RESULT_OPERATIONS)
        entries = (n + len(self.inverted) * rows + s) * float(m) + m**2 / 2
        return Work(entries, n * ROW_OPERATIONS + summing + choosing + solving + predicting)

    @property
    def _products(self) -> int:
        """Products with a map, for each row to predict."""
        return len(self.inverted) + (2 * self.has_cross)

    @property
    def operations(self) -> float:
        """All of it, in operations of a matrix product that would take as long."""
        return self.work.operations(self.sizes)

    @property
    def memory_bytes(self) -> int:
        """Bytes at the peak."""
        parts = self._choosing, self._summing, self._solving, self._searching, self._modelling
        return self.base + max(parts) + self._joint

    @property
    def base(self) -> int:
        """Bytes of the interpreter, its threads, and the rows at hand."""
        sizes = self.sizes
        cells = min(READ_CELLS, sizes.n * (sizes.d + sizes.k))
        return replace(sizes, n=self.at_hand, m=0).base + self.kept_bytes + 8 * READ_COPIES * cells

    @property
    def model_bytes(self) -> int:
        """Bytes of the model's arrays."""
        m = self.centres
        return 8 * (m**2 * (len(self.inverted) + 2 * self.has_cross) + m * self.sizes.d)

    @property
    def _choosing(self) -> int:
        return 8 * self.sample * (self.centres + 3 * PROPOSALS)

    @property
    def _squares(self) -> int:
        """Arrays of m^2 numbers that are there all the time: whitenings and sums."""
        return 2 * len(self.grams) + self.has_cross

    @property
    def _summing(self) -> int:
        return self._of(self._squares) + 8 * ROWS * self.centres * len(self.grams)

    @property
    def _solving(self) -> int:
        """A matrix, LAPACK's two, and the eigenvectors of others."""
        return self._of(self._squares + 2 + len(self.inverted))

    @property
    def _searching(self) -> int:
        """Eigenvectors, and the features of the rows held out, as they are, rotated and weighted."""
        features = 8 * self.held_out * self.centres * (len(self.grams) + 2)
        return self._of(self._squares + len(self.inverted)) + features

    @property
    def _modelling(self) -> int:
        """Eigenvectors, and the maps made of them."""
        return self._of(self._squares + len(self.inverted) + self._products + self.has_cross)

    def _of(self, squares: int) -> int:
        return 8 * self.centres**2 * squares

    @property
    def _joint(self) -> int:
        """Bytes of covariances, and of what they are made from."""
        if self.question.uncertainty != "covariance":
            return 0
        return 8 * self.sizes.m * (self.sizes.m * (len(self.question.pairs) + 3) + 3 * self.centres)


@dataclass(frozen=True)
class NystromPlanner:
    """What decides how an approximation is fitted.

    centres, sample: as the spec has them, or `auto`.
    others: see `NystromPlan`.
    """

    centres: int | str
    sample: int | str
    seed: int
    sizes: Sizes
    budget: Budget
    question: Question
    held_out: int
    at_hand: int
    kept_bytes: int = 0

    def best(self) -> NystromPlan:
        """The plan with the spec's centres, or with the most that memory and patience allow."""
        if self.centres != "auto":
            return self.plan(int(self.centres))
        most = min(self.at_hand, self.sizes.n)
        if self.sample != "auto":
            most = min(most, int(self.sample))
        plans = [self.plan(count) for count in sorted({*STEPS, most}) if count <= most]
        allowed = [plan for plan in plans if self._is_allowed(plan)]
        return max(allowed, key=lambda plan: plan.centres) if allowed else plans[0]

    def _is_allowed(self, plan: NystromPlan) -> bool:
        return plan.memory_bytes <= self.budget.memory and plan.operations <= MOST_OPERATIONS

    def plan(self, centres: int) -> NystromPlan:
        """The plan with so many centres."""
        wanted = sample_rows(centres, self.at_hand) if self.sample == "auto" else int(self.sample)
        sample = min(self.at_hand, max(centres, wanted))
        rows = self.held_out, self.at_hand, self.kept_bytes
        return NystromPlan(centres, sample, self.seed, self.question, self.sizes, *rows)

    def checked(self) -> NystromPlan:
        """The best plan.

        Raises:
            SpecError: there are more centres than rows.
            ResourceError: it is not within the budget; the message says what would be.
        """
        plan, most = self.best(), min(self.at_hand, self.sizes.n)
        if plan.centres > most:
            rows = "rows" if most == self.sizes.n else "rows that centres are chosen from"
            raise SpecError(
                f"inference.approximation.centres: {plan.centres:,} are more than the {most:,} training "
                f"{rows}: give a number up to {most}, or auto"
            )
        if plan.memory_bytes > self.budget.memory:
            raise ResourceError(
                f"not enough memory: {counted(plan.centres, 'centre')} need about "
                f"{bytes_text(plan.memory_bytes)}, and {bytes_text(self.budget.memory)} are there: "
                f"{self._remedy(plan)}"
            )
        if plan.model_bytes > self.budget.disk:
            raise ResourceError(
                f"not enough disk: the model takes {bytes_text(plan.model_bytes)}, and "
                f"{bytes_text(self.budget.disk)} are free under {self.budget.folder}: use fewer centres, or "
                "another output.dir"
            )
        return plan

    def _remedy(self, plan: NystromPlan) -> str:
        fewer = [count for count in STEPS if count < plan.centres]
        fitting = [count for count in fewer if self.plan(count).memory_bytes <= self.budget.memory]
        return f"use {max(fitting)} centres or fewer, or more memory" if fitting else "give it more memory"
