"""A fitted model, read back: what `ntk fit` left, ready for new rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ntkcli.arrays import BoolArray, FloatArray
from ntkcli.data.features import Features
from ntkcli.data.scaling import Scaling
from ntkcli.data.table import Schema, Table
from ntkcli.data.targets import Targets
from ntkcli.errors import DataError, SpecError
from ntkcli.jobs.network import network_of
from ntkcli.jobs.tabulation import spans_of, tabulated
from ntkcli.kernels.network import Network
from ntkcli.models.array_files import AGAIN, ArrayReader
from ntkcli.models.model_file import NAME, ModelFile, StageRecord, read_model_file
from ntkcli.models.writer import coefficients_name
from ntkcli.regression.predict import Pair
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration
from ntkcli.results.presentation import Report, report_of

IntArray = npt.NDArray[np.intp]

SLACK = 1e-12


@dataclass
class Model:
    """What `ntk fit` learnt.

    arrays: reads the rest, when it is wanted.
    file: model.json.
    schema: how rows are read.
    x_train: (n, d) training rows as the kernel sees them.
    network: with the tables that the fit had.
    """

    arrays: ArrayReader
    file: ModelFile
    schema: Schema
    x_train: FloatArray
    network: Network
    _plain: Network
    _wider: Network | None = field(default=None, init=False)

    @property
    def pairs(self) -> list[Pair]:
        """Every kernel and time, in the order asked."""
        return [(record.kernel, record.time) for record in self.file.calibrations]

    def report(self, *, std: bool) -> Report:
        """What the fit's spec wants told, with a spread or without."""
        return report_of(self.schema.targets, self.file.output.model_copy(update={"std": std}))

    def question(self, *, spread: bool) -> Question:
        """What is asked of the kernels for new rows."""
        asked = self.file.question
        times: dict[str, list[float]] = {}
        for kernel, time in self.pairs:
            times.setdefault(kernel, []).append(time)
        return Question(
            times=times,
            rate=asked.rate,
            ridge=asked.ridge,
            ridge_scale=asked.ridge_scale,
            spread="variance" if spread else "none",
            tolerance=asked.tolerance,
        )

    @property
    def stages(self) -> Iterator[tuple[Stage, StageRecord]]:
        """The stages as they were solved, and what is stored of them."""
        for record in self.file.stages:
            yield Stage(record.gram, record.solver, tuple(record.pairs)), record

    def coefficients(self, stage: Stage, question: Question) -> dict[float, FloatArray]:
        """A stage's coefficients (n, k) by exponent.

        Raises:
            DataError: an array is missing or damaged.
        """
        if stage.solver == "none":
            return {}
        shape = len(self.x_train), self.schema.targets.count
        return {
            question.exponent(time): self.arrays.read(coefficients_name(stage.gram, time), *shape)
            for time in stage.times
        }

    @property
    def calibrations(self) -> Mapping[Pair, Calibration]:
        """By kernel and time; a scale of variances that is not known is NaN."""
        unknown = [np.nan] * self.schema.targets.count
        return {
            (found.kernel, found.time): Calibration(
                np.array(unknown if found.variance_scale is None else found.variance_scale),
                found.temperature,
                None if found.half_width is None else np.array(found.half_width),
            )
            for found in self.file.calibrations
        }

    @property
    def baselines(self) -> list[Baseline]:
        """The models without a kernel.

        Raises:
            DataError: an array is missing or damaged.
        """
        d, k = self.x_train.shape[1], self.schema.targets.count
        read = self.arrays.read
        return [
            Baseline(
                name, read(f"{name}_weights", d, k), read(f"{name}_intercept", k), read(f"{name}_variance", k)
            )
            for name in ("mean", "linear")
        ]

    def networks_for(self, table: Table) -> list[tuple[IntArray, Network]]:
        """Which network predicts which rows: the fit's, and for rows beyond its tables one with wider tables.

        So a row is predicted the same whatever rows come with it.

        Raises:
            NumericalError: a row's kernel leaves the range of an activation.
        """
        spans = spans_of(self._plain, self.file.network, table, self.file.dtype)
        if not self._has_tables or _reach(self.network, spans):
            return [(np.arange(len(table)), self.network)]
        variances = (rows.q for rows in self._plain.walk(table.x))
        inside = [
            _within(q, limits) for q, limits in zip(variances, self.network.tabulated_for, strict=False)
        ]
        near = np.all(inside, axis=0)
        return [(np.flatnonzero(near), self.network), (np.flatnonzero(~near), self._wider_network(spans))]

    @property
    def _has_tables(self) -> bool:
        pairs = zip(self.network.activations, self._plain.activations, strict=True)
        return any(own.activation is not plain.activation for own, plain in pairs)

    def _wider_network(self, spans: Sequence[FloatArray]) -> Network:
        widest = self._wider or self.network
        if not _reach(widest, spans):
            joined = [np.concatenate(both) for both in zip(spans, widest.tabulated_for, strict=True)]
            widest = tabulated(self._plain, joined)
        self._wider = widest
        return widest


def _reach(network: Network, spans: Sequence[FloatArray]) -> bool:
    """Whether a network's tables reach as far as some variances, one array for each step."""
    return all(_within(q, limits).all() for q, limits in zip(spans, network.tabulated_for, strict=True))


def _within(q: FloatArray, limits: FloatArray) -> BoolArray:
    """Which variances are 0 or between the ends of a table; what rounding adds to an end is not beyond."""
    if not limits.size:
        return np.asarray(q == 0)
    inside = (limits[0] * (1 - SLACK) <= q) & (q <= limits[-1] * (1 + SLACK))
    return np.asarray((q == 0) | inside)


def load_model(run: Path) -> Model:
    """The model in a run directory.

    Raises:
        DataError: there is none, it is damaged, or a newer ntk wrote it.
    """
    folder = run / "model"
    file = read_model_file(folder)
    arrays = ArrayReader(folder, file.arrays)
    schema = _schema(file, arrays)
    d = len(schema.features.columns)
    x_train = arrays.read("x_train", -1, d)
    try:
        plain = network_of(file.network, d)
        network = tabulated(plain, [np.array(span) for span in file.tables])
    except (SpecError, ValueError, IndexError) as error:
        raise DataError(
            f"{folder / NAME}: is damaged: its network cannot be built ({error}): {AGAIN}"
        ) from error
    return Model(arrays, file, schema, x_train, network, plain)


def _schema(file: ModelFile, arrays: ArrayReader) -> Schema:
    data = file.data
    width = sum(len(feature.columns) for feature in data.features)
    outputs = len(data.classes or data.targets)
    features = Features(
        data.features,
        data.rules,
        arrays.read("fill", width),
        _scaling("features", width, arrays),
        arrays.read("relevance", width),
    )
    return Schema(
        data.ids, features, Targets(data.targets, data.classes, _scaling("targets", outputs, arrays))
    )


def _scaling(name: str, width: int, arrays: ArrayReader) -> Scaling:
    return Scaling(arrays.read(f"{name}_mean", width), arrays.read(f"{name}_scale", width))
