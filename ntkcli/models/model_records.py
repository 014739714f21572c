"""The parts of model.json: what is recorded of a schema, a question, stages and calibrations."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field

from ntkcli.data.feature import Feature
from ntkcli.data.features import FeatureRules
from ntkcli.data.row_weights import RowWeights
from ntkcli.data.table import Schema
from ntkcli.data.target_transform import TargetTransform
from ntkcli.kernels.rows import GramName
from ntkcli.regression.fitted_stage import KeptFactor, KeptStage
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Pair, Question, RidgeScale
from ntkcli.regression.stages import PathSampling, Stage
from ntkcli.results.calibration import Calibration
from ntkcli.results.relative_errors import RelativeErrors
from ntkcli.solvers.catalogue import SOLVERS, keeping_solver
from ntkcli.spec.section import Section
from ntkcli.spec.types import Finite, Number, Time, one_of

Factor = Annotated[Number, Field(ge=0)]
NotNegative = Annotated[Finite, Field(ge=0)]
SolverName = Annotated[str, AfterValidator(lambda name: one_of(name, [*SOLVERS]))]
KeepingName = Annotated[SolverName, AfterValidator(lambda name: keeping_solver(name).name)]


class SchemaRecord(Section):
    """How rows are read: columns, encoding, targets and how much rows count."""

    ids: list[str]
    features: list[Feature]
    rules: FeatureRules
    targets: list[str]
    classes: list[str]
    weights: RowWeights | None = None
    transforms: dict[str, TargetTransform | None] = Field(default={})

    @classmethod
    def of(cls, schema: Schema) -> Self:
        """Return the record of a schema, whose arrays are stored apart."""
        features, targets = schema.features, schema.targets
        return cls(
            ids=schema.ids,
            features=features.features,
            rules=features.rules,
            targets=targets.names,
            classes=targets.classes,
            weights=schema.weights,
            transforms=dict(targets.transforms.of),
        )


class QuestionRecord(Section):
    """The question that a model was fitted for, without its kernels and times.

    variance_samples: of a model that was written before there were any, as `auto` has them.
    """

    rate: Annotated[Finite, Field(gt=0)]
    ridge: NotNegative | dict[GramName, NotNegative]
    ridge_scale: RidgeScale
    tolerance: Annotated[Finite, Field(gt=0, lt=1)]
    variance_samples: Literal["auto", "none"] | Annotated[int, Field(ge=2)] = "auto"
    is_noise_known: bool = False

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return the record of a question, whose kernels and times the stages have."""
        return cls(
            rate=question.rate,
            ridge=dict(question.ridge) if isinstance(question.ridge, Mapping) else question.ridge,
            ridge_scale=question.ridge_scale,
            tolerance=question.tolerance,
            variance_samples=question.variance_samples,
            is_noise_known=question.is_noise_known,
        )


class FactorRecord(Section):
    """A stored factorisation.

    kind: the solver that made it.
    numbers: the scalars that go with its arrays, by name.
    """

    kind: KeepingName
    numbers: dict[str, Finite]


class SamplingRecord(Section):
    """Variances from samples: how many, and from how many test rows on."""

    count: Annotated[int, Field(ge=2)]
    least_rows: Annotated[int, Field(ge=1)]


class StageRecord(Section):
    """One Gram matrix, and the kernels and times that are predicted from it.

    ridge: as it was added to the diagonal.
    factor: None where it was not stored.
    sampling: None where each test row was solved for.
    features: how many stand for the training rows; None where these are kept.
    """

    gram: GramName
    solver: SolverName
    pairs: list[tuple[KernelName, Time]]
    ridge: NotNegative
    factor: FactorRecord | None = None
    sampling: SamplingRecord | None = None
    features: Annotated[int, Field(ge=0)] | None = None

    @classmethod
    def of(cls, kept: KeptStage) -> Self:
        """Return the record of a stage that was saved."""
        stage, factor = kept.stage, kept.factor
        sampling = SamplingRecord(**asdict(stage.sampling)) if stage.sampling else None
        return cls(
            gram=stage.gram,
            solver=stage.solver.name,
            pairs=[(pair.kernel, pair.time) for pair in stage.pairs],
            ridge=kept.ridge,
            factor=FactorRecord(kind=factor.kind, numbers=dict(factor.numbers)) if factor else None,
            sampling=sampling,
            features=kept.features,
        )

    @property
    def kept(self) -> KeptStage:
        """The stage as it was saved."""
        pairs, sampling = tuple(Pair(*pair) for pair in self.pairs), self.sampling
        sampled = PathSampling(sampling.count, sampling.least_rows) if sampling else None
        stage = Stage(self.gram, SOLVERS[self.solver], pairs, sampled)
        factor = KeptFactor(self.factor.kind, self.factor.numbers) if self.factor else None
        return KeptStage(stage, self.ridge, factor, self.features)


class CalibrationRecord(Section):
    """The calibration of one kernel at one time.

    variance_scale: None where it was to be `auto`, but the fit computed no variances to find it from.
    noise: of observations, beyond that of the kernel; None for none.
    half_width: of intervals, in standard deviations of an observation; None for normal ones.
    temperature: that outputs of classes are divided by before the softmax.
    errors: how far off these are by chance; None where nothing is fitted.
    """

    kernel: KernelName
    time: Time
    variance_scale: list[Factor] | None
    noise: list[NotNegative] | None = None
    half_width: list[Factor] | None = None
    temperature: Annotated[Finite, Field(gt=0)]
    errors: RelativeErrors | None = None

    @classmethod
    def of(cls, pair: Pair, calibration: Calibration) -> Self:
        """Return the record of a kernel's calibration at a time."""
        scale, half_width = calibration.variance_scale, calibration.half_width
        return cls(
            kernel=pair.kernel,
            time=pair.time,
            variance_scale=None if np.isnan(scale).any() else scale.tolist(),
            noise=calibration.noise.tolist() if calibration.noise.any() else None,
            half_width=None if half_width is None else half_width.tolist(),
            temperature=calibration.temperature,
            errors=calibration.errors,
        )
