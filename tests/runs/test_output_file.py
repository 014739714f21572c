"""An output file takes the place of nothing that is to stay, and of nobody else's."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ntkcli.errors import RunDirectoryError, SpecError
from ntkcli.files import changes
from ntkcli.runs.lock import FileLock
from ntkcli.runs.output_file import OutputFile


def put(path: Path, content: bytes = b"new", *, overwrite: bool = False, **kept: Path) -> None:
    """Write a file; what is kept is called by its keyword."""
    named = {place: f"is the {name}" for name, place in kept.items()}
    with OutputFile(path, overwrite, named).opened() as file:
        file.write(content)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def nothing(_: Path) -> None:
    """Do nothing."""


def no_hard_links(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@pytest.fixture(params=[True, False], ids=["hard links", "no hard links"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems with hard links, and those without."""
    if not request.param:
        monkeypatch.setattr(Path, "hardlink_to", no_hard_links)


@pytest.fixture
def mask() -> Iterator[None]:
    """A umask that is not the usual one."""
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.usefixtures("either", "mask")
def test_a_new_file_has_the_permissions_of_a_new_file(tmp_path: Path) -> None:
    put(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640
    assert names(tmp_path) == {"out"}


def test_a_file_that_is_there_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with pytest.raises(RunDirectoryError, match="is already there: give --overwrite or another --out"):
        put(path)
    assert path.read_bytes() == b"old"
    put(path, overwrite=True)
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == {"out"}


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("look", [OutputFile.check, nothing], ids=["seen", "not seen until it is too late"])
def test_a_file_that_comes_meanwhile_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Callable[[OutputFile], None]
) -> None:
    path = tmp_path / "out"

    def put_late() -> None:
        with OutputFile(path, False, {}).opened():
            path.write_bytes(b"another's")
            monkeypatch.setattr(OutputFile, "check", look)

    with pytest.raises(RunDirectoryError):
        put_late()
    assert path.read_bytes() == b"another's"
    assert names(tmp_path) == {"out"}


def test_two_that_write_one_place_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with OutputFile(path, True, {}).opened() as first:
        first.write(b"a long first one")
        with OutputFile(path, True, {}).opened() as second:
            second.write(b"second")
            first.write(b", and more")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"a long first one, and more"
    assert names(tmp_path) == {"out"}


def test_a_failure_to_replace_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "hardlink_to", no_hard_links)
    monkeypatch.setattr(changes, "rename", fail)
    with pytest.raises(RunDirectoryError, match="cannot be written: Input/output error"):
        put(tmp_path / "out")
    assert names(tmp_path) == set()


def test_a_name_may_be_as_long_as_any(tmp_path: Path) -> None:
    for name in ("x" * 255, "é" * 127):
        put(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"new"


def test_what_is_left_by_a_process_that_was_killed_has_a_name(tmp_path: Path) -> None:
    with OutputFile(tmp_path / "out.csv", False, {}).opened():
        (name,) = names(tmp_path)
    assert name.startswith(".out.csv.")
    assert name.endswith(".ntk-partial")


def test_a_file_that_is_refused_has_what_killed_processes_left_deleted(tmp_path: Path) -> None:
    place = tmp_path / "out.csv"
    place.touch()
    left, used = (tmp_path / f".out.csv.{word}.ntk-partial" for word in ("dead", "beef"))
    left.touch()
    other = FileLock(used)
    assert other.acquire()
    with pytest.raises(RunDirectoryError, match="is already there"):
        OutputFile(place, False, {}).check()
    assert names(tmp_path) == {place.name, used.name}
    other.release()


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("folder/out")
    put(link)
    put(link, b"newer", overwrite=True)
    assert link.is_symlink()
    assert (tmp_path / "folder" / "out").read_bytes() == b"newer"
    assert names(tmp_path) == {"folder", "link"}
    assert names(tmp_path / "folder") == {"out"}


def test_links_in_a_circle_are_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(RunDirectoryError, match="cannot be written: "):
        put(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("name", ["in", "link", "hard", "folder/../in"])
def test_a_file_that_is_kept_is_not_replaced_by_whatever_name(tmp_path: Path, name: str) -> None:
    kept = tmp_path / "in"
    kept.write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("in")
    (tmp_path / "hard").hardlink_to(kept)
    with pytest.raises(SpecError, match="is the input, which stays as it is: write elsewhere with --out"):
        put(tmp_path / name, overwrite=True, input=kept)
    assert kept.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["run/model/a", "run/new", "run/model/new", "link/new", "hard"])
def test_nothing_is_written_into_a_folder_that_is_kept(tmp_path: Path, name: str) -> None:
    run = tmp_path / "run"
    (run / "model").mkdir(parents=True)
    (run / "model" / "a").write_bytes(b"old")
    (tmp_path / "link").symlink_to("run")
    (tmp_path / "hard").hardlink_to(run / "model" / "a")
    with pytest.raises(SpecError, match="is the run, which stays as it is"):
        put(tmp_path / name, overwrite=True, run=run)
    assert (run / "model" / "a").read_bytes() == b"old"
    assert names(run) | names(run / "model") == {"model", "a"}


def test_what_is_kept_may_be_gone(tmp_path: Path) -> None:
    put(tmp_path / "out", input=tmp_path / "nowhere", other=tmp_path / "out", nul=tmp_path / "a\0b")
    assert (tmp_path / "out").read_bytes() == b"new"


def test_a_device_may_be_read_and_written() -> None:
    put(Path(os.devnull), input=Path(os.devnull))


def test_a_file_that_was_swept_before_it_was_locked_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps: list[int] = []

    def swept_at_first(descriptor: int, kind: int) -> None:
        if not sweeps:
            sweeps.append(descriptor)
            raise BlockingIOError
        fcntl.flock(descriptor, kind)

    lock = SimpleNamespace(flock=swept_at_first, LOCK_EX=fcntl.LOCK_EX, LOCK_NB=fcntl.LOCK_NB)
    monkeypatch.setattr("ntkcli.runs.lock.fcntl", lock)
    output = OutputFile(tmp_path / "out.csv", overwrite=True, kept={})
    with output.opened() as file:
        file.write(b"one")
        with output.opened() as other:
            other.write(b"other")
    assert (tmp_path / "out.csv").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
