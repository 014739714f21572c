from ntkcli.layout import aligned_left, aligned_right, labelled

CELLS = [["name", "rows"], ["a", "12"]]


def test_labelled_texts_begin_below_each_other() -> None:
    shown = labelled([("data", "14 rows"), ("", "3 features"), ("network", "relu")])
    assert shown.splitlines() == ["data     14 rows", "         3 features", "network  relu"]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert aligned_left(CELLS).splitlines() == ["name  rows", "a     12"]
    assert aligned_right(CELLS).splitlines() == ["name  rows", "   a    12"]
