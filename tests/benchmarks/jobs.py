"""The jobs that both sides do, and what is wanted of ntk in each."""

from dataclasses import dataclass

DEPTH = 3

# Of both Gram matrices alone: how many times faster than the peer.
GRAM_FASTER = 5.0
# The seconds of both for 8,000 rows, at most, on a processor without AVX-512.
PLAIN_GRAM_SECONDS = 0.6
# Of an activation for an entry, in units of relu's, at most; and of K with Theta, in units of K.
ACTIVATION_RATIOS = {
    **dict.fromkeys(("erf", "gelu", "sin", "leaky_relu", "abs"), 3.0),
    **dict.fromkeys(("tanh", "sigmoid", "softplus", "swish", "mish", "arctan"), 15.0),
}
BOTH_TO_NNGP = 1.4
# Of the factorisation at time inf: its share of the rate of a plain matrix product.
FACTORISATION_SHARE = 0.83
# Of the start, which a person or a shell's completion waits for.
STARTUP_SECONDS = 0.25

SPEC = """\
data: {{train: train.csv, test: test.csv, target: y, standardize: false, standardize_target: false}}
network: {{depth: {depth}, activation: relu, sigma_w: 1.5, sigma_b: 0.1}}
inference: {{kernel: ntk, time: {job.time}, loss: mean, ridge: {job.ridge}, ridge_scale: trace}}
output: {{dir: run, std: {std}, interval_from: normal}}
compute: {{dtype: {job.dtype}, solver: {job.solver}}}
"""


@dataclass(frozen=True)
class Job:
    """One fit, and what is wanted of it beside the peer as its documentation has it.

    time: training time, as text.
    std: whether standard deviations are asked for beside the means.
    faster, smaller: the peer's seconds and peak memory over ntk's, at least.
    aim: more than is wanted of `faster`, hoped for.
    grams: Gram matrices that ntk may hold at its peak, or None where no limit is set.
    dtype, solver: of ntk's compute section.
    ridge: a share of the mean diagonal; the peer has none.
    """

    time: str
    std: bool
    faster: float
    smaller: float
    aim: float | None = None
    grams: int | None = None
    dtype: str = "float64"
    solver: str = "auto"
    ridge: float = 0

    @property
    def name(self) -> str:
        """What the job asks for, in words."""
        return f"time {self.time}, " + ("mean and std" if self.std else "mean")

    @property
    def spec(self) -> str:
        """The job as a spec."""
        return SPEC.format(depth=DEPTH, std=str(self.std).lower(), job=self)

    @property
    def is_plain_factorisation(self) -> bool:
        """Whether ntk's phase `factor` is one Cholesky factorisation."""
        return self.time == "inf" and not self.std

    def peak_limit(self, rows: int) -> float | None:
        """Bytes of peak memory: half a float64 matrix (n, n) for each Gram matrix, 15 % and 300 MB."""
        return None if self.grams is None else 1.15 * self.grams * 4 * rows**2 + 300e6


JOBS = (
    Job("inf", std=False, faster=7, smaller=8, grams=1),
    Job("100", std=False, faster=15, smaller=8, grams=1),
    Job("inf", std=True, faster=4.5, smaller=4, grams=2),
    Job("100", std=True, faster=1.5, smaller=2, aim=6),
)
