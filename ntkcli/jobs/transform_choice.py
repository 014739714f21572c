"""`data.target_transform: auto`: the transform with which a skewed target is predicted best.

It is judged as `data.log: auto` judges logarithms, but by densities, which are in the target's own unit: a
skewed target may well follow its features in a straight line, which a transform would bend.
"""

from dataclasses import dataclass

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.log_scale import skewness
from ntkcli.data.raw_data import RawData
from ntkcli.data.sample import sample
from ntkcli.data.scaling import Scaling
from ntkcli.data.target_transform import TargetTransform, fit_transform
from ntkcli.errors import NumericalError
from ntkcli.jobs.log_choice import ROWS, Gain, left_out_errors
from ntkcli.journal import Journal
from ntkcli.kernels.executor import Executor
from ntkcli.kernels.range_errors import KernelRangeError
from ntkcli.spec.data import DataSpec, TransformName

# Other targets stay as they are.
SKEWED = 1.0
# A gain counts if it is above so many of its standard errors.
STANDARD_ERRORS = 2.0


def with_chosen_transform(raw: RawData, spec: DataSpec, executor: Executor, journal: Journal) -> DataSpec:
    """Return the data section with the transforms that `auto` stands for; told to the journal.

    Args:
        raw: the rows.
        spec: the data section, which is returned as it is where nothing in it is `auto`.
        executor: computes the kernels.
        journal: receives progress and what was chosen.

    Raises:
        DataError: a column is not what the spec says.
    """
    names = spec.transform_names
    if "auto" not in names.values():
        return spec
    with journal.phase("transform"):
        choice = TransformChoice.of(raw, spec, executor)
        chosen = dict(names)
        for i, (target, name) in enumerate(names.items()):
            if name == "auto":
                chosen[target], why = choice.name(i)
                journal.tell(f"data.target_transform: auto takes {chosen[target]} for {target!r} ({why})")
    first, *others = dict.fromkeys(chosen.values())
    return spec.model_copy(update={"target_transform": chosen if others else first})


@dataclass(frozen=True)
class TransformChoice:
    """A choice among transforms, by at most 500 training rows, each predicted from the others.

    x: (n, d), their inputs.
    targets: (n, k), in their units.
    executor: computes the kernels.
    """

    x: FloatArray
    targets: FloatArray
    executor: Executor

    @classmethod
    def of(cls, raw: RawData, spec: DataSpec, executor: Executor) -> "TransformChoice":
        """Return the choice for the training rows of a spec, without logarithms that are yet to be found."""
        rows = sample(len(raw.train), ROWS)
        _, table, _ = raw.fit(spec)
        return cls(table.x[rows], table.targets[spec.target].to_numpy()[rows], executor)

    def name(self, i: int) -> tuple[TransformName, str]:
        """Return the transform that target i is to have, and why.

        One takes the place of another if its density of the rows is clearly higher, the logarithm first.
        """
        values = self.targets[:, i]
        skew = skewness(values)
        if not abs(skew) > SKEWED:
            return "none", f"skewness {skew:.2g}"
        plain = best = self.losses(values, None)
        chosen: TransformName = "none"
        names: list[TransformName] = ["log", "yeo-johnson"] if values.min() > 0 else ["yeo-johnson"]
        for name in names:
            losses = self.losses(values, fit_transform(name, values))
            if _is_clear(Gain.of(best, losses)):
                chosen, best = name, losses
        if chosen == "none":
            return chosen, f"skewness {skew:.2g}, but no transform lowers the leave-one-out nll clearly"
        gain = Gain.of(plain, best)
        return chosen, f"leave-one-out nll lower by {gain.mean:.2g} +- {gain.error:.1g}"

    def losses(self, values: FloatArray, transform: TargetTransform | None) -> FloatArray:
        """Return the negative log density of every row, but for a constant; inf where there is none.

            log(s e) + r_i^2 / (2 e^2) - log(dz / dy)_i

        with the residuals r, their root mean square e, and s the standard deviation of the transformed z.
        """
        z = values if transform is None else transform.apply(values)
        scaling = Scaling.standard(z[:, None])
        try:
            squares = left_out_errors(self.x, scaling.apply(z[:, None]), self.executor)
        except (KernelRangeError, NumericalError):
            return np.full(len(z), np.inf)
        slopes = 0.0 if transform is None else transform.log_slope(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = squares.mean()
            return np.asarray(np.log(scaling.scale) + 0.5 * (np.log(mean) + squares / mean) - slopes)


def _is_clear(gain: Gain) -> bool:
    return gain.mean > STANDARD_ERRORS * gain.error
