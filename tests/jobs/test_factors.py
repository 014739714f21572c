from ntkcli.jobs.factors import factor_lines


def test_the_largest_factor_comes_first() -> None:
    factors = {"size": 0.5, "colour": 2.0, "age": 10.123}
    assert factor_lines(factors) == ["age     10.1", "colour  2", "size    0.5"]


def test_equal_factors_stay_in_their_order() -> None:
    assert factor_lines({"b": 1.0, "a": 1.0}) == ["b  1", "a  1"]


def test_of_more_than_ten_features_the_rest_is_counted() -> None:
    lines = factor_lines({f"x{i}": float(i) for i in range(13)})
    assert len(lines) == 11
    assert (lines[0].split(), lines[9].split()) == (["x12", "12"], ["x3", "3"])
    assert lines[10] == "and 3 more  at most 2"


def test_ten_features_are_all_shown() -> None:
    assert len(factor_lines({f"x{i}": 1.0 for i in range(10)})) == 10
