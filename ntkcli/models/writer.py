"""A model, written while it is fitted: every stage as soon as it is solved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ntkcli.jobs.job import Job
from ntkcli.models.array_files import ArrayWriter
from ntkcli.models.model_file import (
    FORMAT,
    CalibrationRecord,
    ModelFile,
    QuestionRecord,
    SchemaRecord,
    StageRecord,
    write_model_file,
)
from ntkcli.regression.fitted_stage import FittedStage
from ntkcli.regression.question import Pair
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration


@dataclass
class ModelWriter:
    """Writes the model of a job into a folder.

    stages: those that were fitted.
    """

    folder: Path
    job: Job
    arrays: ArrayWriter = field(init=False)
    stages: list[StageRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arrays = ArrayWriter(self.folder)

    def keep(self, fitted: FittedStage) -> None:
        """Write what a stage predicts from: its coefficients and, if the spec wants it, its factorisation."""
        with_factor = self.job.spec.output.factor
        self.stages.append(
            StageRecord.of(fitted.save(self.arrays, len(self.stages), with_factor=with_factor))
        )

    def finish(self, calibrations: Mapping[Pair, Calibration], baselines: Sequence[Baseline]) -> None:
        """Write all that does not belong to a stage."""
        job = self.job
        schema, question = job.dataset.schema, job.question
        self._write_arrays(baselines)
        content = ModelFile(
            format=FORMAT,
            data=SchemaRecord(
                ids=schema.ids,
                features=schema.features.features,
                rules=schema.features.rules,
                targets=schema.targets.names,
                classes=schema.targets.classes,
            ),
            network=job.spec.network,
            question=QuestionRecord(
                rate=question.rate,
                ridge=question.ridge,
                ridge_scale=question.ridge_scale,
                tolerance=question.tolerance,
            ),
            output=job.spec.output,
            dtype=job.spec.compute.stored_dtype,
            tables=[span.tolist() for span in job.evaluator.network.tabulated_for],
            stages=self.stages,
            calibrations=[_record(pair, found) for pair, found in calibrations.items()],
            arrays=self.arrays.records,
        )
        write_model_file(self.folder, content)

    def _write_arrays(self, baselines: Sequence[Baseline]) -> None:
        dataset = self.job.dataset
        features, targets = dataset.schema.features, dataset.schema.targets
        self.arrays.write("x_train", dataset.train.x)
        self.arrays.write("fill", features.fill)
        self.arrays.write("relevance", features.relevance)
        for name, scaling in (("features", features.scaling), ("targets", targets.scaling)):
            self.arrays.write(f"{name}_mean", scaling.mean)
            self.arrays.write(f"{name}_scale", scaling.scale)
        for baseline in baselines:
            for part in ("weights", "intercept", "variance"):
                self.arrays.write(f"{baseline.name}_{part}", getattr(baseline, part))


def _record(pair: Pair, found: Calibration) -> CalibrationRecord:
    return CalibrationRecord.model_validate(
        {
            **pair._asdict(),
            "variance_scale": None if np.isnan(found.variance_scale).any() else found.variance_scale.tolist(),
            "half_width": None if found.half_width is None else found.half_width.tolist(),
            "temperature": found.temperature,
        }
    )
