import math
from pathlib import Path

import pytest

from ntkcli.errors import SpecError
from ntkcli.spec.file import read_spec
from ntkcli.spec.setting import Setting
from ntkcli.spec.spec import Spec

DATA = "data: {train: t.csv, target: y}\nnetwork: {depth: 2, sigma_b: 1}\n"


def set_in(folder: Path, *settings: str, text: str = DATA) -> Spec:
    path = folder / "spec.yaml"
    path.write_text(text)
    return read_spec(path, [*map(Setting, settings)]).spec


def test_a_setting_is_read_as_the_spec_would_have_it(tmp_path: Path) -> None:
    spec = set_in(tmp_path, "inference.time=[1, 1e1, inf]", "compute.memory=2GiB", "output.std=false")
    assert spec.inference.time == [1, 10, math.inf]
    assert spec.compute.memory == 2**31
    assert spec.output.std is False


def test_the_other_keys_of_its_section_stay(tmp_path: Path) -> None:
    network = set_in(tmp_path, "network.depth=4").network
    assert (network.depth, network.sigma_b) == (4, 1)


def test_the_last_of_one_key_counts(tmp_path: Path) -> None:
    assert set_in(tmp_path, "network.depth=4", "network.depth=5").network.depth == 5


def test_a_setting_reaches_into_a_mapping_or_replaces_it(tmp_path: Path) -> None:
    text = "data: {train: t.csv, target: y, missing: {features: mean, age: drop}}\n"
    inside = set_in(tmp_path, "data.missing.target=drop", text=text).data.missing
    whole = set_in(tmp_path, "data.missing={target: drop}", text=text).data.missing
    assert inside == set_in(tmp_path, text=text.replace("age: drop", "age: drop, target: drop")).data.missing
    assert (
        whole
        == set_in(tmp_path, text="data: {train: t.csv, target: y, missing: {target: drop}}").data.missing
    )


def test_a_key_of_the_search_space_is_a_path_itself(tmp_path: Path) -> None:
    text = f"{DATA}tune: {{space: {{network.depth: [1, 2], inference.ridge: [0.1]}}}}\n"
    tune = set_in(tmp_path, "tune.space.network.depth=[3, 4]", text=text).tune
    assert tune == set_in(tmp_path, text=text.replace("[1, 2]", "[3, 4]")).tune


def test_greek_names_are_names(tmp_path: Path) -> None:
    assert set_in(tmp_path, "network.σ_w=2").network.sigma_w == 2


def test_nothing_behind_the_sign_is_no_value(tmp_path: Path) -> None:
    text = f"{DATA}output: {{dir: here}}\n"
    assert set_in(tmp_path, "output.dir=", text=text).place == tmp_path / "runs" / "spec"


def test_a_path_starts_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    spec = set_in(tmp_path, "data.test=test.csv")
    assert spec.data.test == Path("test.csv")
    assert spec.data.train == tmp_path / "t.csv"


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("network.dpth=3", "network.dpth: is not a key that ntk knows; did you mean 'depth'?"),
        ("network.depth=0", "network.depth: should be greater than or equal to 1 (found 0)"),
        ("network.depth=two", "network.depth: should be a valid integer (found 'two')"),
        ("network.depth=", "network.depth: should be a valid integer (it has no value)"),
        ("network.depth", "should be KEY=VALUE, such as network.depth=4"),
        ("=4", "should be KEY=VALUE, such as network.depth=4"),
        ("network..depth=4", "should be KEY=VALUE, such as network.depth=4"),
        ("network.depth=[1", "the value is not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("network.depth=*a", "the value is not valid YAML: found undefined alias 'a'"),
        ("network=&a {depth: *a}", "the spec is nested without end: an alias contains itself"),
        ("network.depth.more=4", "network.depth: should be a valid integer"),
        ("netwörk.depth=4", "netwörk: is not a key that ntk knows; did you mean 'network'?"),
        ("tune.trials=3", "tune.space: is missing, and has no default"),
    ],
)
def test_a_fault_names_the_setting(tmp_path: Path, setting: str, what: str) -> None:
    with pytest.raises(SpecError) as refusal:
        set_in(tmp_path, setting)
    assert str(refusal.value).startswith(f"--set {setting}: {what}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("a." * 3000 + "a=1", "the spec is nested too deeply: 100 levels are the most"),
        ("network.depth=3\nfoo: 4", "the value is not valid YAML: mapping values are not allowed here"),
        ("network.depth=\udcff", r"the value is not valid YAML: it holds the character '\udcff'"),
        ("network=depth: 3\nfoo: 4", "network.foo: is not a key that ntk knows"),
    ],
)
def test_a_setting_that_is_long_or_has_lines_is_one_line_of_a_message(
    tmp_path: Path, setting: str, what: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        set_in(tmp_path, setting)
    assert what in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1


def test_faults_of_the_file_come_before_those_of_settings(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refusal:
        set_in(tmp_path, "network.depth=0", text=f"{DATA}output: {{std: 2}}\n")
    assert [line.split(": ")[0] for line in str(refusal.value).splitlines()] == [
        f"{tmp_path / 'spec.yaml'}:3",
        "--set network.depth=0",
    ]


def test_a_setting_mends_what_the_file_has_wrong(tmp_path: Path) -> None:
    assert set_in(tmp_path, "network.depth=3", text=DATA.replace("depth: 2", "depth: 0")).network.depth == 3


def test_the_section_of_a_setting_need_not_be_in_the_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"--set output.stdd=1: output.stdd: is not a key"):
        set_in(tmp_path, "output.stdd=1")


def test_what_a_setting_contradicts_is_found(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"--set compute.solver=cholesky: compute.solver: cholesky solves"):
        set_in(tmp_path, "compute.solver=cholesky", "inference.time=1")
