import errno
import os
from pathlib import Path

import pytest

from ntkcli.errors import ResourceError, RunDirectoryError
from ntkcli.files import changes
from ntkcli.files.watch import unwatched, watch_with
from ntkcli.files.written_file import write_text
from ntkcli.runs.directory import RunDirectory as AnyRunDirectory
from ntkcli.runs.leftovers import put_back
from ntkcli.runs.lock import FileLock

MANIFEST = "run.json"


def RunDirectory(place: Path, *, overwrite: bool) -> AnyRunDirectory:  # noqa: N802 - stands for the class
    return AnyRunDirectory(place, overwrite=overwrite, contents=(MANIFEST, "predictions.csv", "kernels"))


def write_run(place: Path, text: str = "new", *, overwrite: bool = False) -> None:
    """Write a run directory of a manifest, a file and a folder."""
    with RunDirectory(place, overwrite=overwrite) as run:
        (run.path / MANIFEST).write_text(text)
        (run.path / "predictions.csv").write_text(text)
        (run.folder("kernels") / "k.npy").write_text(text)


def write_half(place: Path, error: BaseException, *, overwrite: bool = False) -> None:
    """Write a part of a run directory, and fail."""
    with RunDirectory(place, overwrite=overwrite) as run:
        (run.folder("kernels") / "k.npy").write_text("half")
        raise error


def contents(place: Path) -> dict[str, str]:
    """Every file under a folder, hidden ones too, by its path there."""
    return {
        str(path.relative_to(place)): path.read_text() for path in sorted(place.rglob("*")) if path.is_file()
    }


def contents_of_run(text: str) -> dict[str, str]:
    """What `write_run` leaves in the run directory."""
    return {name.removeprefix("run/"): text for name in whole(text)}


def whole(text: str, place: str = "run") -> dict[str, str]:
    """What `write_run` leaves."""
    return {f"{place}/{name}": text for name in (f"kernels{os.sep}k.npy", "predictions.csv", MANIFEST)}


