import errno
import hashlib
import json
import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import ntkcli
from ntkcli.commands.fit import fit as run_fit
from ntkcli.commands.request import Request
from ntkcli.journal import Journal
from ntkcli.models.fitting import Fitting

Ntk = Callable[..., CompletedProcess[str]]
MakeSpec = Callable[..., Path]

HEAVY = ("numpy", "scipy", "pandas", "pydantic", "yaml", "threadpoolctl")

# Runs `ntk` with these arguments, then tells which heavy modules it has imported.
LISTING = f"""
import sys
from ntkcli.__main__ import main
try:
    main()
finally:
    print(*[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""

# Runs `ntk`; in the middle of predicting it says "ready", and waits for a line.
PAUSING = """
import sys
from ntkcli.regression import predict
from ntkcli.__main__ import main
ensemble = predict.ensemble
def paused(*args):
    print("ready", flush=True)
    sys.stdin.readline()
    return ensemble(*args)
predict.ensemble = paused
main()
"""


def python(code: str, *args: object, **options: Any) -> CompletedProcess[str]:
    """Run Python code in a process of its own."""
    words = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(words, capture_output=True, text=True, check=False, **options)


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


@pytest.fixture
def paused(make_spec: MakeSpec, tmp_path: Path) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """A fit that is in the middle of predicting and waits for a line on its standard input."""
    processes = []

    def start(**streams: Any) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, **streams}
        words = [sys.executable, "-c", PAUSING, "fit", str(make_spec())]
        process = subprocess.Popen(words, text=True, cwd=tmp_path, **pipes)
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert hidden(tmp_path) == [".run.ntk-lock", ".run.ntk-partial"]
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "args",
    [["--help"], ["--version"], ["-h"], ["fit", "--help"], ["kernel", "--help"], ["check", "--help"]],
)
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    outcome = python(LISTING, *args)
    assert outcome.returncode == 0
    assert outcome.stdout != ""
    assert outcome.stderr == "\n"


def test_the_list_of_heavy_imports_is_not_blind(make_spec: MakeSpec, tmp_path: Path) -> None:
    assert set(python(LISTING, "fit", make_spec(), "-qq", cwd=tmp_path).stderr.split()) == set(HEAVY)


def test_the_version_is_the_packages(ntk: Ntk) -> None:
    assert ntk("--version").stdout == f"ntk, version {ntkcli.__version__}\n"


def test_the_help_names_every_command_and_exit_code(ntk: Ntk) -> None:
    shown = ntk("--help").stdout
    for word in (
        "fit",
        "kernel",
        "check",
        "0 fine",
        "1 unexpected",
        "2 usage",
        "3 data",
        "4 numerical",
        "5 not",
        "6 output",
    ):
        assert word in shown


def test_ntk_alone_shows_its_help_as_a_usage_error(ntk: Ntk) -> None:
    outcome = ntk()
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.rstrip() == ntk("--help").stdout.rstrip()


@pytest.mark.parametrize(
    "args",
    [["fit"], ["fti", "spec.yaml"], ["fit", "spec.yaml", "--owerwrite"], ["fit", "a", "b"], ["fit", "--out"]],
)
def test_a_wrong_command_line_is_a_usage_error(ntk: Ntk, args: list[str]) -> None:
    outcome = ntk(*args)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "error: " in outcome.stderr.casefold()


def test_python_dash_m_is_ntk() -> None:
    words = [sys.executable, "-m", "ntkcli", "--version"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.startswith("ntk, version")


def test_an_unexpected_exception_is_one_line_and_exit_1(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Fitting, "carry_out", raising(ZeroDivisionError("by nought")))
    outcome = ntk("fit", make_spec())
    assert (outcome.returncode, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("ntk: error: unexpected ZeroDivisionError: by nought")
    assert outcome.stderr.count("\n") == 1
    assert "Traceback" not in outcome.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spec.yaml", "test.csv", "train.csv"]


def test_a_traceback_is_to_be_had(make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fitting, "carry_out", raising(ZeroDivisionError("by nought")))
    monkeypatch.setenv("NTK_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError, match="by nought"):
        ntk("fit", make_spec())


@pytest.mark.parametrize(
    "error",
    [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"), OSError(errno.ENOSPC, "No space left")],
)
def test_running_out_of_memory_or_disk_is_exit_5(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    monkeypatch.setattr(Fitting, "carry_out", raising(error))
    outcome = ntk("fit", make_spec())
    assert outcome.returncode == 5
    assert outcome.stderr.startswith("ntk: error: ")
    assert not (tmp_path / "run").exists()
    assert hidden(tmp_path) == []


def test_an_interrupt_leaves_nothing(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Fitting, "carry_out", raising(KeyboardInterrupt()))
    outcome = ntk("fit", make_spec())
    assert outcome.returncode != 0
    assert "Traceback" not in outcome.stderr
    assert not (tmp_path / "run").exists()
    assert hidden(tmp_path) == []


def raising(error: BaseException) -> Callable[..., Any]:
    def fail(*args: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("command", ["fit", "kernel"])
def test_a_job_larger_than_the_memory_is_refused_before_it_begins(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setattr("ntkcli.planning.machine.available_memory", lambda: 2**20 * 10 // 9 + 1)
    outcome = ntk(command, make_spec())
    assert (outcome.returncode, outcome.stdout) == (5, "")
    assert outcome.stderr.startswith("ntk: error: not enough memory: this job needs about ")
    assert " 1 MiB are free or allowed (compute.memory): use " in outcome.stderr
    assert not (tmp_path / "run").exists()


def test_matrices_larger_than_the_disk_are_refused_before_they_are_begun(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("ntkcli.planning.machine.shutil.disk_usage", lambda _: FullDisk())
    outcome = ntk("fit", make_spec(output={"kernels": ["ntk_train_train"]}))
    assert outcome.returncode == 5
    assert outcome.stderr.startswith("ntk: error: not enough disk: ")
    assert not (tmp_path / "run").exists()


class FullDisk:
    free = 0


def test_a_terminated_run_leaves_nothing(
    paused: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = paused(stderr=subprocess.PIPE)
    process.send_signal(signal.SIGTERM)
    _, shown = process.communicate(timeout=60)
    assert (process.returncode, shown) == (
        128 + signal.SIGTERM,
        "ntk: error: told to end before it was done\n",
    )
    assert not (tmp_path / "run").exists()
    assert hidden(tmp_path) == []


def test_what_a_killed_run_leaves_is_cleared_by_the_next(
    paused: Callable[..., "subprocess.Popen[str]"], fit: Callable[..., Path], tmp_path: Path
) -> None:
    process = paused()
    process.kill()
    process.communicate(timeout=60)
    assert hidden(tmp_path) == [".run.ntk-lock", ".run.ntk-partial"]
    assert (fit() / "predictions.csv").exists()
    assert hidden(tmp_path) == []


def test_two_runs_at_a_time_do_not_write_one_place(
    paused: Callable[..., "subprocess.Popen[str]"], ntk: Ntk, tmp_path: Path
) -> None:
    process = paused()
    outcome = ntk("fit", "spec.yaml")
    process.communicate("go\n", timeout=60)
    assert outcome.returncode == 6
    assert "another run is writing it" in outcome.stderr
    assert process.returncode == 0
    assert (tmp_path / "run" / "predictions.csv").exists()


def test_a_spec_that_is_deleted_meanwhile_does_not_end_a_run(
    paused: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = paused()
    (tmp_path / "spec.yaml").unlink()
    process.communicate("go\n", timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "run" / "predictions.csv").exists()


def test_the_hashes_are_of_what_was_read_whatever_is_edited_meanwhile(
    paused: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    process = paused()
    names = ("spec.yaml", "train.csv", "test.csv")
    read = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names}
    for name in names:
        (tmp_path / name).write_text("edited")
    process.communicate("go\n", timeout=60)
    manifest = json.loads((tmp_path / "run" / "run.json").read_text())
    found = [manifest["spec"], manifest["data"]["train"], manifest["data"]["test"]]
    assert {Path(entry["path"]).name: entry["sha256"] for entry in found} == read


def test_a_terminal_that_goes_away_does_not_end_a_run(
    paused: Callable[..., "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    terminal, end = pty.openpty()
    process = paused(stderr=end)
    os.close(terminal)
    os.close(end)
    process.communicate("go\n", timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "run" / "predictions.csv").exists()


def test_progress_is_shown_on_a_terminal_only(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path) -> None:
    """And nothing of it stays there: what is written last erases the line."""
    terminal, end = pty.openpty()
    code = """
