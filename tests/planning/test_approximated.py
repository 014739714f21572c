"""What is said of an approximation where an exact answer takes too much memory."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ntkcli.errors import ResourceError
from ntkcli.planning.approximated import Approximated
from ntkcli.planning.budget import Budget
from ntkcli.planning.nystrom_planner import NystromPlanner
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.regression.question import Question

SIZES = Sizes(n=50_000, m=1000, d=10)
QUESTION = Question({"ntk": [math.inf]}, uncertainty="variance")
BUDGET = Budget(2**28, 2**40, Path("run"))
PLANNER = NystromPlanner("auto", "auto", 0, SIZES, BUDGET, QUESTION, 4000, 50_000)


@pytest.fixture(autouse=True)
def known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ntkcli.planning.remedies.multiply_rate", lambda: 1e11)


def refusal(approximated: Callable[[], Approximated | None] | None) -> str:
    """The message of a job that takes more memory than there is."""
    little = replace(BUDGET, memory=2**26)
    with pytest.raises(ResourceError) as error:
        Planner(SIZES, little, QUESTION, approximated=approximated).checked()
    return str(error.value)


@pytest.mark.parametrize(
    ("tried", "caution"),
    [
        (1000, "another answer, which leaves out 13 % of the ntk kernel's trace"),
        (500, "another answer: 500 of its centres leave out 13 % of the ntk kernel's trace"),
    ],
)
def test_an_approximation_is_offered_as_another_answer(tried: int, caution: str) -> None:
    found = Approximated(PLANNER.plan(1000), tried, 0.13)
    message = refusal(lambda: found)
    assert "inference.approximation: {method: nystrom, centres: 1000} (about " in message
    assert f"; {caution}), or more memory (about " in message


def test_an_approximation_that_fits_nowhere_is_not_offered() -> None:
    assert "approximation" not in refusal(None)
    assert "approximation" not in refusal(lambda: None)


def test_nothing_is_tried_for_a_job_that_fits() -> None:
    def never() -> Approximated:
        raise AssertionError

    Planner(replace(SIZES, n=1000), BUDGET, QUESTION, approximated=never).checked()
