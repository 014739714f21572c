from ntkcli.runs.best_pair import best_pair
from ntkcli.runs.records import ScoreRecord


def score(kernel: str, target: str = "y", **metrics: float) -> ScoreRecord:
    return ScoreRecord.model_validate({"kernel": kernel, "time": "inf", "target": target, **metrics})


def test_the_least_rmse_is_the_best_and_the_first_of_equals() -> None:
    found = best_pair([score("ntk", rmse=2.0), score("nngp", rmse=1.0), score("ntkgp", rmse=1.0)], {})
    assert found is not None
    assert found.kernel == "nngp"


def test_of_classes_it_is_the_least_log_loss() -> None:
    scores = [score("ntk", log_loss=0.5, accuracy=0.9), score("nngp", log_loss=0.4, accuracy=0.8)]
    found = best_pair([score("ntkgp", accuracy=1.0), *scores], {})
    assert found is not None
    assert found.kernel == "nngp"


def test_several_targets_count_alike_in_their_own_units() -> None:
    scores = [
        *(score("ntk", "gram", rmse=900.0), score("ntk", "metre", rmse=0.2)),
        *(score("nngp", "gram", rmse=950.0), score("nngp", "metre", rmse=0.1)),
    ]
    found = best_pair(scores, {"gram": 1000.0, "metre": 1.0})
    assert found is not None
    assert (found.kernel, found.mean("rmse", {"gram": 1000.0, "metre": 1.0})) == ("nngp", 0.525)


def test_without_scores_there_is_none() -> None:
    assert best_pair([], {}) is None
