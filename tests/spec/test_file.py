import math
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ntkcli.errors import SpecError
from ntkcli.spec.file import read_spec, spec_text
from ntkcli.spec.spec import Spec

Read = Callable[[str], Spec]
Faults = Callable[[str], list[str]]

DATA = "data: {train: train.csv, test: test.csv, target: y}\n"

ISSUE = """\
data:
  train: ../sample_data/concrete_train.csv   # paths are relative to the spec file
  test: ../sample_data/concrete_test.csv
  target: strength
  features: all
  id: null
  standardize: true
  standardize_target: true
network:
  depth: 3
  activation: relu
  sigma_w: 1.4142135623730951
  sigma_b: 0.1
inference:
  kernel: ntk
  time: inf
  learning_rate: 1.0
  loss: sum
  ridge: auto
  ridge_scale: trace
output:
  dir: ../runs/concrete
  kernels: []
  interval: 0.95
  std: true
  noise: false
  covariance: false
compute:
  dtype: float64
  solver: auto
  tolerance: auto
  memory: auto
  threads: auto
  tile: auto
"""

EVERYTHING_WRONG = """\
data:
  train: train.csv
  tset: test.csv
  target: [y, y]
  features: []
network:
  depth: 0
  activation: reul
  σ_w: 0
  sigma_b: -1
inference:
  kernel: [NTK]
  time: [1, nan, -1]
  ridge: -1e-3
  los: sum
output:
  interval: 95
  kernels: nngp_train_trian
  std: 1
compute:
  threads: none
  solver: cholesk
  tolerance: 1
  memory: lots
netwrok: {}
"""

MISSPELT = [
    ("date: {train: t.csv, target: y}", 1, "date", "data"),
    ("data: {train: t.csv, target: y}\nnetwrok: {depth: 2}", 2, "netwrok", "network"),
    ("data:\n  train: t.csv\n  taget: y\n  target: y", 3, "data.taget", "target"),
    (DATA + "network:\n  deepth: 2", 3, "network.deepth", "depth"),
    (DATA + "inference:\n  depth: 2\n  lerning_rate: 1", 4, "inference.lerning_rate", "learning_rate"),
    (DATA + "output:\n  intervall: 0.9", 3, "output.intervall", "interval"),
    (DATA + "compute:\n\n  thread: 2", 4, "compute.thread", "threads"),
]

MISSPELT_VALUES = [
    ("network: {activation: Relu}", "relu"),
    ("inference: {kernel: [nngp, NTK]}", "ntk"),
    ("inference: {loss: man}", "mean"),
    ("inference: {ridge_scale: trase}", "trace"),
    ("output: {kernels: [ntk_train_test]}", "ntk_train_train"),
    ("compute: {dtype: flaot32}", "float32"),
    ("compute: {dtype: mxied}", "mixed"),
    ("compute: {solver: cholesk}", "cholesky"),
    ("compute: {solver: Lanczos}", "lanczos"),
]

NUMBERS = [
    ("1e-3", 1e-3),
    ("1E3", 1e3),
    ("2", 2.0),
    (".5", 0.5),
    ("5.", 5.0),
    ("+0.1", 0.1),
    ("inf", math.inf),
    (".inf", math.inf),
    ("Inf", math.inf),
    ("+.INF", math.inf),
    ("'0.25'", 0.25),
]

