from pathlib import Path

import pytest

from ntkcli.errors import DataError
from ntkcli.runs.finder import found_runs
from ntkcli.runs.kind import checked_kind, kind_of


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["run.json", "metrics.json", "model/model.json"], "fit"),
        (["run.json", "kernels/ntk_train_train.npy"], "kernel"),
        (["run.json", "spectrum.csv", "summary.json"], "spectrum"),
        (["networks/fingerprint"], "simulate"),
        (["run.json", "summary.json", "networks/fingerprint"], "simulate"),
        (["study.db"], "tune"),
        (["trials.csv", "best.yaml", "fit/run.json"], "tune"),
        (["metrics.json", "model/model.json"], "fit"),
        (["trials.csv"], None),
        (["networks/other.txt"], None),
        ([], None),
    ],
)
def test_the_kind_is_known_by_what_is_there(tmp_path: Path, names: list[str], kind: str | None) -> None:
    assert kind_of(made(tmp_path, *names)) == kind


def test_runs_are_found_in_order_and_not_within_each_other(tmp_path: Path) -> None:
    made(tmp_path, "b/run.json", "b/model/run.json", "a/c/run.json", "a/notes.txt", "d/fit/run.json")
    made(tmp_path, "d/trials.csv", "d/best.yaml")
    assert [str(place.relative_to(tmp_path)) for place in found_runs(tmp_path)] == ["a/c", "b", "d"]


def test_a_name_that_no_system_has_is_told(tmp_path: Path) -> None:
    for read in (checked_kind, lambda place: list(found_runs(place))):
        with pytest.raises(DataError, match="cannot be read"):
            read(tmp_path / ("x" * 5000))
