import json
import math
from importlib.metadata import version
from pathlib import Path

import pytest

from ntkcli.runs.environment import peak_memory, versions
from ntkcli.runs.json_files import write_json


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_never_holds_what_is_no_json(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": [value]})
    assert not (tmp_path / "x.json").exists()


def test_json_reads_back_to_the_last_bit(tmp_path: Path) -> None:
    content = {"a": [0.1, 1e-300, 2.0**-1074, 1 / 3], "none": None, "name": "größe"}
    write_json(tmp_path / "x.json", content)
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == content


@pytest.mark.parametrize("name", ["numpy", "scipy", "pandas"])
def test_the_versions_are_those_installed(name: str) -> None:
    assert versions()[name] == version(name)


def test_peak_memory_is_kept_when_memory_is_given_back() -> None:
    block = bytearray(64 * 2**20)
    peak = peak_memory()
    del block
    assert peak > 64 * 2**20
    # The kernel counts pages for each thread apart, and adds them up now and then.
    assert peak_memory() > 0.95 * peak