NOT_A_SPEC = {
    "a list": ("- data\n- network\n", 1, "should be a section"),
    "a word": ("data\n", 1, "should be a section"),
    "a section that is a word": (DATA + "network: deep\n", 2, "network: should be a section"),
    "a section that is a list": (DATA + "network: [1]\n", 2, "network: should be a section"),
    "an empty data section": ("network: {}\ndata:\n", 2, "data: should be a section"),
    "a mapping for a name": ("data:\n  train: t.csv\n  target: {y: 1}\n", 3, "data.target: should be"),
    "an unclosed bracket": ("data: {train: a\n", 2, "not valid YAML"),
    "a tab for indentation": ("data:\n\ttrain: a\n", 2, "not valid YAML"),
    "two documents": (DATA + "---\n" + DATA, 2, "not valid YAML"),
    "an unknown alias": ("data: *nothing\n", 1, "not valid YAML"),
    "a Python object": ("data: !!python/name:os.system\n", 1, "not valid YAML"),
    "a number that is none": (DATA + "network: {depth: !!int three}\n", 2, ""),
    "a date that is none": ("data: {train: t.csv, target: 2020-13-45}\n", 1, ""),
    "a control character": (DATA + "network: {activation: re\x01lu}\n", 2, "not valid YAML"),
}

