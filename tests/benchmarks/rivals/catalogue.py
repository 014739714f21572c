"""What `ntk` is compared with, by name."""

from collections.abc import Callable
from importlib.util import find_spec

from results_score import Score
from rivals.boosting import boosting, tuned_boosting
from rivals.gaussian_process import gaussian_process
from rivals.linear import linear
from sets.split import Split


def _feature_machine(split: Split) -> Score:
    from rivals.feature_machine import feature_machine

    return feature_machine(split)


RIVALS: dict[str, Callable[[Split], Score]] = {
    "boosting": boosting,
    "tuned_boosting": tuned_boosting,
    "gp": gaussian_process,
    "ridge": linear,
}
# It is an extra, for its torch.
if find_spec("xrfm"):
    RIVALS["xrfm"] = _feature_machine
# What has no form for classes.
NUMBERS_ONLY = {"gp"}
# Beyond, they take many minutes a split on one thread.
MOST_ROWS = {"xrfm": 2500, "gp": 2500}


def takes(method: str, rows: int, *, classes: bool) -> bool:
    """Whether a method is compared on a set."""
    return not (classes and method in NUMBERS_ONLY) and rows <= MOST_ROWS.get(method, rows)
