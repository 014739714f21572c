from pathlib import Path

import pytest

from ntkcli.errors import SpecError
from ntkcli.spec.file import read_spec
from ntkcli.spec.keys import choices, keys
from ntkcli.spec.setting import Setting

SPEC = """
data: {train: train.csv, target: y, split: {test: 0.2}}
tune: {objective: rmse, space: {network.depth: [1, 2]}}
simulate: {seeds: 2}
"""


def test_keys_are_paths_of_any_depth_but_of_sections_alone() -> None:
    found = keys()
    assert len(found) == len(set(found))
    assert {"network.depth", "data.split.test", "network.readout.sigma_w", "simulate.seeds"} <= set(found)
    assert not {"network", "data.split", "network.readout"} & set(found)
    # It may be a word as well.
    assert {"network.train", "network.train.first_frozen"} <= set(found)


def fault(folder: Path, setting: str) -> str:
    """What is wrong with a setting; nothing where it is fine."""
    path = folder / "spec.yaml"
    path.write_text(SPEC)
    try:
        read_spec(path, [Setting(setting)])
    except SpecError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("key", keys())
def test_every_key_can_be_set(key: str, tmp_path: Path) -> None:
    """A value that no key can have is refused for what it is, and not for a key that there is not."""
    assert "is not a key" not in fault(tmp_path, f"{key}=[[[]]]")


@pytest.mark.parametrize("key", [key for key in keys() if choices(key)])
def test_every_choice_is_a_value_that_the_key_can_have(key: str, tmp_path: Path) -> None:
    """It may not go with other keys, but is none of the wrong type, which would be told as found."""
    assert fault(tmp_path, f"{key}=[[[]]]")
    assert [choice for choice in choices(key) if "(found " in fault(tmp_path, f"{key}={choice}")] == []


def test_choices_are_words_of_types_and_of_lists() -> None:
    assert choices("network.parameterization") == ["ntk", "standard"]
    assert choices("inference.kernel") == ["ntk", "nngp", "ntkgp"]
    assert choices("output.std") == ["true", "false"]
    assert choices("network.sigma_w") == ["critical"]
    assert choices("network.depth") == []
    assert choices("no.key") == []
