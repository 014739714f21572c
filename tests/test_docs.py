"""Every command and YAML block of README, the pages beside it and docs works."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pytest

from ntkcli.spec.file import read_spec

from .cluster.processes import wait_until

Ntk = Callable[..., CompletedProcess[str]]

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
INSTALLING = ("python3 -m venv .venv && . .venv/bin/activate", "pip install .")


class Block(NamedTuple):
    """A fenced block of a page: its language and its text."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    found = re.findall(
        r"^```(\w+)\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return [Block(language, text) for language, text in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a clone holds, for a reader to work in."""
    for name in ("configs", "sample_data", "Makefile", "pyproject.toml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    return tmp_path


def try_yaml(text: str, folder: Path) -> None:
    """Read a spec; one that starts with a comment `# NAME.yaml` stays under that name for later commands."""
    name = re.match(r"# (\S+\.yaml)\n", text)
    path = folder / (name[1] if name else "configs/block.yaml")
    path.write_text(text, encoding="utf-8")
    read_spec(path)


@pytest.fixture
def background(folder: Path) -> Iterator[Callable[[str], None]]:
    """Start a command that stays; all are killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(line: str) -> None:
        command = [sys.executable, "-m", *line.split()]
        started.append(
            subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, start_new_session=True)
        )

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def try_command(line: str, folder: Path, ntk: Ntk, background: Callable[[str], None]) -> None:
    """Run what can be run without network; of make, check that it knows what to do."""
    if line.startswith("dask "):
        background(line)
        wait_until((folder / "scheduler.json").exists)
    elif line.startswith("ntk "):
        words, *files = re.split(" >>? ", line)
        outcome = ntk(*shlex.split(words)[1:])
        assert outcome.returncode == 0, outcome.stderr
        # Nothing outside the folder.
        for file in (name for name in files if not name.startswith("~")):
            (folder / file).write_text(outcome.stdout, encoding="utf-8")
    elif line.startswith("make "):
        command = ["make", "--dry-run", *line.split()[1:]]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    else:
        assert line in INSTALLING, f"nothing checks {line!r}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_works_from_top_to_bottom(
    page: Path, folder: Path, ntk: Ntk, background: Callable[[str], None]
) -> None:
    for block in blocks(page):
        match block.language:
            case "yaml":
                try_yaml(block.text, folder)
            case "sh":
                for line in block.text.splitlines():
                    try_command(line, folder, ntk, background)
            case "make":
                (folder / "Makefile").write_text(block.text, encoding="utf-8")
                try_command("make runs/concrete/run.json", folder, ntk, background)
            case "python":
                exec(block.text, {})
            case "crontab":
                command = block.text.split("&&")[1].strip()
                try_command(command.removeprefix(".venv/bin/"), folder, ntk, background)
            case other:
                pytest.fail(f"nothing checks blocks of {other!r}")


def test_every_setting_in_the_tables_of_networks_is_read(folder: Path) -> None:
    """The right column of `| stax | `network:` |`, which are lines of a flow mapping."""
    page = (ROOT / "docs" / "networks.md").read_text(encoding="utf-8")
    settings = re.findall(r"^\|[^|]*\| `([^|`]+)` \|$", page, flags=re.MULTILINE)
    assert len(settings) > 25
    for setting in settings:
        if setting != "network:":
            try_yaml(f"data: {{train: t.csv, target: y}}\nnetwork: {{{setting}}}\n", folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)\s#]+)[^)\s]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("spec", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda spec: spec.stem)
def test_every_config_fits(spec: Path, tmp_path: Path, ntk: Ntk) -> None:
    outcome = ntk("fit", spec, "--out", tmp_path / "run")
    assert outcome.returncode == 0, outcome.stderr
    assert (tmp_path / "run" / "predictions.csv").exists()
