"""What pyproject.toml, CI, the hooks and the citation say agrees."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

import ntkcli

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CI: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "check.yml").read_text())


def makes(text: str) -> list[str]:
    """The targets that a text makes."""
    return re.findall(r"\bmake (\w+)", text)


def test_ci_runs_every_python_that_the_package_names() -> None:
    named = [c.split(" :: ")[-1] for c in PROJECT["classifiers"] if "Python :: 3." in c]
    assert CI["jobs"]["check"]["strategy"]["matrix"]["python"] == named
    assert PROJECT["requires-python"] == f">={named[0]}"


def test_ci_makes_what_the_makefile_has() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    steps = [step["run"] for job in CI["jobs"].values() for step in job["steps"] if "run" in step]
    assert [makes(step) for step in steps] == [["check"], ["dist"]]
    assert {"check", "dist"} <= set(targets)


def test_ci_may_only_read() -> None:
    assert CI["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in CI["jobs"].values())


def test_the_hooks_run_what_make_check_runs_before_the_tests() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert {hook["language"] for hook in local["hooks"]} == {"system"}
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert recipe is not None
    lines = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    before = [line for line in lines if "$(MAKE)" not in line]
    assert len(before) < len(lines)
    assert [hook["entry"] for hook in local["hooks"]] == before


def test_the_package_tells_type_checkers_that_it_has_types() -> None:
    assert (files(ntkcli) / "py.typed").is_file()


@pytest.mark.parametrize("key", ["cff-version", "message", "title", "authors"])
def test_the_citation_has_what_its_format_demands(key: str) -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation[key]
    assert citation["license"] == PROJECT["license"]
    assert citation["repository-code"] == PROJECT["urls"]["Source"]


def test_every_address_of_the_project_is_below_its_source() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    found = [
        url
        for page in pages
        for url in re.findall(r"https://github\.com/\w+/ntkcli[^\s)>]*", page.read_text())
    ]
    addresses = [*PROJECT["urls"].values(), *found]
    assert all(address.startswith(PROJECT["urls"]["Source"]) for address in addresses)
