"""One experiment for every width and seed: a network's kernels beside the exact ones, and its training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.errors import NumericalError
from ntkcli.kernels.network import Network
from ntkcli.kernels.rows import GramName
from ntkcli.simulation.descent import Interval, intervals
from ntkcli.simulation.empirical import empirical_nngp, empirical_ntk, sensitivities
from ntkcli.simulation.finite_network import FiniteNetwork
from ntkcli.simulation.linearised import Linearised
from ntkcli.simulation.training import State, linearised_states, states

# The share of its own largest stable step that no network exceeds: its largest eigenvalue is not the limit's.
STABLE_SHARE = 0.9
# Training has diverged where the loss is so many times what it was. The losses of narrow networks may grow
# for a while without that, by far less.
DIVERGED = 1e6


class Draw(NamedTuple):
    """One draw of a network: the width of its hidden layers, and the seed of its weights."""

    width: int
    seed: int


@dataclass(frozen=True)
class Experiment:
    """What is done with every draw.

    network: the infinitely wide network.
    x: (n + m, d) training rows, then test rows.
    y: (n, k) targets.
    exact: the network's two Gram matrices (n, n) of the training rows.
    times: ascending, in units of the exponent; the first is 0.
    step: the longest step of gradient descent, in units of the exponent.
    ridge: absolute.
    largest_trained: the largest width that is trained.
    linearised: whether the linearised network is trained in the network's place.
    """

    network: Network
    x: FloatArray
    y: FloatArray
    exact: Mapping[GramName, FloatArray]
    times: Sequence[float]
    step: float
    ridge: float = 0.0
    largest_trained: int = 1024
    linearised: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of one draw, at the t times of the experiment; t is 0 where the network was not trained.

    kernel_errors: (2,) |K - K_exact| / |K_exact| in Frobenius norm, of the NNGP kernel and the NTK.
    losses: (t,) 1/2 sum |f - y|^2 of the training rows.
    weight_changes: (t, layers), kernel_changes: (t,) as in `State`.
    gaps: (t,) root mean square of the outputs less those of the linearised network, at the test rows.
    outputs: (t, m, k) at the test rows.
    """

    kernel_errors: FloatArray
    losses: FloatArray
    weight_changes: FloatArray
    kernel_changes: FloatArray
    gaps: FloatArray
    outputs: FloatArray


def run(experiment: Experiment, draw: Draw) -> Outcome:
    """Draw a network, compare its kernels with the exact ones, and train it if it is not too wide for that.

    Raises:
        NumericalError: its training diverges.
        NotImplementedError: an activation is known by its kernel alone.
    """
    rng, k = np.random.default_rng([draw.seed, draw.width]), experiment.y.shape[1]
    network = FiniteNetwork.draw(experiment.network, experiment.x, width=draw.width, outputs=k, rng=rng)
    errors = _kernel_errors(experiment, network)
    if draw.width > experiment.largest_trained:
        return _outcome(experiment, errors, [])
    linearised = Linearised.of(network, slice(len(experiment.y)))
    train = linearised_states if experiment.linearised else states
    plan = _plan(experiment, linearised)
    seen: list[State] = []
    # Divergence is reported.
    with np.errstate(over="ignore", invalid="ignore"):
        for state in train(network, linearised, experiment.y, plan, experiment.ridge):
            seen.append(state)
            _check_bounded(experiment.y, draw, seen, plan[len(seen) - 1])
    return _outcome(experiment, errors, seen)


def _kernel_errors(experiment: Experiment, network: FiniteNetwork) -> FloatArray:
    done = network.forward(slice(len(experiment.y)))
    found = sensitivities(network, done, 0)
    kernels = {"nngp": empirical_nngp(network, done), "ntk": empirical_ntk(found, found)}
    errors = [
        np.linalg.norm(kernels[gram] - exact) / (np.linalg.norm(exact) or 1.0)
        for gram, exact in sorted(experiment.exact.items())
    ]
    return np.array(errors)


def _plan(experiment: Experiment, linearised: Linearised) -> list[Interval]:
    """The intervals of training: the experiment's step, or a shorter one that this network is stable with."""
    largest = float(np.linalg.eigvalsh(linearised.training_kernel)[-1]) + experiment.ridge
    step = min(experiment.step, STABLE_SHARE * 2 / largest) if largest > 0 else experiment.step
    return intervals(experiment.times, step)


def _check_bounded(y: FloatArray, draw: Draw, seen: Sequence[State], interval: Interval) -> None:
    """Refuse losses that grew out of all bounds: some networks die on the way to infinity, and stay there."""
    first, last = (np.sum((state.outputs[: len(y)] - y) ** 2) for state in (seen[0], seen[-1]))
    if not last <= DIVERGED * max(first, np.sum(y**2)):
        raise NumericalError(
            f"the training of the network of width {draw.width} with seed {draw.seed} diverges, in steps of "
            f"{interval.length:.3g}: use a smaller simulate.learning_rate, or larger simulate.widths"
        )


def _outcome(experiment: Experiment, errors: FloatArray, seen: Sequence[State]) -> Outcome:
    n, layers = len(experiment.y), len(seen[0].weight_changes) if seen else 0
    m, k = len(experiment.x) - n, experiment.y.shape[1]
    outputs = np.array([state.outputs for state in seen]).reshape(len(seen), n + m, k)
    linear = np.array([state.linearised for state in seen]).reshape(outputs.shape)
    return Outcome(
        errors,
        np.sum((outputs[:, :n] - experiment.y) ** 2, axis=(1, 2)) / 2,
        np.array([state.weight_changes for state in seen]).reshape(len(seen), layers),
        np.array([state.kernel_change for state in seen]),
        np.sqrt(np.mean((outputs[:, n:] - linear[:, n:]) ** 2, axis=(1, 2))),
        outputs[:, n:],
    )
