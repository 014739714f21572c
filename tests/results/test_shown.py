"""The table that a terminal shows of metrics."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ntkcli.results.class_metrics import ClassMetrics
from ntkcli.results.metrics import Metrics
from ntkcli.results.number_metrics import IntervalMetrics, NumberMetrics, PointMetrics
from ntkcli.results.relative_errors import RelativeErrors
from ntkcli.results.score import BaselineScore, KernelScore
from ntkcli.results.shown import score_table
from ntkcli.results.unseen_rows import UnseenRows

POINT = PointMetrics(rmse=0.5, mae=0.25, r2=0.75)
SCORE = KernelScore("ntk", math.inf, "y", NumberMetrics(POINT, None), ready=1.25)
INTERVAL = replace(SCORE, metrics=NumberMetrics(POINT, IntervalMetrics(nll=1.5, coverage=0.9, width=3.0)))
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


def lines_of(*scores: KernelScore, baselines: Sequence[BaselineScore] = (), **fields: Any) -> list[str]:
    return score_table(Metrics(5, 0.95, list(scores), list(baselines), **fields)).splitlines()


def table(*scores: KernelScore, baselines: Sequence[BaselineScore] = ()) -> list[list[str]]:
    """The cells of the table of some scores, each ready after 1.25 seconds; without the notes below it."""
    lines = lines_of(*scores, baselines=baselines)[: 1 + len(scores) + len(baselines)]
    assert len({len(line) for line in lines[: 1 + len(scores)]}) == 1
    return [line.replace("coverage of 95 %", "coverage").split() for line in lines]


def test_the_head_tells_the_level_that_coverage_is_of() -> None:
    assert "coverage of 95 %" in lines_of(SCORE)[0]


def test_the_notes_tell_what_the_intervals_are_from() -> None:
    normal = lines_of(INTERVAL)
    assert normal[2:] == ["intervals: normal, not calibrated"]
    fitted = lines_of(INTERVAL, unseen=UnseenRows("leave_one_out", 772), are_fitted=True)
    assert fitted[2:] == [
        "intervals: by 772 training rows, each left out (standard error of their coverage: 0.78 %)"
    ]
    held_out = lines_of(INTERVAL, unseen=UnseenRows("held_out", 19), are_fitted=True)
    error = "(standard error of their coverage: 4.8 %)"
    assert held_out[2:] == [f"intervals: by 19 training rows, held out from a smaller fit {error}"]
    scaled = lines_of(INTERVAL, unseen=UnseenRows("leave_one_out", 7))
    assert scaled[2:] == ["intervals: normal, with variances scaled by 7 training rows, each left out"]


def test_the_notes_tell_the_largest_error_of_what_was_fitted() -> None:
    unseen = UnseenRows("leave_one_out", 7)
    scales = [RelativeErrors([scale], [None], [None]) for scale in (0.125, None, 0.25)]
    scaled = lines_of(INTERVAL, unseen=unseen, errors=scales)
    assert scaled[-1].endswith("scaled by 7 training rows, each left out (standard error: at most 25 %)")
    classes = lines_of(
        replace(SCORE, metrics=CLASSES), unseen=unseen, errors=[RelativeErrors([None], [None], [None], 0.5)]
    )
    told = "probabilities: their temperature is by 7 training rows, each left out (standard error: 50 %)"
    assert classes[-1] == told


def test_too_few_rows_for_the_level_are_told() -> None:
    few = lines_of(INTERVAL, unseen=UnseenRows("leave_one_out", 9), are_fitted=True)
    assert few[2] == "intervals: by 9 training rows, each left out, too few for more than 90 %"


def test_the_notes_tell_what_the_baselines_are() -> None:
    assert lines_of(INTERVAL, baselines=[PLAIN])[3] == "mean: the mean of the training rows"


def test_the_notes_tell_why_a_number_is_missing() -> None:
    assert lines_of(SCORE)[2:] == ["-: there are no standard deviations (output.std, --no-std)"]
    assert lines_of(replace(SCORE, metrics=None))[2:] == ["-: the target was not observed"]
    nowhere = replace(INTERVAL, metrics=NumberMetrics(POINT, IntervalMetrics(None, 0.5, 1.0)))
    assert lines_of(nowhere)[-1].startswith("-: a variance or a probability is 0")


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
    assert len(lines_of(bare, baselines=[replace(PLAIN, metrics=None)])) == 3


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


def test_rows_are_those_that_are_scored_and_a_note_tells_how_many_are_predicted() -> None:
    assert [line.split()[0] for line in lines_of(SCORE, scored={"y": 5})[:2]] == ["rows", "5"]
    lines = lines_of(SCORE, baselines=[PLAIN], scored={"y": 3})
    assert [line.split()[0] for line in lines[:3]] == ["rows", "3", "3"]
    assert "rows: those with a target, of 5 that are predicted" in lines
    unknown = replace(SCORE, metrics=None)
    for scored in ({}, {"y": 0}):
        _, second, *notes = lines_of(unknown, scored=scored)
        assert second.split()[0] == "5"
        assert not any(note.startswith("rows:") for note in notes)
