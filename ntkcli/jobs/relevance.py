"""How much each feature counts: factors that make the targets likely (automatic relevance determination).

    maximise  log N(Y; 0, s (K + ridge I)) / n  less  sum_j log(w_j)^2 / n

over the factors w of the features, sigma_b and the ridge, with the best scale s; K is the NNGP kernel of a
relu network of depth 3 on x w. The last term keeps a factor near 1 where the data does not determine it.

MacKay 1996, Neal 1996; Rasmussen & Williams 2006, section 5.1, for the gradient.
"""

from dataclasses import dataclass, field

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.sample import sample
from ntkcli.jobs.network import network_of
from ntkcli.journal import Advance, unshown
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Executor, Threads
from ntkcli.kernels.gradients import gram_gradient
from ntkcli.kernels.network import Network
from ntkcli.linalg.cholesky import Cholesky
from ntkcli.linalg.singular import SingularMatrixError
from ntkcli.spec.network import NetworkSpec

ROWS, STEPS, DEPTH = 1000, 20, 3
# The start and the bounds of ridge, sigma_b and a factor.
RIDGE, SIGMA_B, FACTOR = (0.05, 1e-6, 10.0), (0.3, 1e-2, 5.0), (1.0, 1e-2, 30.0)


def learned_relevance(
    x: FloatArray, y: FloatArray, groups: IntArray, executor: Executor, advance: Advance = unshown
) -> FloatArray:
    """Return a factor for every feature, (features,), learned from at most 1,000 rows at random.

    Args:
        x: (n, d) inputs, standardised.
        y: (n, k) targets.
        groups: (d,), the feature that each column belongs to, from 0.
        executor: computes the kernels.
        advance: called with 1 after each of at most STEPS steps.
    """
    from scipy.optimize import minimize  # 20 MiB, which a fit that asks for no relevance does not take

    count = int(groups.max()) + 1
    if not y.any():
        return np.ones(count)
    chosen = sample(len(x), ROWS)
    evidence = Evidence(x[chosen], y[chosen], groups, executor)
    parameters = [RIDGE, SIGMA_B, *[FACTOR] * count]
    found = minimize(
        evidence.loss,
        np.log([start for start, _, _ in parameters]),
        jac=True,
        method="L-BFGS-B",
        bounds=np.log([ends for _, *ends in parameters]),
        options={"maxiter": STEPS},
        callback=lambda _: advance(1),
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
        network, x = self._network(logs), self.x * np.exp(logs[2:])[self.groups]
        blocks = Evaluator(network, executor=self.executor).symmetric(network.rows(x), ["nngp"])["nngp"]
        blocks.add_to_diagonal(float(np.exp(logs[0])))
        try:
            factor = Cholesky(blocks)
        except SingularMatrixError:
            return 1e10, np.zeros_like(logs)
        alpha, inverse = factor.solve(self.y), factor.inverse()
        fit = float(np.sum(self.y * alpha))
        determinant = 2 * float(np.sum(np.log(factor.lower.diagonal)))
        value = 0.5 * (np.log(fit / (n * outputs)) + determinant / n) + np.sum(logs[2:] ** 2) / n
        # The derivative by G is that of the trace of `slope` G.
        inverse /= n
        inverse -= alpha @ (alpha.T / fit)
        inverse /= 2
        return float(value), self._gradient(logs, network, x, inverse)

    def _network(self, logs: FloatArray) -> Network:
        return network_of(NetworkSpec(depth=DEPTH, sigma_b=float(np.exp(logs[1]))), self.x.shape[1])

    def _gradient(self, logs: FloatArray, network: Network, x: FloatArray, slope: FloatArray) -> FloatArray:
        found = gram_gradient(network, x, slope, self.executor)
        gradient = np.zeros_like(logs)
        gradient[0] = np.trace(slope) * np.exp(logs[0])
        # The biases' variance is sigma_b^2.
        gradient[1] = 2 * np.exp(2 * logs[1]) * found.bias
        np.add.at(gradient[2:], self.groups, np.sum(x * found.inputs, axis=0))
        gradient[2:] += 2 * logs[2:] / len(self.y)
        return gradient
