"""What comes before a fit, and its work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ntkcli.jobs.opening import open_job
from ntkcli.jobs.preparation import Preparation, automatic_work, preparations, relevance_work
from ntkcli.journal import Journal
from ntkcli.planning.duration import Speed
from ntkcli.spec.file import read_spec

SPEED = Speed(operations=1e9, entries=1e6)
Write = Callable[[str, str], Path]
Prepared = Callable[..., list[Preparation]]


@pytest.fixture
def prepared(make_spec: Callable[..., Path]) -> Prepared:
    """What comes before the fit of the small data."""

    def of(**sections: dict[str, Any]) -> list[Preparation]:
        source = read_spec(make_spec(**sections))
        with open_job(source, Journal(), learn=False) as job:
            return [*preparations(source.spec, job, SPEED)]

    return of


def test_a_spec_with_numbers_needs_none(prepared: Prepared) -> None:
    assert prepared(inference={"ridge": 0.1}) == []


def test_relevance_and_auto_are_told_in_their_order(prepared: Prepared) -> None:
    relevance, auto = prepared(
        data={"relevance": "learned"}, inference={"kernel": "ntk", "ridge": "auto", "time": "auto"}
    )
    assert (relevance.name, auto.name) == ("relevance", "auto")
    assert auto.what == "ridge and time: by leave-one-out, from an eigendecomposition of 14 rows"
    assert min(relevance.seconds, auto.seconds) > 0


def test_the_choice_of_logarithms_is_told_where_there_is_one(prepared: Prepared, write: Write) -> None:
    spec = {"data": {"log": "auto", "features": ["b"], "test": None}, "inference": {"ridge": 0.1}}
    write("train.csv", "\n".join(["b,y", *(f"{i},{i % 3}" for i in range(20))]))
    assert prepared(**spec) == []
    write("train.csv", "\n".join(["b,y", *(f"{1.5**i},{i % 3}" for i in range(20))]))
    (log,) = prepared(**spec)
    assert (log.name, log.what) == ("log", "auto: of skewed columns, by leave-one-out")
    assert log.seconds > 0


def test_two_values_of_auto_take_longer_than_one(prepared: Prepared) -> None:
    (ridge,) = prepared(inference={"kernel": "ntk", "ridge": "auto", "time": 1.0})
    (both,) = prepared(inference={"kernel": "ntk", "ridge": "auto", "time": "auto"})
    assert both.seconds > ridge.seconds


def test_work_is_of_the_third_power_of_the_rows() -> None:
    small, large = relevance_work(10**5, 1), relevance_work(10**6, 1)
    assert large.algebra / small.algebra == pytest.approx(1000)
    assert relevance_work(100, 4).algebra == 4 * relevance_work(100, 1).algebra


def test_automatic_work_grows_with_the_rows(make_spec: Callable[..., Path]) -> None:
    with open_job(read_spec(make_spec(inference={"ridge": "auto"})), Journal()) as job:
        assert automatic_work(job, 2000).algebra > automatic_work(job, 1000).algebra
