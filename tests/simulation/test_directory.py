"""The directory of a simulation: outcomes come back as they were or not at all; nothing else is touched."""

import errno
import subprocess
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from ntkcli.errors import ResourceError, RunDirectoryError
from ntkcli.simulation.directory import MARK, NETWORKS, SimulationDirectory
from ntkcli.simulation.experiment import Draw, Outcome

DRAW = Draw(64, 3)
OUTCOME = Outcome(
    np.array([0.1, 1 / 3]),
    np.array([2.0, 1.0]),
    np.array([[0.0, 0.0], [0.3, 1e-300]]),
    np.array([0.0, np.nan]),
    np.array([0.0, 5e-324]),
    np.random.default_rng(0).normal(size=(2, 3, 1)),
)
FILE = f"{NETWORKS}/width_64_seed_3.npz"


def opened(path: Path, *, overwrite: bool = False, fingerprint: str = "f00d") -> SimulationDirectory:
    directory = SimulationDirectory(path, overwrite=overwrite)
    with directory:
        directory.begin(fingerprint)
    return directory


def begun(path: Path) -> SimulationDirectory:
    """With one outcome kept."""
    directory = SimulationDirectory(path, overwrite=False)
    with directory:
        directory.begin("f00d")
        directory.keep(DRAW, OUTCOME)
    return directory


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_outcomes_come_back_bit_by_bit(tmp_path: Path) -> None:
    begun(tmp_path / "a" / "out")
    found = opened(tmp_path / "a" / "out").kept(DRAW)
    assert found is not None
    for array, expected in zip(astuple(found), astuple(OUTCOME), strict=True):
        np.testing.assert_array_equal(array, expected, strict=True)
    assert names(tmp_path / "a" / "out") == {NETWORKS}
    assert names(tmp_path / "a" / "out" / NETWORKS) == {"fingerprint", "width_64_seed_3.npz"}


def test_outcomes_of_networks_that_were_not_trained_come_back_empty(tmp_path: Path) -> None:
    directory, empty = begun(tmp_path), np.zeros((0, 3, 1))
    none = np.zeros(0)
    directory.keep(Draw(1, 0), Outcome(np.ones(2), none, np.zeros((0, 0)), none, none, empty))
    found = directory.kept(Draw(1, 0))
    assert found is not None
    assert found.outputs.shape == empty.shape


def test_a_draw_that_was_not_kept_is_missing(tmp_path: Path) -> None:
    directory = begun(tmp_path)
    assert [directory.kept(draw) for draw in (Draw(64, 4), Draw(63, 3))] == [None, None]