def test_a_run_appears_whole_with_nothing_beside_it(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    assert contents(tmp_path) == whole("new")


def test_nothing_is_to_be_seen_before_the_end(tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "run", overwrite=False) as run:
        (run.path / "predictions.csv").write_text("half")
        assert not (tmp_path / "run").exists()
        assert {entry.name[0] for entry in tmp_path.iterdir()} == {"."}


def test_the_folders_above_are_made(tmp_path: Path) -> None:
    write_run(tmp_path / "a" / "b" / "run")
    assert contents(tmp_path / "a" / "b") == whole("new")


def test_folders_above_of_which_only_some_can_be_made_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(change: str, path: Path) -> None:
        if path.name == "b":
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("ntkcli.files.watch._watch", fail)
    with pytest.raises(ResourceError, match="the disk is full"):
        write_run(tmp_path / "a" / "b" / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_exception_leaves_nothing(tmp_path: Path, kind: type[BaseException]) -> None:
    with pytest.raises(kind):
        write_half(tmp_path / "run", kind())
    assert list(tmp_path.iterdir()) == []


def test_an_exception_leaves_the_run_that_was_to_be_overwritten(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "old")
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "run", RuntimeError(), overwrite=True)
    assert contents(tmp_path) == whole("old")


@pytest.mark.parametrize("kind", ["file", "folder", "run", "dangling link"])
def test_a_place_that_is_taken_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "run"
    take(place, kind)
    before = contents(tmp_path)
    remedy = "is already there: give --overwrite" if kind == "run" else "cannot be replaced"
    with pytest.raises(RunDirectoryError, match=f"run: .*{remedy} ?.* another --out"):
        write_run(place)
    assert contents(tmp_path) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_what_is_no_run_directory_is_not_overwritten(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "run"
    take(place, kind)
    before = contents(tmp_path)
    with pytest.raises(
        RunDirectoryError, match=r"run: .* cannot be replaced: move it, or give another --out"
    ):
        write_run(place, overwrite=True)
    assert contents(tmp_path) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("kind", ["run", "empty folder"])
def test_a_run_directory_is_overwritten_whole(tmp_path: Path, kind: str) -> None:
    take(tmp_path / "run", kind)
    write_run(tmp_path / "run", "new", overwrite=True)
    assert contents(tmp_path) == whole("new")


def test_a_run_that_the_working_directory_is_within_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths of the command line would lead nowhere once it is gone."""
    write_run(tmp_path / "run", "old")
    monkeypatch.chdir(tmp_path / "run" / "kernels")
    with pytest.raises(RunDirectoryError, match="the working directory is within it"):
        write_run(Path(".."), overwrite=True)
    assert contents(tmp_path) == whole("old")


def test_an_empty_directory_is_as_good_as_none(tmp_path: Path) -> None:
    take(tmp_path / "run", "empty folder")
    (tmp_path / "latest").symlink_to("run")
    write_run(tmp_path / "latest")
    assert contents(tmp_path / "run") == contents(tmp_path / "latest") == contents_of_run("new")


def test_a_failed_run_leaves_an_empty_directory_as_it_was(tmp_path: Path) -> None:
    take(tmp_path / "run", "empty folder")
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "run", RuntimeError())
    assert [*tmp_path.iterdir(), *(tmp_path / "run").iterdir()] == [tmp_path / "run"]


def test_messages_have_the_place_as_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "a" / "run", "old")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latest").symlink_to("a/run")
    for given in ("a/run", "a/../a/run", "latest", str(tmp_path / "latest")):
        with pytest.raises(RunDirectoryError) as caught:
            write_run(Path(given))
        assert str(caught.value).startswith(f"{given}: is already there")


def test_a_link_to_a_run_directory_is_overwritten_time_and_again(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "old")
    (tmp_path / "latest").symlink_to("run")
    for text in ("new", "newer"):
        write_run(tmp_path / "latest", text, overwrite=True)
        assert contents(tmp_path / "latest") == contents_of_run(text)
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["latest", "run"]


def take(place: Path, kind: str) -> None:
    """Let something stand at a place."""
    if kind == "run":
        write_run(place, "old")
        (place / "kernels" / "more.npy").write_text("old")
    elif kind == "dangling link":
        place.symlink_to("nowhere")
    elif kind == "file":
        place.write_text("precious")
    else:
        place.mkdir()
        if kind == "folder":
            (place / "precious.txt").write_text("precious")


def test_only_one_run_at_a_time_writes_a_place(tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "run", overwrite=False) as run:
        (run.path / "predictions.csv").write_text("first")
        with pytest.raises(RunDirectoryError, match="another run is writing it"):
            write_run(tmp_path / "run", "second")
        assert (run.path / "predictions.csv").read_text() == "first"
    assert contents(tmp_path) == {"run/predictions.csv": "first"}


def test_a_lock_that_ended_with_its_run_is_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lock_too_late(*_: object) -> None:
        (tmp_path / ".run.ntk-lock").unlink()

    monkeypatch.setattr("fcntl.flock", lock_too_late)
    with pytest.raises(RunDirectoryError, match="another run is writing it"):
        write_run(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_second_may_write_when_the_first_has_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "run", RuntimeError())
    write_run(tmp_path / "run", "second")
    assert contents(tmp_path) == whole("second")


def test_a_place_taken_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run", overwrite=False).__enter__()
    take(tmp_path / "run", "folder")
    with pytest.raises(RunDirectoryError, match=r"holds precious\.txt, which this command does not write"):
        run.__exit__(None, None, None)
    assert contents(tmp_path) == {"run/precious.txt": "precious"}


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    partial = tmp_path / ".run.ntk-partial"
    (partial / "kernels").mkdir(parents=True)
    (tmp_path / ".run.ntk-lock").touch()
    for name in ("stale.csv", "kernels/stale.npy"):
        (partial / name).write_text("stale")
    (partial / "link").symlink_to(tmp_path)
    write_run(tmp_path / "run")
    assert contents(tmp_path) == whole("new")


def leave(folder: Path) -> set[str]:
    """Leave what a killed run may; returns the names."""
    (folder / ".run.ntk-partial" / "kernels").mkdir(parents=True)
    (folder / ".run.ntk-old").mkdir()
    (folder / ".run.ntk-lock").touch()
    return {entry.name for entry in folder.iterdir()}


def test_a_run_that_is_refused_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    leave(tmp_path)
    with pytest.raises(RunDirectoryError, match="is already there"):
        write_run(tmp_path / "run")
    assert {entry.name for entry in tmp_path.iterdir()} == {"run"}


def test_a_run_that_is_refused_leaves_what_another_is_at_work_with(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    before = leave(tmp_path)
    other = FileLock(tmp_path / ".run.ntk-lock")
    assert other.acquire()
    with pytest.raises(RunDirectoryError, match="is already there"):
        write_run(tmp_path / "run")
    assert {entry.name for entry in tmp_path.iterdir()} == before
    other.release()


def test_a_run_that_is_refused_touches_nothing_beside_what_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "mine").touch()
    before = leave(tmp_path)
    with pytest.raises(RunDirectoryError, match="does not write"):
        write_run(tmp_path / "run")
    assert {entry.name for entry in tmp_path.iterdir()} == before


def test_a_run_killed_between_two_renames_has_its_old_results_put_back(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "old")
    (tmp_path / "run").rename(tmp_path / ".run.ntk-old")
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "run", RuntimeError(), overwrite=True)
    assert contents(tmp_path) == whole("old")


def test_an_interrupt_between_two_renames_keeps_the_old_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "run", "old")
    rename = changes.rename
    monkeypatch.setattr(changes, "exchange", lambda *_: False)

    def interrupted(path: Path, target: Path) -> None:
        if path.name == ".run.ntk-partial":
            raise KeyboardInterrupt
        rename(path, target)

    monkeypatch.setattr(changes, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / "run", "new", overwrite=True)
    assert contents(tmp_path) == whole("old")


@pytest.mark.parametrize("step", ["exchange", "rename", "remove_tree"])
def test_nobody_gets_in_while_the_results_are_swapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_run(tmp_path / "run", "old")
    if step == "rename":
        monkeypatch.setattr(changes, "exchange", lambda *_: False)
    real, refusals = getattr(changes, step), []

    def intrude(*args: object, **kwargs: object) -> object:
        monkeypatch.setattr(changes, step, real)
        try:
            RunDirectory(tmp_path / "run", overwrite=True).__enter__()
        except RunDirectoryError as error:
            refusals.append(str(error))
        monkeypatch.setattr(changes, step, intrude)
        return real(*args, **kwargs)

    monkeypatch.setattr(changes, step, intrude)
    write_run(tmp_path / "run", "new", overwrite=True)
    assert refusals
    assert all("another run is writing it" in refusal for refusal in refusals)
    assert contents(tmp_path) == whole("new")


def test_a_parent_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(RunDirectoryError, match="run: cannot be written: Not a directory"):
        write_run(tmp_path / "file" / "run")
    assert contents(tmp_path) == {"file": "precious"}


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_parent_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(path: Path, *args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(RunDirectoryError, match=f"run: cannot be written: {os.strerror(code)}"):
        write_run(tmp_path / "run")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (errno.ENOSPC, "the disk is full: free some space, or write elsewhere with --out"),
        (errno.EDQUOT, "the disk quota is used up: free some space"),
        (errno.EFBIG, r"the limit on the size of a file is reached: raise it \(ulimit -f\)"),
    ],
)
def test_a_full_disk_is_no_fault_of_the_place(tmp_path: Path, code: int, told: str) -> None:
    with pytest.raises(ResourceError, match=f"run: {told}"):
        write_half(tmp_path / "run", OSError(code, os.strerror(code)))
    assert list(tmp_path.iterdir()) == []


def test_the_root_is_no_place_for_a_run() -> None:
    with pytest.raises(RunDirectoryError):
        RunDirectory(Path("/"), overwrite=True).__enter__()


def test_a_place_is_seen_from_where_the_run_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with RunDirectory(Path("run"), overwrite=False) as run:
        (run.path / MANIFEST).write_text("new")
        monkeypatch.chdir(tmp_path / "elsewhere")
    assert contents(tmp_path) == {f"run/{MANIFEST}": "new"}


def test_a_place_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(tmp_path / "run", "old")

    def refuse(path: Path) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refuse)
        with pytest.raises(RunDirectoryError, match="run: cannot be written: Permission denied"):
            write_run(tmp_path / "run", overwrite=True)
    assert contents(tmp_path) == whole("old")


def test_results_that_cannot_be_put_in_their_place_leave_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "run", "old")

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(AnyRunDirectory, "_publish", refuse)
    with pytest.raises(RunDirectoryError, match="run: cannot be written: Read-only"):
        write_run(tmp_path / "run", overwrite=True)
    assert contents(tmp_path) == whole("old")


def test_a_run_killed_between_two_renames_is_put_back_for_who_reads_it(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "old")
    (tmp_path / "run").rename(tmp_path / ".run.ntk-old")
    put_back(tmp_path / "run")
    assert contents(tmp_path) == whole("old")


def test_a_run_that_is_being_written_is_not_put_back(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "old")
    with RunDirectory(tmp_path / "run", overwrite=True) as run:
        (tmp_path / "run").rename(tmp_path / ".run.ntk-old")
        put_back(tmp_path / "run")
        assert not (tmp_path / "run").exists()
        (run.path / MANIFEST).write_text("new")
    assert contents(tmp_path) == {f"run/{MANIFEST}": "new"}


@pytest.mark.parametrize("in_one_step", [True, False])
def test_all_is_on_the_disk_before_a_run_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    write_run(tmp_path / "run", "old")
    if not in_one_step:
        monkeypatch.setattr(changes, "exchange", lambda *_: False)
    seen: list[tuple[str, Path]] = []
    watch_with(lambda change, path: seen.append((change, path)))
    try:
        with RunDirectory(tmp_path / "run", overwrite=True) as run:
            write_text(run.folder("kernels") / "k.npy", "new")
            write_text(run.path / MANIFEST, "new")
    finally:
        watch_with(unwatched)
    partial = tmp_path / ".run.ntk-partial"
    named = max(i for i, (change, _) in enumerate(seen) if change in ("exchange", "rename"))
    before = [path for change, path in seen[:named] if change == "sync"]
    assert {partial, partial / "kernels", partial / "kernels" / "k.npy", partial / MANIFEST} <= {*before}
    assert seen[named + 1] == ("sync", tmp_path)
