"""Gaps of some rows, added up part by part."""

from pathlib import Path

import numpy as np
import pandas as pd

from ntkcli.data.gaps import Gaps

FRAME = pd.DataFrame({"a": [1.0, np.nan, np.nan, 4.0], "b": ["x", "NA", "", "?"], "c": ["p", "q", "p", "q"]})
PATH = Path("t.csv")


def test_columns_without_gaps_are_not_among_those_counted() -> None:
    gaps = Gaps.of(FRAME, dropped=3)
    assert (gaps.rows, gaps.dropped, dict(gaps.counts)) == (4, 3, {"a": 2, "b": 3})


def test_the_gaps_of_parts_add_up_to_those_of_all() -> None:
    parts = [Gaps.of(FRAME[:2], dropped=1), Gaps.of(FRAME[2:], dropped=2)]
    assert parts[0] + parts[1] == Gaps.of(FRAME, dropped=3)
    assert Gaps() + parts[0] == parts[0]


def test_the_columns_with_most_gaps_are_named_and_only_those_asked_for() -> None:
    gaps = Gaps.of(FRAME, dropped=3)
    assert gaps.text(["a", "b", "c"]) == "b 3, a 2"
    assert gaps.text(["a"]) == "a 2"
    assert gaps.warnings(PATH, ["b"]) == ["t.csv: left out 3 of 4 rows without a value in: b 3"]
    wide = Gaps.of(pd.DataFrame({f"n{i}": [np.nan] * 1200 for i in range(9)}), dropped=1200)
    assert wide.text([f"n{i}" for i in range(9)]).endswith("n4 1,200, n5 1,200, ...")


def test_nothing_is_said_where_no_row_is_left_out() -> None:
    assert Gaps.of(FRAME, dropped=0).warnings(PATH, ["a", "b"]) == []