# What may stand anywhere in a spec, as YAML text: what is right somewhere, and what is right nowhere.
ODDITIES = st.sampled_from(
    [
        "~nobody/t.csv",
        "2020-02-30",
        "1:70",
        "!!int x",
        "!!binary é",
        "nan",
        "0b2",
        "0o8",
        "yes",
        "=",
        "*a",
        "&a",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
TEXTS = ODDITIES | VALUES.map(
    lambda value: yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n")
)
KEYS = {name: list(value) for name, value in yaml.safe_load(ISSUE).items()}


def absolute(spec: Spec) -> dict[str, Any]:
    """A spec's values, its paths without detours."""
    values = spec.model_dump()
    for section, key in (("data", "train"), ("data", "test"), ("output", "dir")):
        values[section][key] = os.path.abspath(values[section][key])  # noqa: PTH100 - as ntk does
    return values


def attempt(path: Path, text: str) -> Spec | str:
    """The spec that a text is, or else why it is none."""
    path.write_text(text, encoding="utf-8")
    try:
        return read_spec(path).spec
    except SpecError as error:
        return str(error)


def is_read_or_refused(path: Path, text: str) -> bool:
    """Whether a text is a spec, or is refused with the name of its file."""
    found = attempt(path, text)
    return isinstance(found, Spec) or found.startswith(str(path))


def test_the_documented_spec_is_the_default(read: Read) -> None:
    paths = [line for line in ISSUE.splitlines() if "../" in line]
    short = ["data:", *paths[:2], "  target: strength", "output:", *paths[2:]]
    assert read("\n".join(short)) == read(ISSUE)


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_a_number_is_read_as_people_write_it(read: Read, text: str, number: float) -> None:
    assert read(f"{DATA}inference: {{time: {text}}}").inference.time == [number]


def test_numbers_in_a_list_are_read_as_people_write_them(read: Read) -> None:
    listed = ", ".join(text for text, _ in NUMBERS if "n" not in text.casefold())
    expected = [number for _, number in NUMBERS if number < math.inf]
    assert read(f"{DATA}inference: {{time: [{listed}, inf]}}").inference.time == [*expected, math.inf]


@pytest.mark.parametrize(
    "key", ["network.sigma_w", "network.sigma_b", "inference.ridge", "inference.learning_rate"]
)
def test_every_number_may_have_an_exponent(read: Read, key: str) -> None:
    section, name = key.split(".")
    assert getattr(getattr(read(f"{DATA}{section}: {{{name}: 2e-3}}"), section), name) == 2e-3


def test_greek_keys_are_aliases(read: Read) -> None:
    network = read(DATA + "network: {σ_w: 1.5, σ_b: 0.25}").network
    assert (network.sigma_w, network.sigma_b) == (1.5, 0.25)


def test_a_key_and_its_alias_together_are_given_twice(faults: Faults) -> None:
    assert faults(DATA + "network:\n  sigma_w: 1\n  σ_w: 2") == ["4: network.sigma_w: given twice"]


@pytest.mark.parametrize(
    "name", ["2020", "007", "12:30", "1_000", "0x1f", "2020-01-31", "1.50", "yes", "null"]
)
def test_an_unquoted_column_is_taken_letter_by_letter_or_quotes_are_asked_for(
    tmp_path: Path, name: str
) -> None:
    spec = attempt(tmp_path / "spec.yaml", f"data: {{train: t.csv, target: {name}}}")
    assert spec.data.target == [name] if isinstance(spec, Spec) else "data.target: should be" in spec


@pytest.mark.parametrize("name", ["2020", "007", "1.50", "yes", "null", "größe in m²"])
def test_a_quoted_column_is_any_text(read: Read, name: str) -> None:
    assert read(f"data: {{train: t.csv, target: '{name}'}}").data.target == [name]


@pytest.mark.parametrize(("text", "line", "key", "meant"), MISSPELT)
def test_an_unknown_key_is_named_with_its_line_and_the_one_meant(
    faults: Faults, text: str, line: int, key: str, meant: str
) -> None:
    assert f"{line}: {key}: is not a key that ntk knows; did you mean {meant!r}?" in faults(text)


def test_an_unknown_key_unlike_any_other_is_named_without_a_guess(faults: Faults) -> None:
    assert faults(DATA + "zzz: 1") == ["2: zzz: is not a key that ntk knows"]


@pytest.mark.parametrize(("text", "meant"), MISSPELT_VALUES)
def test_a_misspelt_word_is_named_with_the_one_meant(faults: Faults, text: str, meant: str) -> None:
    (fault,) = faults(DATA + text)
    assert fault.startswith("2: ")
    assert fault.endswith(f"did you mean {meant!r}?")


def test_all_faults_are_reported_at_once_in_the_order_of_their_lines(faults: Faults) -> None:
    found = [
        (int(line), rest[0].strip())
        for line, *rest in (fault.split(":") for fault in faults(EVERYTHING_WRONG))
    ]
    assert found == [
        (3, "data.tset"),
        (4, "data.target"),
        (5, "data.features"),
        (7, "network.depth"),
        (8, "network.activation"),
        (9, "network.sigma_w"),
        (10, "network.sigma_b"),
        (12, "inference.kernel[0]"),
        (13, "inference.time[1]"),
        (13, "inference.time[2]"),
        (14, "inference.ridge"),
        (15, "inference.los"),
        (17, "output.interval"),
        (18, "output.kernels"),
        (19, "output.std"),
        (21, "compute.threads"),
        (22, "compute.solver"),
        (23, "compute.tolerance"),
        (24, "compute.memory"),
        (25, "netwrok"),
    ]


def test_faults_are_sorted_by_number_of_line_not_by_text(faults: Faults) -> None:
    text = DATA + "\n" * 6 + "network:\n  depth: 0\n  sigma_w: 0\n  sigma_b: -1\n"
    assert [fault.split(":")[0] for fault in faults(text)] == ["9", "10", "11"]


def test_a_missing_key_is_reported_at_its_section(faults: Faults) -> None:
    assert faults("network: {}\ndata:\n  train: t.csv\n") == [
        "2: data.target: is missing, and has no default"
    ]


def test_an_empty_file_lacks_its_data(faults: Faults) -> None:
    assert faults("") == faults("# nothing\n") == ["1: data: is missing, and has no default"]


def test_the_value_found_is_reported(faults: Faults) -> None:
    assert faults(DATA + "network: {depth: 0}") == [
        "2: network.depth: should be greater than or equal to 1 (found 0)"
    ]


@pytest.mark.parametrize("memory", ["-1", "0", "lots", "true", "1.5", "8 GB or so", "[8GiB]", "inf"])
def test_a_memory_that_is_none_is_reported_in_one_line_with_what_was_found(
    faults: Faults, memory: str
) -> None:
    (fault,) = faults(f"{DATA}compute:\n  threads: 1\n  memory: {memory}\n")
    assert fault.startswith("4: compute.memory: should be 'auto' or ")
    assert "(found " in fault


@pytest.mark.parametrize("tolerance", ["0", "1", "-1", "nan", ".nan", "inf", "small", "true"])
def test_a_tolerance_that_is_none_is_reported_in_one_line_with_what_was_found(
    faults: Faults, tolerance: str
) -> None:
    (fault,) = faults(f"{DATA}compute: {{tolerance: {tolerance}}}")
    assert fault.startswith("2: compute.tolerance: should be 'auto' or ")
    assert "(found " in fault


@pytest.mark.parametrize(
    ("compute", "line", "key", "remedy"),
    [
        ("threads: 1\n  solver: cholesky", 5, "compute.solver", "use auto"),
        ("dtype: mixed\n  threads: 1", 4, "compute.dtype", "use float64"),
    ],
)
def test_a_choice_that_a_finite_time_rules_out_is_reported_at_its_line(
    faults: Faults, compute: str, line: int, key: str, remedy: str
) -> None:
    (fault,) = faults(f"{DATA}inference: {{time: [1, inf]}}\ncompute:\n  {compute}\n")
    assert fault.startswith(f"{line}: {key}: ")
    assert remedy in fault


def test_a_key_given_twice_is_refused(faults: Faults) -> None:
    assert faults(DATA + "network:\n  depth: 2\n  depth: 3") == ["4: network.depth: given twice"]


def test_a_section_given_twice_is_refused(faults: Faults) -> None:
    assert faults(DATA + "network: {depth: 2}\nnetwork: {sigma_w: 1}") == ["3: network: given twice"]


def test_a_merged_mapping_may_be_overridden(read: Read) -> None:
    text = DATA + "network: {<<: {depth: 2, sigma_b: 1}, depth: 4}"
    assert (read(text).network.depth, read(text).network.sigma_b) == (4, 1)


@pytest.mark.parametrize(("text", "line", "what"), NOT_A_SPEC.values(), ids=NOT_A_SPEC)
def test_what_is_no_spec_is_reported_with_its_line(faults: Faults, text: str, line: int, what: str) -> None:
    assert f"{line}: {what}" in faults(text)[0]


def test_a_spec_that_is_not_utf_8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes("data: {target: größe}".encode("latin-1"))
    with pytest.raises(SpecError, match=r"spec.yaml:1: is not UTF-8 text"):
        read_spec(path)


def test_a_spec_may_start_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(DATA, encoding="utf-8-sig")
    assert read_spec(path).spec.data.target == ["y"]


def test_a_missing_spec_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nope\.yaml: cannot read the spec: No such file"):
        read_spec(tmp_path / "nope.yaml")


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="cannot read the spec: Is a directory"):
        read_spec(tmp_path)


def test_paths_are_relative_to_the_spec_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "spec.yaml").write_text(
        "data: {train: ../data/t.csv, test: /data/u.csv, target: y}\noutput: {dir: out}"
    )
    monkeypatch.chdir(tmp_path)
    spec = read_spec(Path("configs/spec.yaml")).spec
    assert spec.data.train == Path("data/t.csv")
    assert spec.data.test == Path("/data/u.csv")
    assert spec.place == Path("configs/out")


