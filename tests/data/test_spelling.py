"""Categories that are one word in several spellings."""

import pytest

from ntkcli.data.spelling import same_spellings


def test_case_spaces_and_points_do_not_make_another_word() -> None:
    found = same_spellings(["NO", "Yes", "no", "no.", "yes", "New York", "new_york", "maybe"])
    assert found == [["NO", "no", "no."], ["Yes", "yes"], ["New York", "new_york"]]


@pytest.mark.parametrize(
    "categories",
    [
        ["A", "A+", "A-"],
        ["<=50K", ">50K"],
        ["+", "-", "?", "!"],
        ["1", "2", "10"],
        ["a-b", "ab"],
        ["nan", "x"],
        [],
    ],
)
def test_words_that_differ_in_more_are_others(categories: list[str]) -> None:
    assert same_spellings(categories) == []


def test_equal_numbers_are_one() -> None:
    assert same_spellings(["1", "1.0", "2", "01"]) == [["1", "1.0", "01"]]
