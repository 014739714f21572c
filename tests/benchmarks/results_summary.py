"""Scores of all splits in short: means, standard errors, and who is best."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from results_score import Score

Scores = dict[str, dict[str, list[Score]]]
FloatArray = npt.NDArray[np.float64]


def errors(scores: list[Score]) -> FloatArray:
    """One for each split; infinite where the method failed."""
    return np.array([math.inf if math.isnan(score.error) else score.error for score in scores])


def mean(scores: list[Score], of: Callable[[Score], float] = lambda score: score.error) -> float:
    """Over the splits; nan if it is missing of one."""
    return float(np.mean([of(score) for score in scores]))


def standard_error(values: FloatArray) -> float:
    """Of the mean of independent values; nan of one."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def best(by_method: dict[str, list[Score]]) -> str:
    """The method with the least mean error."""
    return min(by_method, key=lambda method: errors(by_method[method]).mean())


def is_near_best(by_method: dict[str, list[Score]], method: str) -> bool:
    """Whether a method is the best, or behind by at most a standard error of the difference."""
    found = errors(by_method[method])
    if not np.isfinite(found).all():
        return False
    difference = found - errors(by_method[best(by_method)])
    return bool(difference.mean() <= 0 or difference.mean() <= standard_error(difference))


def is_in_reach(by_method: dict[str, list[Score]], method: str) -> bool:
    """Whether a method's mean is at most the best's mean and the standard error of that, splits unpaired."""
    least = errors(by_method[best(by_method)])
    spread = standard_error(least) if len(least) > 1 else 0.0
    return bool(errors(by_method[method]).mean() <= least.mean() + spread) and not failures(by_method[method])


def failures(scores: list[Score]) -> str:
    """The exit codes other than 0."""
    codes = sorted({score.exit_code for score in scores} - {0})
    return ", ".join(map(str, codes))


def line(name: str, by_method: dict[str, list[Score]]) -> str:
    """Of one set, for the terminal: mean errors, coverage, seconds (of processors) or exit codes."""
    return f"{name:14}" + "  ".join(f"{method}: {_cell(scores)}" for method, scores in by_method.items())


def _cell(scores: list[Score]) -> str:
    if failures(scores):
        return f"exit {failures(scores)} in {sum(score.exit_code > 0 for score in scores)} of {len(scores)}"
    coverage = coverage_of(scores)
    covered = "" if math.isnan(coverage) else f" {coverage:.1%}"
    seconds = mean(scores, lambda score: score.seconds)
    processor_seconds = mean(scores, lambda score: score.processor_seconds)
    return f"{mean(scores):.4g}{covered} {seconds:.1f} s ({processor_seconds:.1f} s)"


def summary(scores: Scores) -> str:
    """For the terminal: how often each method is near the best, and where the default fit falls short."""
    methods = dict.fromkeys(method for by_method in scores.values() for method in by_method)
    lines = [
        f"{method}: best or within a standard error of it on {near_best(scores, method)}"
        for method in methods
    ]
    if {"fit", "ridge"} <= set(methods):
        lines.append(f"fit behind ridge: {', '.join(behind(scores, 'fit', 'ridge')) or 'nowhere'}")
    if "fit" in methods:
        lines.append(f"fit failed: {', '.join(failing(scores, 'fit')) or 'nowhere'}")
        lines.append(f"fit's coverage outside 92 to 98 %: {', '.join(outside(scores, 'fit')) or 'nowhere'}")
    return "\n".join(lines)


def near_best(scores: Scores, method: str) -> str:
    """On how many sets a method is near the best, by either standard error, of how many it is tried on."""
    tried = [found for found in scores.values() if method in found]
    near = sum(is_near_best(found, method) for found in tried)
    in_reach = sum(is_in_reach(found, method) for found in tried)
    return f"{near} of {len(tried)} sets ({in_reach} by the best's own standard error)"


def behind(scores: Scores, method: str, other: str) -> list[str]:
    """The sets on which a method's mean error is above another's."""
    return [
        name for name, found in scores.items() if errors(found[method]).mean() > errors(found[other]).mean()
    ]


def failing(scores: Scores, method: str) -> list[str]:
    """The sets on which a method failed, on one split or more."""
    return [name for name, found in scores.items() if failures(found[method])]


def outside(scores: Scores, method: str) -> list[str]:
    """The sets on which 95 % intervals hold less than 92 % or more than 98 %."""
    found = {name: coverage_of(by_method[method]) for name, by_method in scores.items()}
    return [name for name, share in found.items() if share < 0.92 or share > 0.98]


def coverage_of(scores: list[Score]) -> float:
    """Mean share of the test values in the intervals; nan if there are none."""
    return mean(scores, lambda score: score.coverage)
