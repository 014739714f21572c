"""A model, written while it is fitted: every stage as soon as it is solved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ntkcli.jobs.job import Job
from ntkcli.models.array_files import ArrayWriter
from ntkcli.models.factors import write_factor
from ntkcli.models.model_file import (
    FORMAT,
    CalibrationRecord,
    ModelFile,
    QuestionRecord,
    SchemaRecord,
    StageRecord,
    write_model_file,
)
from ntkcli.regression.predict import Pair
from ntkcli.regression.question import time_text
from ntkcli.regression.solve import SolvedStage
from ntkcli.results.baselines import Baseline
from ntkcli.results.calibration import Calibration


@dataclass
class ModelWriter:
    """Writes the model of a job into a folder.

    stages: those that were solved.
    """

    folder: Path
    job: Job
    arrays: ArrayWriter = field(init=False)
    stages: list[StageRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arrays = ArrayWriter(self.folder)

    def keep(self, solved: SolvedStage) -> None:
        """Write what a stage predicts from: its coefficients and, if the spec wants it, its factorisation."""
        stage, question = solved.stage, self.job.question
        for time in stage.times if stage.solver != "none" else []:
            coefficients = solved.coefficients[question.exponent(time)]
            self.arrays.write(coefficients_name(stage.gram, time), coefficients)
        factor = None
        if self.job.spec.output.factor and solved.flow:
            factor = write_factor(solved.flow, factor_name(len(self.stages)), self.arrays)
        values = {"gram": stage.gram, "solver": stage.solver, "pairs": list(stage.pairs)}
        self.stages.append(StageRecord.model_validate({**values, "ridge": solved.ridge, "factor": factor}))

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
            tables=[span.tolist() for span in job.gram.network.tabulated_for],
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


def coefficients_name(gram: str, time: float) -> str:
    """The array of the coefficients of one Gram matrix at one time."""
    return f"coefficients/{gram}_t{time_text(time)}"


def factor_name(stage: int) -> str:
    """The array of a stage's factorisation."""
    return f"factors/{stage}"


def _record(pair: Pair, found: Calibration) -> CalibrationRecord:
    kernel, time = pair
    return CalibrationRecord.model_validate(
        {
            "kernel": kernel,
            "time": time,
            "variance_scale": None if np.isnan(found.variance_scale).any() else found.variance_scale.tolist(),
            "half_width": None if found.half_width is None else found.half_width.tolist(),
            "temperature": found.temperature,
        }
    )
