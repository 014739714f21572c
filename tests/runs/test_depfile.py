"""The rules that are written for Make, as Make itself reads them."""

import os
import subprocess
from pathlib import Path

import pytest

from ntkcli.errors import RunDirectoryError, SpecError
from ntkcli.runs.depfile import depfile, rule

RUN = Path("runs/a/run.json")
# Names that mean something else to Make, or to its shell, as they are.
NAMES = [
    "plain.csv",
    "two words.csv",
    "a#b.csv",
    "a$b.csv",
    "$(HOME).csv",
    "a:b.csv",
    "a%b.csv",
    "depth=4.csv",
    "any*.csv",
    "what?.csv",
    "[a-z].csv",
    "back\\slash.csv",
    "back\\ slash.csv",
    "back\\#slash.csv",
    "back\\\\:slash.csv",
    "~.csv",
    "~root",
    "ü &|<>'\"`!{},@^+.csv",
    "=",
    "#",
    "%",
]


def made(folder: Path, text: str, target: Path) -> bool:
    """Whether Make finds something to do for a target."""
    (folder / "Makefile").write_text("include found.d\n%/run.json:\n\ttouch '$@'\n")
    (folder / "found.d").write_text(text)
    words = ["make", "--question", "--no-builtin-rules", str(target)]
    outcome = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert outcome.returncode in (0, 1), outcome.stderr
    return outcome.returncode == 1


def set_time(path: Path, seconds: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (seconds, seconds))


@pytest.mark.parametrize("name", NAMES)
def test_a_target_is_made_anew_when_any_of_its_files_is_newer_or_gone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec, odd, other = (Path(path) for path in ("spec.yaml", name, f"data/x{name}"))
    text = rule(RUN, [spec, odd, other])
    for path in (spec, odd, other):
        set_time(tmp_path / path, 1000)
    set_time(tmp_path / RUN, 2000)
    assert not made(tmp_path, text, RUN)
    for path in (spec, odd, other):
        set_time(tmp_path / path, 3000)
        assert made(tmp_path, text, RUN), path
        set_time(tmp_path / path, 1000)
    (tmp_path / odd).unlink()
    assert made(tmp_path, text, RUN)


@pytest.mark.parametrize("name", NAMES)
def test_a_target_may_have_any_name(name: str, tmp_path: Path) -> None:
    target = Path("runs", name, "run.json")
    text = rule(target, [Path("spec.yaml")])
    set_time(tmp_path / "spec.yaml", 1000)
    set_time(tmp_path / target, 2000)
    assert not made(tmp_path, text, target)
    set_time(tmp_path / "spec.yaml", 3000)
    assert made(tmp_path, text, target)


@pytest.mark.parametrize("name", ["a;b.csv", "a\nb.csv"])
def test_a_name_that_make_cannot_have_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=r"--depfile: .*rename it"):
        rule(RUN, [Path(name)])


def test_a_plain_rule_reads_as_people_write_it() -> None:
    text = rule(RUN, [Path("a.yaml"), Path("base.yaml"), Path("train.csv")])
    assert text == "runs/a/run.json: a.yaml base.yaml train.csv\nbase.yaml:\ntrain.csv:\n"


def test_a_file_that_is_read_twice_is_named_once_and_a_stream_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "deps" / "a.d"
    inputs = [Path(name) for name in ("-", "a.csv", "a.csv", "/dev/stdin", "/dev/fd/63", "/dev/shm/b.csv")]
    with depfile(place, RUN, inputs):
        assert not place.exists()
    assert place.read_text() == "runs/a/run.json: a.csv /dev/shm/b.csv\n/dev/shm/b.csv:\n"


def test_nothing_is_written_where_the_run_fails(tmp_path: Path) -> None:
    place = tmp_path / "a.d"
    place.write_text("the rule of an earlier run")

    def fail() -> None:
        with depfile(place, RUN, [Path("a.yaml")]):
            raise SpecError("no")

    with pytest.raises(SpecError, match="no"):
        fail()
    assert place.read_text() == "the rule of an earlier run"
    assert [path.name for path in tmp_path.iterdir()] == ["a.d"]


def test_the_rule_never_takes_the_place_of_what_is_read(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.touch()
    with pytest.raises(SpecError, match="is read, which stays as it is: write elsewhere with --depfile"):
        enter(spec, tmp_path / "runs" / "run.json", spec)


def test_the_rule_is_not_in_the_run_directory(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"is in .*, which is replaced as a whole: write it beside that"):
        enter(tmp_path / "run" / "a.d", tmp_path / "run" / "run.json", Path("spec.yaml"))
    assert not (tmp_path / "run").exists()


def test_standard_output_has_no_rules(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="--depfile: -: is no file"):
        enter(Path("-"), tmp_path / "run" / "run.json", Path("spec.yaml"))


def test_a_place_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunDirectoryError, match=r"cannot be written: .*: choose another --depfile"):
        enter(tmp_path / "file" / "a.d", tmp_path / "run" / "run.json", Path("spec.yaml"))
    with pytest.raises(RunDirectoryError, match="is a directory: give --depfile a file"):
        enter(tmp_path, tmp_path / "run" / "run.json", Path("spec.yaml"))


def enter(place: Path, target: Path, spec: Path) -> None:
    with depfile(place, target, [spec]):
        pytest.fail("the run has begun")
