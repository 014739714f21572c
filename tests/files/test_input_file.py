"""What is no regular file is not read without end, and not waited for."""

import faulthandler
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ntkcli.files import input_file
from ntkcli.files.input_file import NotRegularError, TooLargeError, open_pipe, open_regular, read_regular


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    (tmp_path / "link").symlink_to(path)
    for place in (path, tmp_path / "link"):
        assert read_regular(place, 3) == b"abc"
        with pytest.raises(TooLargeError, match="larger than 2 bytes"):
            read_regular(place, 2)


def test_what_the_system_makes_up_is_bounded_though_it_has_no_size() -> None:
    path = Path("/proc/self/environ")
    if not path.exists():
        pytest.skip("this system has no /proc")
    assert path.stat().st_size == 0
    with pytest.raises(TooLargeError):
        read_regular(path, 1)


def test_pipes_devices_sockets_and_folders_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero"), Path("/dev/null")):
            with pytest.raises(NotRegularError):
                open_regular(path)
    with pytest.raises(IsADirectoryError):
        open_regular(tmp_path)


def test_a_pipe_that_takes_the_place_of_a_file_in_between_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(path)
    other.touch()
    status = other.stat()
    monkeypatch.setattr(type(path), "stat", lambda _: status)
    with pytest.raises(NotRegularError):
        open_regular(path)


def test_a_pipe_without_a_writer_is_empty_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_file, "PATIENCE_SECONDS", 0.05)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with open_pipe(path) as file:
        assert file.read() == b""


def test_a_pipe_is_read_to_its_end_however_slowly_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(input_file, "PATIENCE_SECONDS", 5.0)
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for part in (b"a", b"bc" * 100_000, b"d"):
                file.write(part)

    writer = threading.Thread(target=write)
    writer.start()
    with open_pipe(path) as file:
        assert file.read() == b"a" + b"bc" * 100_000 + b"d"
    writer.join()


@pytest.fixture
def one_minute() -> Iterator[None]:
    """Whatever waits for a minute ends these tests, and says where it waits."""
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.usefixtures("one_minute")
@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/random", "folder"])
@pytest.mark.parametrize("arguments", ["fit {}", "check {}", "init {}", "predict run {}", "show {}"])
def test_no_command_waits_for_what_is_no_file(
    ntk: Callable[..., CompletedProcess[str]], tmp_path: Path, name: str, arguments: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    outcome = ntk(*arguments.format(name).split())
    assert outcome.returncode in (2, 3), outcome.stderr
    assert outcome.stderr.startswith("ntk: error: ")
    assert outcome.stdout == ""
