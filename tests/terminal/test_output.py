import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from ntkcli.terminal.messages import Messages
from ntkcli.terminal.output import print_report


@dataclass
class Told:
    """A report of a number."""

    text: str = "one row"
    content: dict[str, Any] = field(default_factory=lambda: {"rows": 1})


def test_a_report_is_text_or_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(Told(), as_json=False)
    assert capsys.readouterr() == ("one row\n", "")
    print_report(Told(), as_json=True)
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ({"rows": 1}, "")


def test_a_terminal_acts_on_nothing_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(text="a\x1b[31m\0  1\nb      2")
    print_report(told, as_json=False)
    Messages().report(told, as_json=False)
    assert capsys.readouterr().out == 2 * "a\\x1b[31m\\x00  1\nb      2\n"


def test_quiet_silences_the_text_of_a_run_and_not_its_object(capsys: pytest.CaptureFixture[str]) -> None:
    Messages(quiet=1).report(Told(), as_json=False)
    assert capsys.readouterr() == ("", "")
    Messages(quiet=1).report(Told(), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"rows": 1}


def test_a_number_that_json_has_not_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_report(Told(content={"rows": float("nan")}), as_json=True)
