import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ntkcli.errors import SpecError
from ntkcli.spec.file import read_spec

Write = Callable[[str, str], Path]

BASE = """
data: {train: train.csv, target: y, missing: {features: mean}}
network: {depth: 3, sigma_b: 1}
tune: {space: {network.depth: [1, 2]}}
"""


def test_a_key_counts_instead_of_that_of_the_base(write: Write) -> None:
    write("base.yaml", BASE)
    spec = read_spec(write("deep.yaml", "extends: base.yaml\nnetwork: {depth: 5}\n")).spec
    assert (spec.network.depth, spec.network.sigma_b) == (5, 1)


def test_what_is_below_a_key_of_a_section_is_replaced_whole(write: Write) -> None:
    write("base.yaml", BASE)
    extending = read_spec(write("a.yaml", "extends: base.yaml\ndata: {missing: {target: drop}}\n")).spec
    plain = read_spec(write("b.yaml", "data: {train: train.csv, target: y, missing: {target: drop}}\n")).spec
    assert extending.data.missing == plain.data.missing


@pytest.mark.parametrize("section", ["tune:", "tune: null"])
def test_a_section_without_a_value_is_taken_out(write: Write, section: str) -> None:
    write("base.yaml", BASE)
    assert read_spec(write("plain.yaml", f"extends: base.yaml\n{section}\n")).spec.tune is None


def test_paths_start_from_the_file_that_has_them(write: Write, tmp_path: Path) -> None:
    write("shared/base.yaml", BASE)
    path = write("mine/spec.yaml", "extends: ../shared/base.yaml\ndata: {test: test.csv}\n")
    data = read_spec(path).spec.data
    assert (data.train, data.test) == (tmp_path / "shared/train.csv", tmp_path / "mine/test.csv")


def test_the_run_directory_is_named_after_the_file_that_was_given(write: Write, tmp_path: Path) -> None:
    write("shared/base.yaml", BASE)
    assert read_spec(write("deep.yaml", "extends: shared/base.yaml")).spec.place == tmp_path / "runs/deep"


def test_a_base_may_extend_another(write: Write) -> None:
    write("base.yaml", BASE)
    write("middle.yaml", "extends: base.yaml\nnetwork: {depth: 4}\noutput: {std: false}\n")
    source = read_spec(write("top.yaml", "extends: middle.yaml\nnetwork: {depth: 5}\n"))
    assert (source.spec.network.depth, source.spec.output.std) == (5, False)
    assert [path.name for path, _ in source.bases] == ["base.yaml", "middle.yaml"]


@pytest.mark.parametrize(
    ("base", "what"),
    [
        ("base.yaml", "extends: {folder}/base.yaml: cannot read the spec: No such file or directory"),
        ("3", "extends: should be the path of a spec file (found 3)"),
        ("''", "extends: should be a file path, and is empty"),
        ("spec.yaml", "extends: {folder}/spec.yaml comes back to itself"),
        (
            "${NO_SUCH_VARIABLE}/a.yaml",
            "extends: should be a file path: the variable NO_SUCH_VARIABLE is not",
        ),
    ],
)
def test_a_base_that_cannot_be_had_is_a_fault_at_its_line(
    write: Write, tmp_path: Path, base: str, what: str
) -> None:
    path = write("spec.yaml", f"data: {{}}\nextends: {base}\n")
    with pytest.raises(SpecError) as refusal:
        read_spec(path)
    assert str(refusal.value).startswith(f"{path}:2: {what.format(folder=tmp_path)}")


def test_a_circle_of_bases_is_refused(write: Write) -> None:
    write("a.yaml", "extends: b.yaml")
    with pytest.raises(SpecError, match=r"b\.yaml:1: extends: .*a\.yaml comes back to itself"):
        read_spec(write("b.yaml", "extends: a.yaml").with_name("a.yaml"))


def test_a_fault_is_at_the_line_of_the_file_that_has_it(write: Write) -> None:
    base = write("base.yaml", BASE + "output:\n  stdd: true\n")
    path = write("spec.yaml", "extends: base.yaml\nnetwork: {depth: 0}\n")
    with pytest.raises(SpecError) as refusal:
        read_spec(path)
    assert [line.split(": ")[0] for line in str(refusal.value).splitlines()] == [f"{path}:2", f"{base}:6"]


def test_what_no_file_has_is_missing_from_the_one_that_was_given(write: Write) -> None:
    write("base.yaml", "network: {depth: 3}\n")
    path = write("spec.yaml", "extends: base.yaml\n")
    with pytest.raises(SpecError, match=f"{path}:1: data: is missing"):
        read_spec(path)


def test_what_a_replaced_section_lacks_is_missing_where_it_was_replaced(write: Write) -> None:
    write("base.yaml", BASE)
    path = write("spec.yaml", "extends: base.yaml\ndata: {}\n")
    with pytest.raises(SpecError) as refusal:
        read_spec(path)
    assert [line.split(": ")[0] for line in str(refusal.value).splitlines()] == [f"{path}:2", f"{path}:2"]


def test_a_link_to_itself_cannot_be_read(write: Write, tmp_path: Path) -> None:
    (tmp_path / "link.yaml").symlink_to("link.yaml")
    with pytest.raises(SpecError, match=r"spec\.yaml:1: extends: .*link\.yaml: cannot read the spec"):
        read_spec(write("spec.yaml", "extends: link.yaml\n"))


def test_a_file_without_an_end_is_no_spec(write: Write) -> None:
    with pytest.raises(
        SpecError, match=r"spec\.yaml:1: extends: /dev/zero: cannot read the spec: it is a pipe, "
    ):
        read_spec(write("spec.yaml", "extends: /dev/zero\n"))


def test_a_variable_of_the_environment_is_for_paths_only(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WHERE", "data/now")
    path = write("spec.yaml", "data: {train: '${WHERE}/train$1.csv', target: '${WHERE}'}\n")
    data = read_spec(path).spec.data
    assert data.train == tmp_path / "data/now/train$1.csv"
    assert data.target == ["${WHERE}"]


def test_standard_input_is_a_spec_in_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(BASE.encode())))
    spec = read_spec(Path("-")).spec
    assert (spec.data.train, spec.place) == (Path("train.csv"), Path("runs/stdin"))


def test_a_closed_standard_input_is_no_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SpecError, match="-: cannot read the spec: it is closed"):
        read_spec(Path("-"))
