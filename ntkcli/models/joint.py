"""What a run directory has of several rows together: covariances, and functions drawn from them."""

import numpy as np

from ntkcli.arrays import FloatArray
from ntkcli.data.transforms import Transforms
from ntkcli.inference.sampling import draw
from ntkcli.regression.fitted_stage import Answer
from ntkcli.results.result import Result
from ntkcli.runs.directory import RunDirectory
from ntkcli.runs.matrices import write_covariance, write_samples
from ntkcli.spec.spec import OutputSpec


def write_joint(
    run: RunDirectory,
    output: OutputSpec,
    answer: Answer,
    result: Result,
    units: FloatArray,
    transforms: Transforms,
) -> None:
    """Write the covariance and the draws of an answer, if the spec asks for them.

    Args:
        run: gets the files.
        output: the spec's output section.
        answer: of all rows to predict.
        result: the same in the targets' units.
        units: the square of each target's unit, times the scale of variances, (k,).
        transforms: of the targets, which draws are taken back from.
    """
    covariance, name = answer.prediction.covariance, answer.pair.text
    if covariance is None:
        return
    if output.covariance:
        write_covariance(run.folder("covariance"), name, covariance, units)
    if output.samples:
        functions = draw(np.zeros_like(result.mean), covariance, output.samples, output.seed)
        drawn = transforms.undo(result.mean + functions * np.sqrt(units))
        write_samples(run.folder("samples"), name, drawn)