def test_a_tilde_is_the_home_folder(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert read("data: {train: ~/t.csv, target: y}").data.train == Path("/home/someone/t.csv")


def test_the_home_of_nobody_is_refused_at_its_key(faults: Faults) -> None:
    (fault,) = faults("data:\n  target: y\n  train: ~nobody-of-this-name/t.csv")
    assert fault.startswith("3: data.train: ")


def test_the_run_directory_is_the_argument_or_the_specs_or_named_after_the_spec(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(DATA)
    assert read_spec(path).spec.place == tmp_path / "runs" / "deep"
    path.write_text(DATA + "output: {dir: out}")
    assert read_spec(path).spec.place == tmp_path / "out"
    assert read_spec(path).with_place(Path("elsewhere")).spec.place == Path("elsewhere")


def test_a_written_spec_reads_back_to_the_same(read: Read, tmp_path: Path) -> None:
    spec = read(
        DATA + "network: {activation: erf, σ_w: 1e-3}\n"
        "inference: {kernel: [ntk, ntkgp], time: [0, 1e-7, inf], ridge: 0.1}\n"
        "output: {dir: some/where, kernels: [ntk_test_test], interval: 0.9}\n"
        "compute: {threads: 2, memory: 1.5 GiB, tolerance: 1e-6, solver: eigh, dtype: float32}\n"
    )
    home = tmp_path / "some" / "where"
    home.mkdir(parents=True)
    (home / "spec.yaml").write_text(spec_text(spec, home=home), encoding="utf-8")
    assert absolute(read_spec(home / "spec.yaml").spec) == absolute(spec)


def test_the_paths_of_a_written_spec_are_relative_to_where_it_will_live(read: Read, tmp_path: Path) -> None:
    (tmp_path / "partial.yaml").write_text(
        spec_text(read(DATA + "output: {dir: runs/new}"), home=tmp_path / "runs" / "new"), encoding="utf-8"
    )
    written = yaml.safe_load((tmp_path / "partial.yaml").read_text())
    assert written["data"]["train"] == "../../train.csv"
    assert written["data"]["test"] == "../../test.csv"
    assert written["output"]["dir"] == "."


def test_the_memory_of_a_written_spec_is_in_bytes(read: Read, tmp_path: Path) -> None:
    (tmp_path / "resolved.yaml").write_text(
        spec_text(read(DATA + "compute: {memory: 1.5 GiB}"), home=tmp_path), encoding="utf-8"
    )
    assert yaml.safe_load((tmp_path / "resolved.yaml").read_text())["compute"]["memory"] == 3 * 2**29


def test_the_resolved_spec_names_every_key(read: Read, tmp_path: Path) -> None:
    spec = read(DATA)
    (tmp_path / "resolved.yaml").write_text(spec_text(spec, home=tmp_path), encoding="utf-8")
    resolved = yaml.safe_load((tmp_path / "resolved.yaml").read_text())
    assert {name: list(section) for name, section in resolved.items()} == {
        name: list(section) for name, section in spec.model_dump(exclude={"tune", "simulate"}).items()
    }
    assert all(set(keys) <= set(resolved[name]) for name, keys in KEYS.items())


def test_the_resolved_spec_of_a_run_fits_to_the_same_predictions(
    fit: Callable[..., Path], ntk: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    run = fit(inference={"time": [0.5, math.inf], "ridge": 0.01}, output={"kernels": ["ntk_test_train"]})
    again = tmp_path / "moved" / "again"
    assert ntk("fit", run / "spec.yaml", "--out", again).returncode == 0
    for name in ("predictions.csv", "metrics.json", "kernels/ntk_test_train.npy"):
        assert (again / name).read_bytes() == (run / name).read_bytes()
    assert absolute(read_spec(again / "spec.yaml").with_place(run).spec) == absolute(
        read_spec(run / "spec.yaml").spec
    )


@settings(max_examples=300)
@given(key=st.sampled_from([(section, key) for section, keys in KEYS.items() for key in keys]), text=TEXTS)
def test_whatever_stands_at_a_key_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, key: tuple[str, str], text: str
) -> None:
    others = {"train": "t.csv", "target": "y"}
    others.pop(key[1], None)
    data = "".join(f"  {name}: {value}\n" for name, value in others.items())
    section = "" if key[0] == "data" else f"{key[0]}:\n"
    assert is_read_or_refused(
        tmp_path_factory.getbasetemp() / "fuzz.yaml", f"data:\n{data}{section}  {key[1]}: {text}\n"
    )


@settings(max_examples=300)
@given(text=st.text(st.sampled_from("data:{}[]-,?&*!|>%@`'\"#\n \t0127abe~<=."), max_size=20))
def test_whatever_text_a_spec_is_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    assert is_read_or_refused(tmp_path_factory.getbasetemp() / "fuzz.yaml", DATA + text)
    assert is_read_or_refused(tmp_path_factory.getbasetemp() / "fuzz.yaml", text)
