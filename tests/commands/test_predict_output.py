"""`ntk predict --out` writes over nothing that anybody would miss."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .run_files import Fit, Ntk, contents

PREDICT = [sys.executable, "-m", "ntkcli", "predict", "run"]


@pytest.fixture
def run(fit: Fit) -> Path:
    """A run, whose predictions take no factorisation."""
    return fit(output={"std": False})


def partials(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".*"))


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("options", [[], ["--overwrite"]])
@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("new.csv", "is the file that is read"),
        ("link.csv", "is the file that is read"),
        ("run/predictions.csv", "is in the run directory run"),
        ("run/model/model.json", "is in the run directory run"),
        ("run/more.csv", "is in the run directory run"),
        ("train.csv", "is data of the model's fit"),
        ("test.csv", "is data of the model's fit"),
    ],
)
def test_what_is_read_and_what_a_fit_wrote_stays(
    ntk: Ntk, tmp_path: Path, name: str, reported: str, options: list[str]
) -> None:
    (tmp_path / "new.csv").write_bytes((tmp_path / "test.csv").read_bytes())
    (tmp_path / "link.csv").symlink_to("new.csv")
    before = contents(tmp_path)
    outcome = ntk("predict", "run", "new.csv", "--out", name, *options)
    assert (outcome.returncode, outcome.stdout) == (2, "")
    expected = f"ntk: error: {name}: {reported}, which stays as it is: write elsewhere with --out\n"
    assert outcome.stderr == expected
    assert contents(tmp_path) == before


@pytest.mark.usefixtures("run")
def test_a_folder_without_a_model_is_reported_as_such(ntk: Ntk) -> None:
    outcome = ntk("predict", ".", "test.csv", "--out", "out.csv")
    assert outcome.returncode == 3
    assert "which stays as it is" not in outcome.stderr


@pytest.mark.usefixtures("run")
def test_another_file_is_replaced_only_when_asked(ntk: Ntk, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    outcome = ntk("predict", "run", "test.csv", "--out", "out.csv")
    assert (outcome.returncode, outcome.stdout) == (6, "")
    assert outcome.stderr == "ntk: error: out.csv: is already there: give --overwrite or another --out\n"
    assert out.read_text() == "mine"
    assert ntk("predict", "run", "test.csv", "--out", "out.csv", "--overwrite").returncode == 0
    assert out.read_text().startswith("row,kernel,time,y_mean")


@pytest.mark.usefixtures("run")
def test_it_is_refused_before_anything_is_computed(
    ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: Path) -> None:
        raise AssertionError("the model is read")

    monkeypatch.setattr("ntkcli.models.choice.load_model", load)
    (tmp_path / "out.csv").touch()
    for name in ("out.csv", "nowhere/out.csv", "x" * 300):
        assert ntk("predict", "run", "test.csv", "--out", name).returncode == 6


@pytest.mark.usefixtures("run")
def test_a_file_on_standard_input_stays(tmp_path: Path) -> None:
    rows = (tmp_path / "test.csv").read_bytes()
    path = tmp_path / "new.csv"
    path.write_bytes(rows)
    for table in ("-", "/dev/stdin"):
        with path.open("rb") as file:
            words = [*PREDICT, table, "--out", "new.csv", "--overwrite"]
            outcome = subprocess.run(words, cwd=tmp_path, stdin=file, capture_output=True, check=False)
        assert outcome.returncode == 2
        assert b"new.csv: is the file that is read" in outcome.stderr
        assert path.read_bytes() == rows


@pytest.mark.usefixtures("run")
def test_nothing_is_appended_to_the_file_that_is_read(tmp_path: Path) -> None:
    rows = (tmp_path / "test.csv").read_bytes()
    with (tmp_path / "test.csv").open("ab") as file:
        words = [*PREDICT, "test.csv"]
        outcome = subprocess.run(words, cwd=tmp_path, stdout=file, stderr=subprocess.PIPE, check=False)
    assert outcome.returncode == 2
    assert b"standard output: is the file that is read" in outcome.stderr
    assert (tmp_path / "test.csv").read_bytes() == rows


@pytest.mark.usefixtures("run")
def test_standard_output_by_name_is_what_the_shell_opened(tmp_path: Path) -> None:
    """It may be a file, with something in it already."""
    path = tmp_path / "all.csv"
    path.write_text("before\n")
    with path.open("a") as file:
        subprocess.run([*PREDICT, "test.csv", "--out", "/dev/stdout"], cwd=tmp_path, stdout=file, check=True)
    assert path.read_text().startswith("before\nrow,kernel,time,y_mean")


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(("number", "left"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, 1)])
def test_an_end_from_outside_leaves_nothing_but_what_nobody_can_help(
    tmp_path: Path, number: signal.Signals, left: int
) -> None:
    words = [*PREDICT, "-", "--out", "out.csv"]
    with subprocess.Popen(words, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while not partials(tmp_path) and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert len(partials(tmp_path)) == left
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.usefixtures("run")
def test_a_full_disk_is_reported(ntk: Ntk, tmp_path: Path) -> None:
    for name in ("full.csv", "full.csv.gz"):
        (tmp_path / name).symlink_to("/dev/full")
        outcome = ntk("predict", "run", "test.csv", "--out", name)
        assert (outcome.returncode, outcome.stderr.count("\n")) == (5, 1)
        assert f"{name}: the disk is full" in outcome.stderr


@pytest.mark.usefixtures("run")
def test_a_full_or_a_closed_standard_output_is_reported(tmp_path: Path) -> None:
    for redirection, code, reported in (
        ("> /dev/full", 5, "standard output: the disk is full"),
        (">&-", 6, "standard output: is closed"),
    ):
        line = f"{' '.join(PREDICT)} test.csv {redirection}"
        outcome = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, check=False)
        assert (outcome.returncode, outcome.stderr.count(b"\n")) == (code, 1)
        assert reported in outcome.stderr.decode()
