import pytest

from ntkcli.tuning.ranking import Ranking

TRIALS = """trial,network.depth,kernel,ridge,ridge_scale,time,rmse,standard_error,seconds
0,1,ntk,0.1,trace,inf,3.5,0.25,0.010
0,1,ntk,0.2,trace,inf,,,0.010
1,2,ntk,0.1,trace,inf,2.25,,0.020
2,3,,,,,,,0.001
"""
EVIDENCE = """trial,kernel,ridge,ridge_scale,time,log_marginal_likelihood,seconds
0,nngp,0.1,trace,inf,-30.5,0.010
0,nngp,0.2,trace,inf,-20.5,0.010
"""


def test_the_least_error_is_the_best() -> None:
    ranking = Ranking.of(TRIALS)
    assert (ranking.objective, ranking.networks, len(ranking.candidates)) == ("rmse", 3, 2)
    best, second = ranking.content(5)
    assert (best["trial"], best["score"], best["standard_error"]) == (1, 2.25, None)
    assert second["values"] == {
        "network.depth": "1",
        "kernel": "ntk",
        "ridge": "0.1",
        "ridge_scale": "trace",
        "time": "inf",
    }


def test_the_largest_evidence_is_the_best() -> None:
    ranking = Ranking.of(EVIDENCE)
    assert [candidate["score"] for candidate in ranking.content(5)] == [-20.5, -30.5]
    assert ranking.lines(1) == [
        ["kernel", "ridge", "ridge_scale", "time", "log_marginal_likelihood"],
        ["nngp", "0.2", "trace", "inf", "-20.5"],
    ]


def test_an_error_stands_behind_the_score() -> None:
    assert [line[-1] for line in Ranking.of(TRIALS).lines(5)] == ["rmse", "2.25", "3.5 +- 0.25"]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", TRIALS + "3,1\n", TRIALS.replace("2.25", "two")])
def test_another_table_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"trials|unpack|float"):
        Ranking.of(text)
