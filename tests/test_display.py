import io
import math
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ntkcli.display import Stream, Terminal, labelled, score_table
from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.metrics import Metrics
from ntkcli.results.number_metrics import IntervalMetrics, NumberMetrics, PointMetrics
from ntkcli.results.score import BaselineScore, KernelScore

POINT = PointMetrics(rmse=0.5, mae=0.25, r2=0.75)
SCORE = KernelScore("ntk", math.inf, "y", NumberMetrics(POINT, None), ready=1.25)
PLAIN = BaselineScore(
    "mean", "y", NumberMetrics(PointMetrics(2.0, 1.0, 0.0), IntervalMetrics(nll=1.5, coverage=0.9, width=3.0))
)
CLASSES = ClassMetrics(
    accuracy=0.75,
    balanced_accuracy=0.625,
    log_loss=0.5,
    brier=0.25,
    ece=0.125,
    classes=["a", "b"],
    confusion_matrix=[[2, 0], [1, 1]],
)


def table(*scores: KernelScore, baselines: Sequence[BaselineScore] = ()) -> list[list[str]]:
    """The cells of the table of some scores, each ready after 1.25 seconds."""
    metrics = Metrics(5, 0.95, list(scores), list(baselines))
    lines = score_table(metrics).splitlines()
    assert len({len(line) for line in lines[: 1 + len(scores)]}) == 1
    return [line.split() for line in lines]


def test_labelled_texts_begin_below_each_other() -> None:
    shown = labelled([("data", "14 rows"), ("", "3 features"), ("network", "relu")])
    assert shown.splitlines() == ["data     14 rows", "         3 features", "network  relu"]


def test_a_score_that_there_is_not_is_a_dash() -> None:
    header, line = table(SCORE)
    found = dict(zip(header, line, strict=True))
    assert [name for name, text in found.items() if text == "-"] == ["nll", "coverage"]
    assert (found["rows"], found["rmse"], found["seconds"]) == ("5", "0.5", "1.25")


def test_the_target_is_a_column_where_there_are_several() -> None:
    assert [line[3] for line in table(SCORE, replace(SCORE, target="depth"))] == ["target", "y", "depth"]


def test_models_without_a_kernel_stand_below_and_have_neither_time_nor_seconds() -> None:
    header, kernel, plain = table(SCORE, baselines=[PLAIN])
    assert header == ["rows", "kernel", "time", "rmse", "nll", "coverage", "seconds"]
    assert kernel == ["5", "ntk", "inf", "0.5", "-", "-", "1.25"]
    assert plain == ["5", "mean", "2", "1.5", "0.9"]


def test_models_without_a_kernel_are_not_there_where_nothing_was_observed() -> None:
    bare = replace(SCORE, metrics=None)
    assert len(table(bare, baselines=[replace(PLAIN, metrics=None)])) == 2


def test_a_target_that_was_not_observed_has_dashes_among_those_that_were() -> None:
    bare, plain = replace(SCORE, target="depth", metrics=None), replace(PLAIN, target="depth", metrics=None)
    lines = table(bare, SCORE, baselines=[plain, PLAIN])
    assert [line[3:] for line in lines[:3]] == [
        ["target", "rmse", "nll", "coverage", "seconds"],
        ["depth", "-", "-", "-", "1.25"],
        ["y", "0.5", "-", "-", "1.25"],
    ]
    assert lines[3:] == [["5", "mean", "depth", "-", "-", "-"], ["5", "mean", "y", "2", "1.5", "0.9"]]


def test_classes_are_scored_by_accuracy_and_probabilities() -> None:
    header, line = table(KernelScore("ntk", 1.0, "y", CLASSES, ready=1.25))
    assert header[3:] == ["accuracy", "log_loss", "brier", "seconds"]
    assert line[3:] == ["0.75", "0.5", "0.25", "1.25"]


def test_a_message_is_a_line_of_ntks(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().message("almost done")
    assert capsys.readouterr() == ("", "ntk: almost done\n")


def test_a_stream_whose_reader_is_gone_drops_what_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Broken())
    assert Stream("stdout").write("news") == 4
    assert not isinstance(sys.stdout, Broken)
    assert not Stream("stdout").isatty()
