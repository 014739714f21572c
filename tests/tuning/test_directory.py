"""The directory of a search: one search at a time, and finished ones stay."""

import errno
from pathlib import Path

import pytest

from ntkcli.errors import ResourceError, RunDirectoryError
from ntkcli.tuning.directory import TuneDirectory


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_files_appear_whole(tmp_path: Path) -> None:
    with TuneDirectory(tmp_path / "a" / "out", overwrite=False) as directory:
        directory.write("trials.csv", "text\n")
    assert names(tmp_path / "a" / "out") == {"trials.csv"}
    assert (tmp_path / "a" / "out" / "trials.csv").read_text() == "text\n"


def test_a_search_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for place in ("out", "new/deep/out", "mine/new/out"):
        with pytest.raises(ValueError, match="stop"), TuneDirectory(tmp_path / place, overwrite=False):
            raise ValueError("stop")
        assert {*tmp_path.rglob("*")} == {tmp_path / "mine"}


def test_a_place_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(change: str, path: Path) -> None:
        if path.name == "out":
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("ntkcli.files.watch._watch", fail)
    with (
        pytest.raises(ResourceError, match="the disk is full"),
        TuneDirectory(tmp_path / "new" / "deep" / "out", overwrite=False),
    ):
        pass
    assert names(tmp_path) == set()


def test_a_search_that_was_interrupted_is_come_back_to(tmp_path: Path) -> None:
    for _ in range(2):
        with TuneDirectory(tmp_path, overwrite=False) as directory:
            (directory.path / "study.db").touch()
    assert names(tmp_path) == {"study.db"}


def test_a_finished_search_stays(tmp_path: Path) -> None:
    (tmp_path / "fit").mkdir()
    for name in ("best.yaml", "fit/run.json"):
        (tmp_path / name).touch()
    with pytest.raises(RunDirectoryError, match="finished search: give --overwrite or another --out"):
        TuneDirectory(tmp_path, overwrite=False)
    with TuneDirectory(tmp_path, overwrite=False, resume=True) as directory:
        assert directory.is_finished


def test_a_search_without_its_fit_is_come_back_to(tmp_path: Path) -> None:
    with TuneDirectory(tmp_path, overwrite=False) as directory:
        assert not directory.is_searched
        directory.write("trials.csv", "trial,kernel\n")
        directory.write_best("f00d", "data:\n")
    with TuneDirectory(tmp_path, overwrite=False) as directory:
        assert directory.is_searched
        assert directory.fingerprint == "f00d"
        assert (tmp_path / "best.yaml").read_text().splitlines()[1:] == ["data:"]


@pytest.mark.parametrize("text", ["", "data: {}\n", "# mine\n", "\x00"])
def test_a_best_without_a_fingerprint_is_that_of_no_search(tmp_path: Path, text: str) -> None:
    (tmp_path / "best.yaml").write_text(text)
    with TuneDirectory(tmp_path, overwrite=False) as directory:
        assert directory.fingerprint == ""


def test_new_trials_make_an_older_fit_unfinished(tmp_path: Path) -> None:
    (tmp_path / "fit").mkdir()
    for name in ("run.json", "predictions.csv"):
        (tmp_path / "fit" / name).touch()
    with TuneDirectory(tmp_path, overwrite=False) as directory:
        directory.write_trials("trial,kernel\n")
        directory.write_best("f00d", "data:\n")
    TuneDirectory(tmp_path, overwrite=False)
    assert names(tmp_path / "fit") == {"predictions.csv"}


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").mkdir()

    def write() -> None:
        with TuneDirectory(tmp_path, overwrite=False) as directory:
            directory.write("trials.csv", "text\n")

    with pytest.raises(RunDirectoryError, match="cannot be written"):
        write()
    assert names(tmp_path) == {"trials.csv"}


def test_a_table_that_is_no_searchs_stays(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text("patient,arm\n")
    with pytest.raises(RunDirectoryError, match=r"trials\.csv: is no search's: move it"):
        TuneDirectory(tmp_path, overwrite=False)
    (tmp_path / "trials.csv").write_text("trial,kernel\n")
    TuneDirectory(tmp_path, overwrite=False)


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_search_does_not_settle_in_a_run(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "run.json").touch()
    with pytest.raises(RunDirectoryError, match="holds a run, and no search: give another --out"):
        TuneDirectory(tmp_path, overwrite=overwrite)


def test_a_name_that_is_too_long_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="cannot be written: File name too long"):
        TuneDirectory(tmp_path / ("x" * 300), overwrite=False)


def test_overwriting_takes_what_a_search_wrote_and_nothing_else(tmp_path: Path) -> None:
    for name in ("best.yaml", "trials.csv", "study.db", "notes.txt"):
        (tmp_path / name).touch()
    with TuneDirectory(tmp_path, overwrite=True):
        pass
    assert names(tmp_path) == {"notes.txt"}


def test_two_searches_do_not_work_in_one_directory(tmp_path: Path) -> None:
    with (
        TuneDirectory(tmp_path, overwrite=False),
        pytest.raises(RunDirectoryError, match="another search is at work there"),
        TuneDirectory(tmp_path, overwrite=True),
    ):
        pass
    with TuneDirectory(tmp_path, overwrite=False):
        pass


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(RunDirectoryError, match="is no directory"):
        TuneDirectory(tmp_path / "out", overwrite=True)


def test_what_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(RunDirectoryError, match="cannot be written"),
        TuneDirectory(tmp_path / "file" / "out", overwrite=False),
    ):
        pass
