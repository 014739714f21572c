"""The tables of docs/results.md, a line for each set."""

import math
from collections.abc import Callable, Iterable

import numpy as np
from results_score import Score
from results_summary import Scores, best, coverage_of, errors, failures, is_near_best, mean, standard_error
from sets.catalogue import SETS

ByMethod = dict[str, list[Score]]
Cell = Callable[[ByMethod], str]
NONE = ""


def table(scores: Scores, columns: dict[str, Cell]) -> str:
    """A line for each set, a column for each cell."""
    lines = [["set", *columns], ["---", *["---:"] * len(columns)]]
    lines += [[name, *(cell(found) for cell in columns.values())] for name, found in scores.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def error_cell(method: str) -> Cell:
    """Mean error and its standard error; bold is the best, a star is near it."""

    def cell(by_method: ByMethod) -> str:
        if method not in by_method:
            return NONE
        if failures(by_method[method]):
            return f"exit code {failures(by_method[method])}"
        found = errors(by_method[method])
        digits = _digits(errors(by_method[best(by_method)]).mean())
        text = f"{found.mean():.{digits}f} ± {standard_error(found):.{digits}f}"
        if method == best(by_method):
            return f"**{text}**"
        return f"{text} *" if is_near_best(by_method, method) else text

    return cell


def difference_cell(method: str, other: str) -> Cell:
    """Mean of a method's error less that of another, split by split."""

    def cell(by_method: ByMethod) -> str:
        found = errors(by_method[method]) - errors(by_method[other])
        if not np.isfinite(found).all():
            return NONE
        digits = _digits(errors(by_method[other]).mean())
        return f"{found.mean():+.{digits}f} ± {standard_error(found):.{digits}f}"

    return cell


def density_cell(method: str) -> Cell:
    """Mean negative log density, and coverage."""

    def cell(by_method: ByMethod) -> str:
        if method not in by_method or failures(by_method[method]):
            return NONE
        return f"{mean(by_method[method], lambda score: score.nll):.3f}, {coverage_of(by_method[method]):.1%}"

    return cell


def coverage_cell(method: str) -> Cell:
    """The share of the test values in 95 % intervals; nothing where there are none."""

    def cell(by_method: ByMethod) -> str:
        found = coverage_of(by_method[method])
        return NONE if math.isnan(found) else f"{found:.1%}"

    return cell


def exit_cell(method: str) -> Cell:
    """The exit code of every split, or those that are not 0."""
    return lambda by_method: failures(by_method[method]) or "0"


def seconds_cell(method: str) -> Cell:
    """Mean seconds of a processor on a split, which neighbours change less than those of the clock."""

    def cell(by_method: ByMethod) -> str:
        if method not in by_method:
            return NONE
        found = mean(by_method[method], lambda score: score.processor_seconds)
        return f"{found:.1f}" if found < 10 else f"{found:.0f}"

    return cell


def sources(names: Iterable[str]) -> str:
    """A line for each set: where it comes from, and how it is split."""
    return "\n".join(f"- {name}: {_source(name)}" for name in names)


def _source(name: str) -> str:
    chosen = SETS[name]
    split = f", split by {chosen.group}" if chosen.group else ", split by time" * (chosen.order == "time")
    forced = "; ".join(f"{key}: {value}" for key, value in chosen.data.items())
    if chosen.categorical:
        forced = "; ".join(filter(None, [forced, f"categorical: {', '.join(chosen.categorical)}"]))
    needs = f"; `ntk` needs `{forced}`" if forced else ""
    return f"{chosen.title}, <{chosen.origin}>, {chosen.licence}; predicted: {chosen.target}{split}{needs}"


def _digits(value: float) -> int:
    """Decimals that leave three digits of a value."""
    return max(0, 2 - math.floor(math.log10(value))) if 0 < value < math.inf else 2
