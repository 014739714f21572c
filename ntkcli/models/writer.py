"""The writer of a model: every stage is kept as soon as it is solved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ntkcli.arrays import ArraySink, FloatArray
from ntkcli.jobs.job import Job
from ntkcli.models.array_files import ArrayRecord
from ntkcli.models.model_file import FORMAT, ModelFile
from ntkcli.models.model_records import CalibrationRecord, QuestionRecord, SchemaRecord, StageRecord
from ntkcli.regression.fitted_stage import WEIGHTS, FittedStage, rows_name
from ntkcli.regression.question import Pair
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration
from ntkcli.results.unseen_rows import UnseenRows


class ModelArrays(ArraySink, Protocol):
    """Keeps the arrays of a model: in files, or in memory."""

    @property
    def records(self) -> dict[str, ArrayRecord]:
        """Of the arrays that are kept, by name."""


@dataclass
class ModelWriter:
    """Writes the model of a job.

    arrays: keeps its arrays.
    job: that is fitted.
    stages: the records of the stages kept so far.
    """

    arrays: ModelArrays
    job: Job
    stages: list[StageRecord] = field(default_factory=list)

    def keep(self, fitted: FittedStage) -> None:
        """Keep a stage: its coefficients and, of features or by output.factor, its factorisation."""
        kept = fitted.save(self.arrays, len(self.stages), with_factor=self.job.spec.output.factor)
        self.stages.append(StageRecord.of(kept))

    def finish(
        self,
        x: FloatArray,
        unseen: UnseenRows | None,
        calibrations: Mapping[Pair, Calibration],
        baselines: Sequence[Baseline],
        weights: FloatArray | None = None,
    ) -> ModelFile:
        """Keep the arrays that do not belong to a stage, and return the content of model.json.

        Args:
            x: the rows whose kernels the stages take, (n, d).
            unseen: the rows that calibrations are fitted to.
            calibrations: by kernel and time.
            baselines: that the kernels are compared with.
            weights: of the rows, (n,); None for 1, and for centres.
        """
        job = self.job
        self.arrays.write(rows_name([record.kept for record in self.stages]), x)
        if weights is not None:
            self.arrays.write(WEIGHTS, weights)
        self._write_arrays(baselines)
        return ModelFile(
            format=FORMAT,
            data=SchemaRecord.of(job.dataset.schema),
            csv=job.spec.data.csv,
            network=job.spec.network,
            question=QuestionRecord.of(job.question),
            output=job.spec.output,
            dtype=job.spec.compute.stored_dtype,
            tables=[span.tolist() for span in job.evaluator.network.tabulated_for],
            stages=self.stages,
            calibrated_by=unseen,
            calibrations=[CalibrationRecord.of(pair, found) for pair, found in calibrations.items()],
            arrays=self.arrays.records,
        )

    def _write_arrays(self, baselines: Sequence[Baseline]) -> None:
        dataset = self.job.dataset
        features, targets = dataset.schema.features, dataset.schema.targets
        self.arrays.write("fill", features.fill)
        self.arrays.write("relevance", features.relevance)
        for name, scaling in (("features", features.scaling), ("targets", targets.scaling)):
            self.arrays.write(f"{name}_mean", scaling.mean)
            self.arrays.write(f"{name}_scale", scaling.scale)
        for baseline in baselines:
            for part in ("weights", "intercept", "variance"):
                self.arrays.write(f"{baseline.name}_{part}", getattr(baseline, part))
