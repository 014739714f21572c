"""All that the Gram matrices of a job say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.jobs.job import Job
from ntkcli.regression.kernel import inverted_grams
from ntkcli.spectra.approximation import ApproximateGrams
from ntkcli.spectra.course import course_table
from ntkcli.spectra.curve import curve_table
from ntkcli.spectra.decomposed_gram import DecomposedGram
from ntkcli.spectra.gram_spectrum import GramSpectrum
from ntkcli.spectra.modes import mode_table, ridge_table
from ntkcli.spectra.summary import summary_of


@dataclass(frozen=True)
class Spectra:
    """What some Gram matrices say; the rows of a table that belong to each have its name as their kernel.

    modes: spectrum.csv.
    course: time_course.csv.
    curve: learning_curve.csv; None where features have none.
    ridges: degrees_of_freedom.csv.
    summary: summary.json.
    """

    modes: pd.DataFrame
    course: pd.DataFrame
    curve: pd.DataFrame | None
    ridges: pd.DataFrame
    summary: dict[str, Any]

    @property
    def files(self) -> dict[str, pd.DataFrame]:
        """The tables by the names of their files."""
        tables = {
            "spectrum.csv": self.modes,
            "time_course.csv": self.course,
            "learning_curve.csv": self.curve,
            "degrees_of_freedom.csv": self.ridges,
        }
        return {name: table for name, table in tables.items() if table is not None}


def spectra_of(job: Job, *, measure: bool) -> Spectra:
    """Decompose the Gram matrices that a job's predictions invert, one after another.

    Args:
        job: whose ridge is a number.
        measure: whether subsets of the training rows are fitted for the learning curve.

    Raises:
        NumericalError: an eigendecomposition fails.
    """
    found: list[Spectra] = []
    for gram in inverted_grams(job.spec.inference.kernel):
        # Without a scale, squares of targets may leave the range of float64.
        with np.errstate(over="ignore", invalid="ignore"):
            decomposed = GramSpectrum.of(job, gram)
            curve = _finite(curve_table(decomposed, measure=measure))
            found.append(_spectra(decomposed, curve, measured=measure))
    return _together(found, {"rows": len(job.train)})


def approximate_spectra_of(grams: ApproximateGrams) -> Spectra:
    """Tell what the modes of features say; there is no learning curve, which all modes have a part in.

    Args:
        grams: of a job.
    """
    found = []
    for one in grams.found:
        with np.errstate(over="ignore", invalid="ignore"):
            found.append(_spectra(one, None, measured=False))
    rows = {"rows": grams.job.row_source.train_rows}
    return _together(found, {**rows, "approximation": grams.content})


def _spectra(found: DecomposedGram, curve: pd.DataFrame | None, *, measured: bool) -> Spectra:
    """Return the tables of one Gram matrix; its summary is by name."""
    if not found.is_regular:
        found.job.journal.warn(
            f"the {found.gram} Gram matrix is singular to rounding: what takes its inverse is left out (give "
            "inference.ridge a value above 0)"
        )
    modes, ridges, course = mode_table(found), ridge_table(found), _finite(course_table(found))
    summary = summary_of(found, course, curve, measured=measured)
    return Spectra(modes, course, curve, ridges, {found.gram: summary})


def _finite(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without infinite numbers, but for times: others leave the range of float64."""
    numbers = table.columns.difference(["kernel", "time", "rows"])
    return table.assign(**{name: table[name].where(np.isfinite(table[name])) for name in numbers})


def _together(found: list[Spectra], about: dict[str, Any]) -> Spectra:
    """Return the tables of some Gram matrices as one of each kind, and a summary of all."""
    curves = [part.curve for part in found if part.curve is not None]
    kernels = {name: content for part in found for name, content in part.summary.items()}
    return Spectra(
        modes=_joined([part.modes for part in found]),
        course=_joined([part.course for part in found]),
        curve=_joined(curves) if curves else None,
        ridges=_joined([part.ridges for part in found]),
        summary={**about, "kernels": kernels},
    )


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)