from ntkcli import __main__
from ntkcli.terminal import progress_bar
progress_bar.PATIENCE = 0
__main__.main()
"""
    words = [sys.executable, "-c", code, "fit", str(make_spec(compute={"tile": 3}))]
    environment = os.environ | {"TERM": "xterm"}
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=end, check=True, cwd=tmp_path, env=environment)
    os.close(end)
    shown = os.read(terminal, 2**16)
    os.close(terminal)
    assert b"gram      [" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b"\n" not in shown
    assert ntk("fit", "spec.yaml", "--overwrite").stderr == ""


def test_the_kind_of_a_failure_is_coloured_on_a_terminal_only(ntk: Ntk, tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {
        "TERM": "xterm"
    }
    words = [sys.executable, "-m", "ntkcli", "fit", "none.yaml"]
    subprocess.run(words, stderr=end, check=False, cwd=tmp_path, env=environment)
    os.close(end)
    shown = os.read(terminal, 2**16).decode()
    os.close(terminal)
    assert shown.startswith("ntk: \x1b[1;31merror:\x1b[0m none.yaml: cannot read the spec")
    assert ntk("fit", "none.yaml").stderr.startswith("ntk: error: none.yaml: cannot read the spec")


@pytest.mark.parametrize(
    "words",
    [
        ["fit", "", "--out", "run"],
        *(
            [command, "spec.yaml", "--out", ""]
            for command in ("fit", "kernel", "spectrum", "tune", "simulate")
        ),
        ["check", "spec.yaml", "--out", ""],
        ["predict", "run", "test.csv", "--out", ""],
        ["evaluate", "run", ""],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_bad_usage(make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, words: list[str]) -> None:
    make_spec()
    before = sorted(tmp_path.iterdir())
    outcome = ntk(*words)
    assert (outcome.returncode, outcome.stderr.count("\n")) == (2, 1)
    assert "is empty: give a path" in outcome.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_messages_have_paths_as_the_user_has_them(
    make_spec: MakeSpec, ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the command line as they were typed, those of the spec from the working directory."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "elsewhere").mkdir()
    make_spec(data={"train": "../train.csv", "test": None}, output={"dir": "../runs/a"}).rename(
        tmp_path / "configs" / "spec.yaml"
    )
    typed = tmp_path / "runs" / "a"
    spec = tmp_path / "configs" / "spec.yaml"
    assert ntk("fit", "configs/spec.yaml").stdout.endswith("\nwrote runs/a\n")
    for folder, words, shown in (
        (".", ["configs/spec.yaml"], "runs/a"),
        (".", [spec], "runs/a"),
        (".", [spec, "--out", typed], typed),
        ("configs", ["spec.yaml"], "../runs/a"),
        ("elsewhere", [spec], typed),
    ):
        monkeypatch.chdir(tmp_path / folder)
        assert ntk("fit", *words).stderr.startswith(f"ntk: error: {shown}: is already there")
    (tmp_path / "train.csv").write_text("a,b,c\n1,2,3\n")
    monkeypatch.chdir(tmp_path)
    assert ntk("check", spec).stderr.startswith("ntk: error: train.csv:1: has no column 'y'")


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_a_closed_stream_does_not_end_a_run(
    make_spec: MakeSpec, ntk: Ntk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stream: str
) -> None:
    spec = make_spec(data={"test": None})
    monkeypatch.setattr(f"sys.{stream}", None)
    assert ntk("fit", spec).returncode == 0
    assert (tmp_path / "run" / "predictions.csv").exists()


def test_a_broken_pipe_for_messages_does_not_end_a_run(make_spec: MakeSpec, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "ntkcli", "fit", str(make_spec(data={"test": None}))]
    outcome = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=writer, check=False, cwd=tmp_path)
    os.close(writer)
    assert outcome.returncode == 0
    assert (tmp_path / "run" / "predictions.csv").exists()


def test_a_fit_may_be_asked_for_in_python_without_a_word(
    make_spec: MakeSpec, capfd: pytest.CaptureFixture[str]
) -> None:
    report = run_fit(Request(make_spec()), overwrite=False, journal=Journal())
    assert (report.metrics.rows, len(report.metrics.scores)) == (5, 1)
    assert capfd.readouterr() == ("", "")


def test_no_bytecode_is_written_that_a_limit_on_files_could_cut_short(
    ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    ntk("--version")
    assert not sys.dont_write_bytecode or before[0] != resource.RLIM_INFINITY
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**40, before[1]))
        ntk("--version")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sys.dont_write_bytecode
