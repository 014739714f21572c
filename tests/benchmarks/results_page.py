"""The page of results: docs/results.md."""

import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec

from results_summary import Scores, behind, near_best, outside
from results_tables import (
    Cell,
    coverage_cell,
    density_cell,
    difference_cell,
    error_cell,
    exit_cell,
    seconds_cell,
    sources,
    table,
)
from rivals.gaussian_process import SEARCH_ROWS
from rivals.search import FEW_ROWS
from sets.catalogue import SETS

METHODS = {
    "tune": "`ntk tune`",
    "fit": "`ntk fit`",
    "boosting": "boosting",
    "tuned_boosting": "tuned boosting",
    "gp": "Gaussian process",
    "ridge": "ridge",
    "xrfm": "xRFM",
}
DENSITIES = ("tune", "fit", "gp")

PAGE = """\
# Results

`ntk tune` with one spec for all, and `ntk fit` with nothing but the names of file and target, beside
methods that are at hand on a CPU: {sets} tables, {splits} splits each. Made by `make results`.

## Error

Root mean square error on the test rows, in the target's units, and log loss of classes ({classes}): mean
over the splits ± the standard error of that mean. The splits are the same for all. The lowest mean is in
bold. A star is on a method that is behind it by no more than the standard error of the difference, split
by split.

{errors}

Best, or within that standard error of the best (or within that of the best's mean, which says less, since
splits differ more than methods do):

{near_best}

## The default fit

The spec names the files and the target, and what `ntk` refuses a table without ([below](#the-tables)).
Exit code, share of the test values in the 95 % intervals, error less that of ridge, and seconds.

{defaults}

Failed: {failed}. Above ridge: {above_ridge}. Coverage outside 92 to 98 %: {outside}.

## Uncertainty

Mean negative log density of the test values (lower is better), and the share of them in the 95 %
intervals. The others have neither.

{densities}

## Time

Seconds of a processor for one split, on one thread each: choosing settings, fitting, predicting; of `ntk`
with start and files.

{seconds}

## What was done

- **`ntk tune`** and **`ntk fit`** have the specs in
  [`results_ntk.py`](../tests/benchmarks/results_ntk.py). They see the training rows alone.
- **Boosting** is `HistGradientBoosting` of scikit-learn with all its defaults, and with categories and
  gaps as such; **tuned**, with the best of 30 random settings, by five folds of the training rows, or
  from {few_rows} rows on by one fifth.
- **Gaussian process** is `GaussianProcessRegressor` with a constant times an RBF with a length scale for
  each feature, plus white noise; the evidence maximised from two starts, that of {search_rows:,} training
  rows at random where there are more; the posterior has all rows. It is not for classes.
- xRFM and the Gaussian process are there for sets of at most 2,500 rows: they take many minutes on
  others.
- **Ridge** is `RidgeCV`, and `LogisticRegressionCV` for classes.
- {xrfm}
- **TabPFN** is not here: its weights are no part of its package, and have to be fetched from a hub.

Where a method takes only numbers, categories became columns of 0 and 1, and gaps medians; features are
standardised. A fifth of the rows, or of the groups, is for the test. Rows that have an order in time are
never predicted from later ones: the second half is predicted in five parts, each from all before it. The
splits have the seeds {first_seed} to {last_seed}, which nothing was chosen with.

{versions}.

## Logarithms

RMSE with `data.log: []`, with the logarithm of every skewed column, and with `auto`, which takes those that
help; `kernel: nngp`, depth 3, sigma_b 0.3. Means of five other splits (seeds 0 to 4), with which `auto` was
settled.

| set | none | every skewed | `auto` |
| --- | ---: | ---: | ---: |
| flights | 15.11 | 15.68 | 15.11 |
| concrete | 4.859 | 4.325 | 4.325 |
| airfoil | 1.104 | 0.966 | 0.966 |
| auto_mpg | 2.424 | 2.367 | 2.367 |
| real_estate | 7.372 | 7.350 | 7.350 |
| red_wine | 0.6175 | 0.6195 | 0.6127 |
| fish | 0.9516 | 0.9408 | 0.9499 |
| yacht | 0.7345 | 0.7345 | 0.7345 |

## The tables

They come out of wheels on PyPI ([list](../tests/benchmarks/results_sets_requirements.txt)) and
scikit-learn; [`sets/`](../tests/benchmarks/sets) names their creators.

{sources}

## Again

`make results` installs what it compares with into a folder of its own, `.bench/results`, and resumes
where it was stopped. The figures of each split stay in `.bench/results/scores`.
"""
XRFM = (
    "**xRFM** ([xrfm](https://pypi.org/project/xrfm/)) is a kernel machine that learns its metric: the best\n"
    "  of 10 random settings on a fifth of the training rows, which are not learned from."
)
NO_XRFM = "**xRFM** is not here: it was not installed."


def page(scores: Scores, sizes: dict[str, tuple[int, int]], ntk_version: str, seeds: range) -> str:
    """The whole page.

    scores: by set and method, a score for each split; of ntk's methods and of ridge in any case.
    sizes: rows and features by set.
    seeds: of the splits.
    """
    names = [name for name in METHODS if any(name in found for found in scores.values())]
    numbers = {name: found for name, found in scores.items() if not SETS[name].classes}
    return PAGE.format(
        sets=len(scores),
        splits=len(seeds),
        classes=", ".join(name for name in scores if SETS[name].classes),
        errors=_errors(scores, sizes, names),
        near_best=_near_best(scores, names),
        defaults=table(scores, _default_columns()),
        failed=", ".join(name for name, found in scores.items() if exit_cell("fit")(found) != "0")
        or "nowhere",
        above_ridge=", ".join(behind(scores, "fit", "ridge")) or "nowhere",
        outside=", ".join(outside(scores, "fit")) or "nowhere",
        densities=table(numbers, _columns(density_cell, [name for name in names if name in DENSITIES])),
        seconds=table(scores, _columns(seconds_cell, names)),
        few_rows=FEW_ROWS,
        search_rows=SEARCH_ROWS,
        xrfm=XRFM if find_spec("xrfm") else NO_XRFM,
        first_seed=seeds[0],
        last_seed=seeds[-1],
        versions=_versions(ntk_version),
        sources=sources(scores),
    )


def _errors(scores: Scores, sizes: dict[str, tuple[int, int]], names: list[str]) -> str:
    """Sizes stand beside the names of the sets."""
    named = {f"{name} ({rows} x {columns})": scores[name] for name, (rows, columns) in sizes.items()}
    return table(named, _columns(error_cell, names))


def _near_best(scores: Scores, names: list[str]) -> str:
    return "\n".join(f"- {METHODS[name]}: {near_best(scores, name)}" for name in names)


def _default_columns() -> dict[str, Cell]:
    return {
        "exit code": exit_cell("fit"),
        "coverage": coverage_cell("fit"),
        "error less ridge's": difference_cell("fit", "ridge"),
        "seconds": seconds_cell("fit"),
    }


def _columns(cell: Callable[[str], Cell], names: Sequence[str]) -> dict[str, Cell]:
    return {METHODS[name]: cell(name) for name in names}


def _versions(ntk_version: str) -> str:
    names = ["scikit-learn", "numpy", "scipy", *(["xrfm", "torch"] if find_spec("xrfm") else [])]
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Versions: {ntk_version}; beside it, Python {platform.python_version()}, {packages}"
