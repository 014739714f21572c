import io
import sys
from typing import Any

import pytest

from ntkcli.display import Stream, Terminal, labelled, score_table

SCORE: dict[str, Any] = {"kernel": "ntk", "time": "inf", "target": "y", "rmse": 0.5, "seconds": 1.25}


def test_labelled_texts_begin_below_each_other() -> None:
    shown = labelled([("data", "14 rows"), ("", "3 features"), ("network", "relu")])
    assert shown.splitlines() == ["data     14 rows", "         3 features", "network  relu"]


def test_a_score_that_there_is_not_is_a_dash() -> None:
    header, line = score_table(5, [SCORE]).splitlines()
    found = dict(zip(header.split(), line.split(), strict=True))
    assert [name for name, text in found.items() if text == "-"] == ["nll", "coverage"]
    assert (found["rows"], found["rmse"], found["seconds"]) == ("5", "0.5", "1.25")


def test_the_target_is_a_column_where_there_are_several() -> None:
    table = score_table(5, [SCORE, SCORE | {"target": "depth"}])
    assert [line.split()[3] for line in table.splitlines()] == ["target", "y", "depth"]
    assert len({len(line) for line in table.splitlines()}) == 1


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
