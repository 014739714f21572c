"""How much each feature counts: factors that make the targets likely (automatic relevance determination).

    maximise  log N(Y; 0, s (K + ridge I)) / n  less  sum_j log(w_j)^2 / n

over the factors w of the features, sigma_b and the ridge, with the best scale s; K is the NNGP kernel of a
relu network of depth 3 on x w. The last term keeps a factor near 1 where the data does not determine it.

MacKay 1996, Neal 1996; Rasmussen & Williams 2006, section 5.1, for the gradient.
"""

from dataclasses import dataclass, field

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.jobs.network import network_of
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor, Threads
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.spec.network import NetworkSpec

ROWS, STEPS, DEPTH = 1000, 20, 3
# The start and the bounds of ridge, sigma_b and a factor.
RIDGE, SIGMA_B, FACTOR = (0.05, 1e-6, 10.0), (0.3, 1e-2, 5.0), (1.0, 1e-2, 30.0)
# A difference quotient in the logarithm of a parameter: its error is about half of all digits.
STEP = 1e-4


def learned_relevance(x: FloatArray, y: FloatArray, groups: IntArray, executor: Executor) -> FloatArray:
    """Return a factor for every feature, (features,), learned from at most 1,000 rows at random.

    Args:
        x: (n, d) inputs, standardised.
        y: (n, k) targets.
        groups: (d,), the feature that each column belongs to, from 0.
        executor: computes the kernels.
    """
    from scipy.optimize import minimize  # 20 MiB, which a fit that asks for no relevance does not take

    count = int(groups.max()) + 1
    if not y.any():
        return np.ones(count)
    chosen = np.sort(np.random.default_rng(0).permutation(len(x))[:ROWS])
    evidence = Evidence(x[chosen], y[chosen], groups, executor)
    parameters = [RIDGE, SIGMA_B, *[FACTOR] * count]
    found = minimize(
        evidence.loss,
        np.log([start for start, _, _ in parameters]),
        jac=True,
        method="L-BFGS-B",
        bounds=np.log([ends for _, *ends in parameters]),
        options={"maxiter": STEPS},
    )
    return np.asarray(np.exp(found.x[2:]))


@dataclass(frozen=True)
class Evidence:
    """The evidence of some rows, as a function of the logarithms of ridge, sigma_b and the factors.

    x: (n, d) inputs.
    y: (n, k) targets.
    groups: (d,), the feature that each column belongs to, from 0.
    executor: computes the kernels.
    """

    x: FloatArray
    y: FloatArray
    groups: IntArray
    executor: Executor = field(default_factory=Threads)

    def loss(self, logs: FloatArray) -> tuple[float, FloatArray]:
        """Return the loss to minimise and its gradient; a singular matrix has a huge loss.

        Args:
            logs: (2 + features,), the logarithms of ridge, sigma_b and the factors.
        """
        n, outputs = self.y.shape
        blocks = self._kernel(logs)
        kernel = blocks.to_array()
        blocks.add_to_diagonal(float(np.exp(logs[0])))
        try:
            factor = Cholesky(blocks)
        except SingularMatrixError:
            return 1e10, np.zeros_like(logs)
        alpha, inverse = factor.solve(self.y), factor.solve(np.eye(n))
        fit = float(np.sum(self.y * alpha))
        determinant = 2 * float(np.sum(np.log(factor.lower.diagonal)))
        value = 0.5 * (np.log(fit / (n * outputs)) + determinant / n) + np.sum(logs[2:] ** 2) / n
        # The derivative by G is that of the trace of `slope` G.
        slope = 0.5 * (inverse / n - alpha @ alpha.T / fit)
        return float(value), self._gradient(logs, kernel, slope)

    def _gradient(self, logs: FloatArray, kernel: FloatArray, slope: FloatArray) -> FloatArray:
        gradient = np.zeros_like(logs)
        gradient[0] = np.trace(slope) * np.exp(logs[0])
        for j in range(1, len(logs)):
            moved = logs.copy()
            moved[j] += STEP
            gradient[j] = np.sum(slope * (self._kernel(moved).to_array() - kernel)) / STEP
        gradient[2:] += 2 * logs[2:] / len(self.y)
        return gradient

    def _kernel(self, logs: FloatArray) -> SymmetricBlocks:
        spec = NetworkSpec(depth=DEPTH, sigma_b=float(np.exp(logs[1])))
        network = network_of(spec, self.x.shape[1])
        rows = network.rows(self.x * np.exp(logs[2:])[self.groups])
        return Evaluator(network, executor=self.executor).symmetric(rows, ["nngp"])["nngp"]
