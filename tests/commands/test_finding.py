import pytest

from ntkcli.commands.finding import Finding, joined_content


def test_lists_of_a_key_are_joined_and_objects_merged() -> None:
    found = [
        Finding("solver", "one", {"solvers": [1], "time": {"seconds": 2.0}}),
        Finding("", "another", {"solvers": [2], "time": {"threads": 4}}),
        Finding("", "a remark"),
    ]
    assert joined_content(found) == {"solvers": [1, 2], "time": {"seconds": 2.0, "threads": 4}}


def test_two_numbers_of_a_key_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="have one key"):
        joined_content([Finding("", "", {"rows": 1}), Finding("", "", {"rows": 2})])
