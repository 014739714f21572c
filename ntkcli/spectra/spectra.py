"""All that the Gram matrices of a job say."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ntkcli.jobs.job import Job
from ntkcli.regression.kernel import inverted_grams
from ntkcli.spectra.course import course_table
from ntkcli.spectra.curve import curve_table
from ntkcli.spectra.gram_spectrum import GramSpectrum
from ntkcli.spectra.modes import mode_table, ridge_table
from ntkcli.spectra.summary import summary_of


@dataclass(frozen=True)
class Spectra:
    """What some Gram matrices say; the rows of a table that belong to each have its name as their kernel.

    modes: spectrum.csv.
    course: time_course.csv.
    curve: learning_curve.csv.
    ridges: degrees_of_freedom.csv.
    summary: summary.json.
    """

    modes: pd.DataFrame
    course: pd.DataFrame
    curve: pd.DataFrame
    ridges: pd.DataFrame
    summary: dict[str, Any]

    @property
    def files(self) -> dict[str, pd.DataFrame]:
        """The tables by the names of their files."""
        return {
            "spectrum.csv": self.modes,
            "time_course.csv": self.course,
            "learning_curve.csv": self.curve,
            "degrees_of_freedom.csv": self.ridges,
        }


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
            found.append(_spectra(GramSpectrum.of(job, gram), measure=measure))
    kernels = {name: content for part in found for name, content in part.summary.items()}
    return Spectra(
        modes=_joined([part.modes for part in found]),
        course=_joined([part.course for part in found]),
        curve=_joined([part.curve for part in found]),
        ridges=_joined([part.ridges for part in found]),
        summary={"rows": len(job.train), "kernels": kernels},
    )


def _spectra(found: GramSpectrum, *, measure: bool) -> Spectra:
    """Return the tables of one Gram matrix; its summary is by name."""
    if not found.is_regular:
        found.job.journal.warn(
            f"the {found.gram} Gram matrix is singular to rounding: what takes its inverse is left out (give "
            "inference.ridge a value above 0)"
        )
    modes, ridges = mode_table(found), ridge_table(found)
    course, curve = course_table(found), curve_table(found, measure=measure)
    for table in (course, curve):
        # A time alone may be infinite; other numbers are so where they leave the range of float64.
        numbers = table.columns.difference(["kernel", "time", "rows"])
        table[numbers] = table[numbers].where(np.isfinite(table[numbers]))
    summary = summary_of(found, course, curve, measured=measure)
    return Spectra(modes, course, curve, ridges, {found.gram: summary})


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(parts, ignore_index=True)