def test_an_outcome_that_is_cut_short_is_missing(tmp_path: Path) -> None:
    directory = begun(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    for length in (0, 1, 4, 50, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        (tmp_path / FILE).write_bytes(whole[:length])
        assert directory.kept(DRAW) is None
    directory.keep(DRAW, OUTCOME)
    assert directory.kept(DRAW) is not None


def test_an_outcome_whose_bytes_were_changed_is_missing_or_what_it_was(tmp_path: Path) -> None:
    """No byte of an archive that is not read matters; none that is read goes unseen."""
    directory, rng = begun(tmp_path), np.random.default_rng(0)
    whole, missing = (tmp_path / FILE).read_bytes(), 0
    for place in rng.choice(len(whole), size=300, replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (tmp_path / FILE).write_bytes(damaged)
        found = directory.kept(DRAW)
        missing += found is None
        if found is not None:
            for array, expected in zip(astuple(found), astuple(OUTCOME), strict=True):
                np.testing.assert_array_equal(array, expected)
    assert missing > 200


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x93NUMPY"])
def test_another_file_in_its_place_is_no_outcome(tmp_path: Path, content: bytes) -> None:
    directory = begun(tmp_path)
    (tmp_path / FILE).write_bytes(content)
    assert directory.kept(DRAW) is None


def test_an_outcome_with_an_array_missing_is_missing(tmp_path: Path) -> None:
    directory = begun(tmp_path)
    np.savez(tmp_path / FILE, losses=OUTCOME.losses)
    assert directory.kept(DRAW) is None


def test_another_experiment_is_refused(tmp_path: Path) -> None:
    begun(tmp_path)
    with pytest.raises(RunDirectoryError, match="begun with another spec, data or options: give --overwrite"):
        opened(tmp_path, fingerprint="beef")
    assert opened(tmp_path).kept(DRAW) is not None


def test_a_mark_that_cannot_be_read_is_of_another_experiment(tmp_path: Path) -> None:
    begun(tmp_path)
    (tmp_path / MARK).write_bytes(b"\xff\x00")
    with pytest.raises(RunDirectoryError, match="give --overwrite"):
        opened(tmp_path)


def test_overwriting_begins_anew_and_leaves_nothing_of_before(tmp_path: Path) -> None:
    with begun(tmp_path) as directory:
        directory.write("summary.json", "{}")
        directory.write("kernels.csv", "")
    assert opened(tmp_path, overwrite=True, fingerprint="beef").kept(DRAW) is None
    assert names(tmp_path) == {NETWORKS}
    assert (tmp_path / MARK).read_text() == "beef"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("before", [False, True])
def test_files_that_no_simulation_writes_are_not_touched(
    tmp_path: Path, before: bool, overwrite: bool
) -> None:
    if before:
        begun(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"holds notes\.txt, which no simulation writes"):
        SimulationDirectory(tmp_path, overwrite=overwrite)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / FILE).exists() == before


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["run.json", "predictions.csv", f"{NETWORKS}/mine.npz"])
def test_a_run_or_a_folder_of_the_same_name_is_no_simulation(
    tmp_path: Path, name: str, overwrite: bool
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(
        RunDirectoryError,
        match=r"holds (a run, and no simulation|mine\.npz, which no simulation writes): give another",
    ):
        SimulationDirectory(tmp_path, overwrite=overwrite)
    assert (tmp_path / name).exists()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_of_the_users_among_the_networks_stays(tmp_path: Path, overwrite: bool) -> None:
    opened(tmp_path)
    (tmp_path / NETWORKS / "notes.txt").touch()
    with pytest.raises(RunDirectoryError, match=r"holds notes\.txt, which no simulation writes"):
        SimulationDirectory(tmp_path, overwrite=overwrite)
    assert (tmp_path / NETWORKS / "notes.txt").exists()


def test_a_call_that_was_killed_as_it_began_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / NETWORKS).mkdir()
    (tmp_path / NETWORKS / ".partial-fingerprint").write_text("f0")
    opened(tmp_path)
    assert (tmp_path / MARK).read_text() == "f00d"


def test_a_call_that_wrote_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), SimulationDirectory(tmp_path / "out", overwrite=False):
        raise ValueError("stop")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("refused", ["create", "write", "sync", "rename"])
def test_a_mark_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    def fail(change: str, path: Path) -> None:
        if change == refused and "fingerprint" in path.name:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("ntkcli.files.watch._watch", fail)
    with (
        pytest.raises(ResourceError, match="the disk is full"),
        SimulationDirectory(tmp_path / "a" / "out", overwrite=False) as directory,
    ):
        directory.begin("f00d")
    assert list(tmp_path.iterdir()) == []


def test_an_outcome_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (opened(tmp_path).path / FILE).mkdir()

    def write() -> None:
        with SimulationDirectory(tmp_path, overwrite=False) as directory:
            directory.keep(DRAW, OUTCOME)

    with pytest.raises(RunDirectoryError, match="cannot be written"):
        write()
    assert names(tmp_path / NETWORKS) == {"fingerprint", "width_64_seed_3.npz"}


def test_two_simulations_do_not_work_in_one_directory(tmp_path: Path) -> None:
    with (
        begun(tmp_path),
        pytest.raises(RunDirectoryError, match="another simulation is at work there: wait for it"),
        SimulationDirectory(tmp_path, overwrite=True),
    ):
        pass
    assert opened(tmp_path).kept(DRAW) is not None


def test_two_processes_do_not_work_in_one_directory(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from ntkcli.simulation.directory import SimulationDirectory\n"
        "with SimulationDirectory(Path(sys.argv[1]), overwrite=True): pass\n"
    )
    with begun(tmp_path) as directory:
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert "another simulation is at work there" in other.stderr
        assert directory.kept(DRAW) is not None


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(RunDirectoryError, match="is no directory"):
        SimulationDirectory(tmp_path / "out", overwrite=True)
