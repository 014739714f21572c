"""Bad input: one clear line on stderr, an exit code, nothing half-written."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import pytest

SPEC = "data:\n  train: train.csv\n  test: test.csv\n  target: y\noutput:\n  dir: run\n"
TRAIN = "a,b,y\n1,2,3\n2,1,4\n0,5,1\n4,4,4\n"
TEST = "a,b,y\n1,3,2\n2,2,2\n"
WITHOUT_RIDGE = "inference: {ridge: 0}\n"
REMEDY = "give inference.ridge a value above 0"


@dataclass(frozen=True)
class Case:
    """What is wrong, and what is said of it.

    code: the exit code.
    parts: in the message.
    spec, train, test: the files' contents; None for no file.
    """

    code: int
    parts: tuple[str, ...]
    spec: str | bytes | None = SPEC
    train: str | bytes | None = TRAIN
    test: str | bytes | None = TEST
    out: str = "run"
    taken: dict[str, str] = field(default_factory=dict)


def spec_case(lines: str, *parts: str) -> Case:
    """A fault in the spec after its line 6."""
    return Case(2, parts, spec=SPEC + lines)


def train_case(train: str | bytes | None, *parts: str) -> Case:
    return Case(3, parts, train=train)


def unseen_case(test: str | bytes | None, *parts: str) -> Case:
    return Case(3, parts, test=test)


def singular_case(train: str, lines: str, *parts: str) -> Case:
    return Case(4, (*parts, REMEDY), train=train, spec=SPEC + WITHOUT_RIDGE + lines)


SPECS = {
    "no spec": Case(2, ("spec.yaml: cannot read the spec: No such file",), spec=None),
    "an empty spec": Case(2, ("spec.yaml:1: data: is missing",), spec=""),
    "a spec that is not YAML": Case(2, ("spec.yaml:2: not valid YAML",), spec="data: {train: t.csv\nx"),
    "a spec that is not UTF-8": Case(2, ("spec.yaml:1: is not UTF-8 text",), spec=b"data: \xe9"),
    "an unknown section": spec_case("netwrok: {}", "spec.yaml:7: netwrok: ", "did you mean 'network'?"),
    "an unknown key": spec_case("network:\n  dept: 2", "spec.yaml:8: network.dept: ", "mean 'depth'?"),
    "no target": Case(2, ("spec.yaml:1: data.target: is missing",), spec="data: {train: train.csv}"),
    "negative time": spec_case("inference: {time: -1}", "spec.yaml:7: inference.time: ", "(found -1)"),
    "NaN time": spec_case("inference: {time: [1, .nan]}", "spec.yaml:7: inference.time[1]: ", "not NaN"),
    "depth 0": spec_case("network: {depth: 0}", "spec.yaml:7: network.depth: ", "(found 0)"),
    "sigma_w 0": spec_case("network: {sigma_w: 0}", "spec.yaml:7: network.sigma_w: ", "greater than 0"),
    "negative sigma_w": spec_case("network: {σ_w: -1.5}", "spec.yaml:7: network.sigma_w: ", "(found -1.5)"),
    "negative sigma_b": spec_case("network: {sigma_b: -1}", "spec.yaml:7: network.sigma_b: ", "(found -1)"),
    "negative ridge": spec_case("inference: {ridge: -1e-3}", "spec.yaml:7: inference.ridge: ", "-1e-3"),
    "text for a number": spec_case("inference: {ridge: small}", "spec.yaml:7: inference.ridge: ", "'small'"),
    "an interval in percent": spec_case("  interval: 95", "spec.yaml:7: output.interval: ", "(found 95)"),
    "a memory without a number": spec_case("compute: {memory: lots}", ":7: compute.memory: ", "such as 8GiB"),
    "no memory": spec_case("compute: {memory: 0}", "spec.yaml:7: compute.memory: ", "(found 0)"),
    "a tolerance of 1": spec_case("compute: {tolerance: 1}", ":7: compute.tolerance: ", "less than 1"),
    "an unknown solver": spec_case("compute: {solver: cholesk}", ":7: compute.solver: ", "mean 'cholesky'?"),
    "cholesky at a finite time": spec_case(
        "inference: {time: 1}\ncompute: {solver: cholesky}", "spec.yaml:8: compute.solver: ", "use auto"
    ),
    "a section twice": spec_case("output: {std: false}", "spec.yaml:7: output: given twice"),
    "an unknown kernel": spec_case("inference: {kernel: ntkpg}", ":7: inference.kernel: ", "mean 'ntkgp'?"),
    "ntkgp at a finite time": spec_case("inference: {kernel: ntkgp, time: 1}", "spec.yaml:7: ", "add inf"),
    "a test file and a split": Case(
        2, ("spec.yaml:4: data.split: there is a test file",),
        spec=SPEC.replace("  target: y", "  split: {test: 0.2}\n  target: y"),
    ),
    "ntkgp at a time to be found": spec_case("inference: {kernel: ntkgp, time: auto}", ":7: ", "use inf"),
    "auto for two kernels": spec_case("inference: {kernel: [ntk, nngp], time: auto}", ":7: ", "one kernel"),
    "a misspelt auto": spec_case("inference: {time: atuo}", ":7: inference.time: ", "did you mean 'auto'?"),
    "a target among the features": Case(
        2, ("spec.yaml:5: data.features: ", "column 'y' is both in target and in features"),
        spec=SPEC.replace("target: y", "target: y\n  features: [a, y]"),
    ),
    "test matrices without a test file": Case(
        2, ("spec.yaml:", "output.kernels: ntk_test_train needs test rows"),
        spec=SPEC.replace("  test: test.csv\n", "") + "  kernels: ntk_test_train\n",
    ),
}  # fmt: skip

DATA = {
    "no training file": train_case(None, "train.csv: there is no such file"),
    "no test file": unseen_case(None, "test.csv: there is no such file"),
    "a folder": Case(3, ("folder: cannot be read: Is a dir",), spec=SPEC.replace("train.csv", "folder")),
    "an empty file": train_case("", "train.csv: the file is empty"),
    "an empty test file": unseen_case("", "test.csv: the file is empty"),
    "a header only": train_case("a,b,y\n", "train.csv: has a header but no data rows"),
    "a header only in test": unseen_case("a,b,y\n", "test.csv: has a header but no data rows"),
    "one row": train_case("a,b,y\n1,2,3\n", "train.csv: has one data row: at least two are needed"),
    "a missing target": train_case("a,b,z\n1,2,3\n", "train.csv:1: has no column 'y' (data.target)"),
    "a misspelt target": train_case("a,b,Y\n1,2,3\n", "train.csv:1: has no column 'y'", "did you mean 'Y'?"),
    "a missing feature": Case(
        3, ("train.csv:1: has no column 'hight' (data.features); did you mean 'height'?",),
        spec=SPEC.replace("target: y", "target: y\n  features: [hight]"), train="height,y\n1,2\n2,3\n",
    ),
    "a missing id": Case(
        3, ("test.csv:1: has no column 'n' (data.id)",), spec=SPEC.replace("target: y", "target: y\n  id: n")
    ),
    "a missing id without a test file": Case(
        3, ("train.csv:1: has no column 'n' (data.id)",),
        spec=SPEC.replace("  test: test.csv\n  target: y", "  target: y\n  id: n"),
    ),
    "a column twice": train_case("a,a,y\n1,2,3\n", "train.csv:1: column 'a' is there twice"),
    "semicolons": train_case("a;b;y\n1;2;3\n", "1: columns are separated by ';': set data.csv.separator"),
    "quoted semicolons": train_case('"a";"y"\n1;2\n', ":1: columns are separated by ';': set data.csv."),
    "a decimal comma in the target": train_case(
        'a,b,y\n1,2,"2,5"\n2,1,"3,5"\n', "target 'y' holds numbers", "set data.csv.decimal: ','"
    ),
    "a column without a name": train_case("a,,y\n1,2,3\n", ":1: column 2 has no name", "in data.features"),
    "a column called by a space": train_case("a, ,y\n1,2,3\n", ":1: column 2 has no name"),
    "a test column without a name": unseen_case("a,b,\n1,2,3\n", "test.csv:1: column 3 has no name"),
    "row names of R": train_case('"a","y"\n"1",1,2\n"2",2,3\n', ":1: column 1 has no name", "R: row.names"),
    "no header": train_case("1,2,3\n3,1,5\n", "has no column 'y'", "set data.csv.header: none if that"),
    "text": train_case(TRAIN + "1,red,2\n", "train.csv:6: column 'b': found 'red'", "correct it"),
    "text in the target": train_case(TRAIN + "1,2,low\n", "train.csv:6: column 'y': found 'low'"),
    "an empty cell": train_case(TRAIN + "1,,2\n", "train.csv:6: column 'b': is empty: fill the value in"),
    "NaN": train_case(TRAIN + "nan,1,2\n", "train.csv:6: column 'a': found 'nan'"),
    "infinity": train_case(TRAIN + "1,-inf,2\n", "train.csv:6: column 'b': found '-inf'"),
    "an empty target in test": unseen_case(TEST + "1,2,\n", "test.csv:4: column 'y': is empty"),
    "a row too short": train_case(TRAIN + "1,2\n", "train.csv:6: has 2 fields where the header has 3"),
    "a row too long": train_case(TRAIN + "1,2,3,4\n", "train.csv:6: has 4 fields where the header has 3"),
    "a test column missing": unseen_case("a,y\n1,2\n", "test.csv:1: has no column 'b', a feature of "),
    "a test column misspelt": unseen_case("a,B,y\n1,2,3\n", "test.csv:1: has no column 'b'", "mean 'B'?"),
    "a test column more": unseen_case("a,b,c\n1,2,3\n", "test.csv:1: column 'c' is not in ", "data.features"),
    "Latin-1": train_case(TRAIN.encode() + b"1,\xe9,3\n", "train.csv:6: is not UTF-8", "save the file"),
    "UTF-16": train_case(TRAIN.encode("utf-16"), "train.csv:1: is not UTF-8", "save the file as UTF-8"),
    "UTF-16 without a mark": train_case(TRAIN.encode("utf-16-le"), "train.csv:1: "),
    "all columns constant": train_case("a,b,y\n1,2,3\n1,2,4\n", "train.csv: every feature is constant (a, b"),
    "values out of range": train_case(TRAIN + "1,3,1e300\n", "train.csv: column 'y' is too large"),
    "a pipe": Case(3, ("/dev/null: ",), spec=SPEC.replace("train.csv", "/dev/null")),
    "a path that no file has": Case(
        2, ("spec.yaml:2: data.train: ", "NUL"), spec=SPEC.replace("train.csv", '"a\\0b"')
    ),
    "an unknown category": Case(
        3, ("test.csv:3: column 'b': found 'pink'", "(blue, red): correct it", "data.unknown: ignore"),
        train="a,b,y\n1,red,3\n2,blue,4\n4,red,5\n", test="a,b\n1,red\n2,pink\n",
    ),
    "dates": train_case("a,b,y\n1,2020-01-31,2\n2,2020-02-01,3\n", "train.csv: column 'b' holds dates"),
    "decimal commas": train_case(
        'a,b,y\n1,"2,5",2\n2,"3,5",3\n', "column 'b' holds numbers", "set data.csv.decimal: ','"
    ),
    "names": train_case("a,b,y\n" + "".join(f"{i},n{i},{i}\n" for i in range(30)), "30 different texts"),
    "a word above numbers": train_case("a,b,y\n1,x,2\n2,3,4\n3,5,6\n", "train.csv:2: column 'b': found 'x'"),
    "a category of two lines": train_case('a,b,y\n1,"p\nq",2\n2,7,4\n', "train.csv:3: column 'b': found"),
    "one class": train_case("a,b,y\n1,2,p\n2,3,p\n", "train.csv: target 'y' has one class only, 'p'"),
    "as many classes as rows": train_case("a,b,y\n1,2,p\n2,3,q\n3,4,r\n", "3 different classes in 3 rows"),
    "a class in test only": Case(
        3, ("test.csv:2: column 'y': class 'r' is not in the training rows (p, q)",),
        train="a,b,y\n1,2,p\n2,1,q\n3,3,p\n4,1,q\n", test="a,b,y\n1,2,r\n",
    ),
    "nothing left of the training rows": Case(
        3, ("train.csv: data.missing: drop leaves 0 rows of 2", "column 'b' is empty in every row"),
        spec=SPEC.replace("target: y", "target: y\n  missing: drop"), train="a,b,y\n1,,3\n2,NA,4\n",
    ),
    "nothing left of the test rows": Case(
        3, ("test.csv: every row lacks a value",),
        spec=SPEC.replace("target: y", "target: y\n  missing: drop"), test="a,b\n1,\n",
    ),
    "a column of gaps": Case(
        3, ("train.csv: column 'b' is empty in every row",),
        spec=SPEC.replace("target: y", "target: y\n  missing: mean"), train="a,b,y\n1,,3\n2,,4\n",
    ),
    "a target to be filled": Case(
        3, ("train.csv:3: column 'y': a target is not filled in",),
        spec=SPEC.replace("target: y", "target: y\n  missing: mean"), train="a,b,y\n1,2,3\n2,3,\n",
    ),
    "too few rows to split": Case(
        3, ("train.csv: data.split: a share of 0.1 of 4 rows leaves 0 to predict",),
        spec=SPEC.replace("test: test.csv", "split: {test: 0.1}"),
    ),
    "a damaged archive": Case(
        3, ("train.csv.gz: the compressed file is damaged",), spec=SPEC.replace("train.csv", "train.csv.gz")
    ),
    "two columns of one name in the predictions": Case(
        3, ("predictions.csv would have two columns 'kernel'",),
        spec=SPEC.replace("target: y", "target: y\n  id: kernel"), test="kernel,a,b\n1,3,2\n",
    ),
}  # fmt: skip

NUMERICAL = {
    "duplicate rows": singular_case(TRAIN + "2,1,5\n", "", "train.csv: lines 3 and 6 have the same features"),
    "a row of zeros without bias": Case(
        4,
        (
            "train.csv:6: without biases, the kernel of this row is 0, as all its features are",
            "network.sigma_b",
            REMEDY,
        ),
        spec=SPEC.replace("target: y", "target: y\n  standardize: false")
        + WITHOUT_RIDGE
        + "network: {sigma_b: 0}",
        train=TRAIN + "0,0,1\n",
    ),
    "a linear network of more rows than rank": singular_case(
        TRAIN, "network: {depth: 1}", "train.csv: ", "rank 3 at most, and there are 4 rows"
    ),
}
PLACES = {
    "a run that is there": Case(
        6, ("run: is already there: give --overwrite",), taken={"run/run.json": "{}"}
    ),
    "a file that is there": Case(6, ("run: is no directory",), taken={"run": ""}),
    "a place below a file": Case(6, ("file/run: cannot be written",), out="file/run", taken={"file": ""}),
    "a name that is too long": Case(6, ("cannot be written: File name too long",), out="x" * 300),
    "a link to itself": Case(6, ("loop: ",), out="loop"),
    "a place below a link to itself": Case(6, ("loop/run: ",), out="loop/run"),
    "the root of all folders": Case(6, ("/: ",), out="/"),
}

RESOURCES = {
    "less memory than the interpreter takes": Case(
        5, ("not enough memory: ", "MiB", "compute.memory"), spec=SPEC + "compute: {memory: 1MB}\n"
    ),
    "less memory than an eigendecomposition takes": Case(
        5, ("not enough memory: ", "training rows"),
        spec=SPEC.replace("train.csv", "long.csv") + "compute: {memory: 150MiB, solver: eigh}\n",
    ),
}  # fmt: skip

CASES = SPECS | DATA | NUMERICAL | PLACES | RESOURCES


@pytest.fixture
def bad_input(tmp_path: Path, write: Callable[[str, str | bytes], Path]) -> Callable[[Case], None]:
    """Write the files of a case."""

    def write_case(case: Case) -> None:
        files = {"spec.yaml": case.spec, "train.csv": case.train, "test.csv": case.test, **case.taken}
        for name, content in files.items():
            if content is not None:
                write(name, content)
        write("train.csv.gz", gzip.compress(TRAIN.encode())[:-9])
        write("long.csv", "a,b,y\n" + "".join(f"{row},{row**2},1\n" for row in range(2000)))
        (tmp_path / "folder").mkdir()
        (tmp_path / "loop").symlink_to("loop")

    return write_case


def everything_in(folder: Path) -> dict[str, bytes]:
    """All that is in a folder, hidden files and folders too."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bad_input_is_told_in_one_line_and_leaves_nothing(
    bad_input: Callable[[Case], None], ntk: Callable[..., CompletedProcess[str]], tmp_path: Path, case: Case
) -> None:
    bad_input(case)
    before = everything_in(tmp_path)
    outcome = ntk("fit", "spec.yaml", "-qq", "--out", case.out)
    assert outcome.returncode == case.code
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("ntk: error: ")
    assert outcome.stderr.count("\n") == 1
    assert [part for part in case.parts if part not in outcome.stderr] == []
    assert everything_in(tmp_path) == before


def test_the_same_without_a_fault_is_a_run(
    bad_input: Callable[[Case], None], ntk: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    bad_input(Case(0, ()))
    assert ntk("fit", "spec.yaml", "-qq", "--out", "run").returncode == 0
    assert (tmp_path / "run" / "predictions.csv").exists()
