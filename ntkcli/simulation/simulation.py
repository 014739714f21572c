"""A simulation made ready: the experiment, the networks to draw, and what the closed form says."""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ntkcli.arrays import FloatArray, IntArray
from ntkcli.data.sample import sample
from ntkcli.errors import SpecError
from ntkcli.jobs.job import Job
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Activate, Affine
from ntkcli.regression.question import ridge_of, ridge_unit
from ntkcli.simulation.closed_form import ClosedForm, InfiniteWidth
from ntkcli.simulation.descent import intervals
from ntkcli.simulation.experiment import Draw, Experiment
from ntkcli.simulation.pace import Pace
from ntkcli.spec.simulate import SimulateSpec

# How far from 1 a variance may be that counts as 1.
ALMOST = 1e-9


@dataclass(frozen=True)
class SampledRows:
    """Some training and test rows of a job, all if it has no more.

    x: (n + m, d) training rows, then test rows.
    y: (n, k) targets of the training rows.
    tested: (m,) numbers of the test rows in their file.
    """

    x: FloatArray
    y: FloatArray
    tested: IntArray

    @classmethod
    def of(cls, job: Job, wanted: int) -> Self:
        """Draw at most so many training rows and test rows, always the same."""
        train, test = job.dataset.train, job.dataset.test
        chosen, tested = sample(len(train), wanted), sample(len(test), wanted)
        x = np.concatenate([train.x[chosen], test.x[tested]])
        return cls(x, job.dataset.y_train[chosen], test.rows[tested])


@dataclass(frozen=True)
class Simulation:
    """A simulation, ready to begin.

    experiment: what is done with every draw.
    draws: all of them, the widest first.
    pace: the learning rate, and the unit of time.
    rows: (m,) numbers of the test rows in their file.
    closed_form: what the infinitely wide network does at the experiment's times.
    times: those, in the spec's units.
    is_endless: whether the last time stands for inf.
    """

    experiment: Experiment
    draws: list[Draw]
    pace: Pace
    rows: IntArray
    closed_form: ClosedForm
    times: list[float]
    is_endless: bool = False

    @property
    def steps(self) -> int:
        """The number of steps of gradient descent, of networks that need no shorter ones."""
        return sum(interval.steps for interval in intervals(self.experiment.times, self.experiment.step))

    @property
    def trained_layers(self) -> list[int]:
        """The numbers of the weight layers that are trained, from 1."""
        layers = [step for step in self.experiment.network.steps if isinstance(step, Affine)]
        return [i for i, layer in enumerate(layers, 1) if layer.is_trained]

    @classmethod
    def of(cls, job: Job, settings: SimulateSpec, *, linearised: bool) -> Self:
        """Sample the rows, compute the exact kernels, and plan the steps.

        Args:
            job: the spec's, without `auto`.
            settings: its simulate section.
            linearised: whether linearised networks are trained alone.

        Raises:
            SpecError: an activation has no finite kin, or the learning rate is above the stable one.
        """
        inference = job.spec.inference
        data = SampledRows.of(job, settings.rows)
        network = _trained_network(job)
        _check_values(network, data.x)
        evaluator = replace(job.evaluator, network=network, dtype=np.float64)
        rows = network.rows(data.x[: len(data.y)]), network.rows(data.x[len(data.y) :])
        unit = ridge_unit(inference.ridge_scale, rows[0].diagonal("ntk"))
        ridge = ridge_of(inference.given_ridge, "ntk") * unit
        infinite = InfiniteWidth.of(evaluator, rows[0], data.y, ridge)
        pace = Pace.of(settings, inference, data.y.size, float(infinite.eigenvalues[-1]))
        times = pace.times(inference.times, infinite)
        exponents = [time * pace.rate for time in times]
        trained = settings.largest_trained, linearised
        return cls(
            Experiment(network, data.x, data.y, infinite.exact, exponents, pace.step, ridge, *trained),
            [Draw(width, seed) for width in settings.widths[::-1] for seed in range(settings.seeds)],
            pace,
            data.tested,
            ClosedForm.of(infinite, evaluator, rows, exponents),
            times,
            is_endless=math.inf in inference.times,
        )


def readout_only(network: Network) -> Network:
    """Return a network of which the readout alone is trained: its NTK is its NNGP kernel."""
    last = max(i for i, step in enumerate(network.steps) if isinstance(step, Affine))
    return replace(
        network,
        steps=tuple(
            replace(
                step,
                ntk_weight=step.weight if i == last else 0.0,
                ntk_bias=step.bias if i == last else 0.0,
            )
            if isinstance(step, Affine)
            else step
            for i, step in enumerate(network.steps)
        ),
    )


def _trained_network(job: Job) -> Network:
    """Return the network as it is trained: with kernel nngp alone, the readout is."""
    network = job.evaluator.network
    return readout_only(network) if job.spec.inference.kernel == ["nngp"] else network


def _check_values(network: Network, x: FloatArray) -> None:
    """Refuse activations that are not functions of what the network gives them."""
    for step, rows in zip(network.steps, network.walk(x), strict=False):
        if not isinstance(step, Activate):
            continue
        if not step.activation.has_values:
            raise SpecError(
                "network.activation: exp_normalized is a kernel and no function of x, so that no finite "
                "network has it: use another activation"
            )
        if step.activation.unit_variance and not np.allclose(rows.q, 1.0, rtol=0.0, atol=ALMOST):
            low, high = float(rows.q.min()), float(rows.q.max())
            remedy = "set network.layer_norm to true" if low > 0 else "give network.sigma_b a value above 0"
            raise SpecError(
                "network.activation: hermite is a function of inputs of variance 1, and here they have "
                f"{low:.4g} to {high:.4g}: {remedy}"
            )
