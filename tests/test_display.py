import io
import sys

import pytest

from ntkcli.display import Stream, Terminal, labelled


def test_labelled_texts_begin_below_each_other() -> None:
    shown = labelled([("data", "14 rows"), ("", "3 features"), ("network", "relu")])
    assert shown.splitlines() == ["data     14 rows", "         3 features", "network  relu"]


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
