"""Run directories that stay where they are: mount points, and the working directory."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ntkcli.errors import RunDirectoryError
from ntkcli.files import changes
from ntkcli.runs import exchange

from .test_directory import contents, contents_of_run, write_half, write_run

Mount = Callable[[Path], None]


@pytest.fixture(params=["mount point", "bind mount", "working directory"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that the system does not rename: it says so beforehand, or when it is asked to."""
    place = tmp_path / "run"
    place.mkdir()
    if request.param == "working directory":
        monkeypatch.chdir(place)
    elif request.param == "mount point":
        monkeypatch.setattr(Path, "is_mount", lambda path: path == place)
    real = changes.rename

    def rename(path: Path, target: Path) -> None:
        if place in (path, target):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        real(path, target)

    monkeypatch.setattr(changes, "rename", rename)
    monkeypatch.setattr(changes, "exchange", rename)
    return place


def test_it_is_filled_and_overwritten_and_stays_itself(place: Path) -> None:
    before = place.stat().st_ino
    for text in ("new", "newer"):
        write_run(place, text, overwrite=text == "newer")
        assert contents(place) == contents_of_run(text)
        assert [entry.name for entry in place.parent.iterdir()] == ["run"]
    assert place.stat().st_ino == before
    with pytest.raises(RunDirectoryError, match="is already there: give --overwrite"):
        write_run(place)


def test_what_the_new_run_has_not_is_gone(place: Path) -> None:
    write_run(place, "old")
    (place / "kernels" / "more.npy").write_text("old")
    write_run(place, "new", overwrite=True)
    assert contents(place) == contents_of_run("new")


def test_a_failed_run_leaves_what_was_there(place: Path) -> None:
    with pytest.raises(RuntimeError):
        write_half(place, RuntimeError())
    assert contents(place) == {}
    write_run(place, "old")
    with pytest.raises(RuntimeError):
        write_half(place, RuntimeError(), overwrite=True)
    assert contents(place) == contents_of_run("old")
    assert [entry.name for entry in place.parent.iterdir()] == ["run"]


def test_files_of_others_are_refused(place: Path) -> None:
    (place / "precious.txt").write_text("precious")
    with pytest.raises(RunDirectoryError, match=r"holds precious\.txt"):
        write_run(place, overwrite=True)
    assert contents(place) == {"precious.txt": "precious"}


def test_what_the_root_of_a_file_system_holds_is_nobodys(place: Path) -> None:
    (place / "lost+found").mkdir()
    for text in ("new", "newer"):
        write_run(place, text, overwrite=text == "newer")
    assert contents(place) == contents_of_run("newer")
    assert (place / "lost+found").is_dir()


def failing(monkeypatch: pytest.MonkeyPatch, step: int, error: BaseException) -> None:
    """Let the renaming number `step`, from 0 on, raise an error, and none but that."""
    real, count = changes.rename, 0

    def rename(path: Path, target: Path) -> None:
        nonlocal count
        # Without the tries to rename the directory itself, which fail in any case.
        if not {path.name, Path(target).name} & {"run"}:
            count += 1
            if count == step + 1:
                raise error
        real(path, target)

    monkeypatch.setattr(changes, "rename", rename)


# 3 old ones out, their folder renamed, 3 new ones in.
@pytest.mark.parametrize("step", range(7))
def test_an_interrupt_at_any_step_puts_the_old_run_back(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    write_run(place, "old")
    with monkeypatch.context() as patch:
        failing(patch, step, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            write_run(place, "new", overwrite=True)
    assert contents(place) == contents_of_run("old")


@pytest.mark.parametrize("step", range(7))
def test_a_kill_at_any_step_is_put_right_by_the_next_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    write_run(place, "old")
    with monkeypatch.context() as patch:
        failing(patch, step, KeyboardInterrupt())
        patch.setattr(exchange.Exchange, "recover", _does_not_come_to_it)
        with pytest.raises(KeyboardInterrupt):
            exchange.Exchange(place, ["run.json", "predictions.csv", "kernels"]).run(_new_files(place))
    with pytest.raises(RuntimeError):
        write_half(place, RuntimeError(), overwrite=True)
    assert contents(place) == contents_of_run("old")


def _does_not_come_to_it(_: exchange.Exchange) -> None:
    """What a killed process does."""


def _new_files(place: Path) -> Path:
    staged = place / exchange.STAGED
    shutil.copytree(place, staged)
    for path in staged.rglob("*.*"):
        path.write_text("new")
    return staged


MOUNTED = """
set -e
mkdir run source
mount {how} run
{python} -c "
from pathlib import Path
from tests.runs.test_directory import write_run, contents, contents_of_run
for text in ('new', 'newer'):
    write_run(Path('run'), text, overwrite=text == 'newer')
    assert contents(Path('run')) == contents_of_run(text)
"
test "$(ls -A .)" = "$(printf 'run\nsource')"
"""


@pytest.mark.parametrize("how", ["-t tmpfs tmpfs", "--bind source"])
def test_a_real_mount_point_is_filled_where_one_can_be_made(tmp_path: Path, how: str) -> None:
    unshared = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    try:
        subprocess.run([*unshared, f"mount {how.replace('source', '.')} ."], cwd=tmp_path, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mounting here")
    root = Path(__file__).parent.parent.parent
    outcome = subprocess.run(
        [*unshared, MOUNTED.format(how=how, python=sys.executable)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
