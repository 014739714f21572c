"""What shells are told that ask how a line goes on: by Click's protocol, and by their own scripts."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from click.shell_completion import get_completion_class

from ntkcli.cli import ntk as program
from ntkcli.regression.kernel import KERNELS
from ntkcli.terminal.completion import PROGRAM, SHELLS, VARIABLE, script

Ntk = Callable[..., CompletedProcess[str]]
Ask = Callable[..., list[tuple[str, str]]]


def split_as_bash_does(words: list[str]) -> list[str]:
    """Bash has the sign `=` as a word of its own."""
    return [part for word in words for part in word.replace("=", "\0=\0").split("\0") if part or not word]


@pytest.fixture(params=SHELLS)
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask as the script of a shell does how the last word of a line goes on: kinds and values."""
    shell: str = request.param
    kind = get_completion_class(shell)
    assert kind is not None

    def completions(*line: str) -> list[tuple[str, str]]:
        words = split_as_bash_does(["ntk", *line]) if shell == "bash" else ["ntk", *line]
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", words[-1] if shell == "fish" else str(len(words) - 1))
        answer = kind(program, {}, PROGRAM, VARIABLE).complete()
        return parsed(shell, answer, line[-1])

    return completions


def plain(*words: str) -> list[tuple[str, str]]:
    return [("plain", word) for word in words]


def parsed(shell: str, answer: str, begun: str) -> list[tuple[str, str]]:
    """The kind and the whole word of every completion."""
    lines = answer.splitlines()
    if shell == "zsh":
        return [*zip(lines[::3], lines[1::3], strict=True)]
    pairs = [line.split("\t")[0].split(",", 1) for line in lines]
    # Bash puts the rest behind the sign.
    start = begun[: begun.index("=") + 1] if shell == "bash" and "=" in begun else ""
    return [(kind, start + value) for kind, value in pairs]


def test_commands_are_completed(ask: Ask) -> None:
    assert ask("") == plain(*program.list_commands(click.Context(program)))
    assert ask("sp") == plain("spectrum")


def test_options_are_completed(ask: Ask) -> None:
    assert ask("fit", "spec.yaml", "--o") == plain("--out", "--overwrite")
    assert ("plain", "-q") in ask("fit", "spec.yaml", "-")


@pytest.mark.parametrize(
    ("words", "choices"),
    [
        (["init", "t.csv", "--template", "t"], ["time-course", "tune"]),
        (["completion", ""], [*SHELLS]),
        (["predict", "run", "t.csv", "--kernel", ""], [*KERNELS]),
        (["predict", "run", "t.csv", "--kernel", "ntkg"], ["ntkgp"]),
        (["evaluate", "run", "t.csv", "--kernel", "nn"], ["nngp"]),
    ],
    ids=" ".join,
)
def test_choices_are_completed(ask: Ask, words: list[str], choices: list[str]) -> None:
    assert ask(*words) == plain(*choices)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["fit", "conf"], "file"),
        (["fit", "a.yaml", "conf"], "file"),
        (["fit", "a.yaml", "--set", "network.depth=4", "conf"], "file"),
        (["fit", "a.yaml", "--out", "ru"], "dir"),
        (["kernel", "a.yaml", "--depfile", "ru"], "file"),
        (["predict", "ru"], "dir"),
        (["predict", "run", "te"], "file"),
        (["init", "te"], "file"),
    ],
    ids=" ".join,
)
def test_paths_are_left_to_the_shell(ask: Ask, words: list[str], kind: str) -> None:
    assert ask(*words) == [(kind, words[-1])]


@pytest.mark.parametrize("command", ["fit", "kernel", "check", "tune", "spectrum", "simulate", "network"])
def test_keys_of_a_spec_are_completed_up_to_their_sign(ask: Ask, command: str) -> None:
    assert ask(command, "a.yaml", "--set", "network.de") == plain("network.depth=")


def test_values_of_keys_are_completed(ask: Ask) -> None:
    asked = ["fit", "a.yaml", "--set", "network.depth=4", "--set"]
    assert ask(*asked, "inference.loss=") == plain("inference.loss=sum", "inference.loss=mean")
    assert ask(*asked, "inference.loss=m") == plain("inference.loss=mean")
    assert ask(*asked, "network.depth=") == []


def test_an_option_with_its_value_behind_a_sign_is_completed(ask: Ask) -> None:
    values = [value.rpartition("=")[2] for _, value in ask("init", "t.csv", "--template=cl")]
    assert values == ["classification"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_what_click_prints_for_the_variable(
    shell: str, ntk: Ntk, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = ntk("completion", shell).stdout
    assert VARIABLE in printed
    monkeypatch.setenv(VARIABLE, f"{shell}_source")
    assert ntk().stdout.rstrip() == printed.rstrip()


def test_another_shell_is_a_usage_error(ntk: Ntk) -> None:
    outcome = ntk("completion", "tcsh")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish'" in outcome.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_of_its_shell(shell: str, tmp_path: Path) -> None:
    """As the shell itself says, which has to be installed; Bash is everywhere."""
    if shell != "bash" and shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here: its script is not read by it")
    path = tmp_path / "script"
    path.write_text(script(program, shell))
    subprocess.run([shell, "-n", path], check=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """An interactive Bash that has read the script; type at it, and see what it says to the line."""
    binaries = tmp_path / "bin"
    binaries.mkdir()
    own = binaries / "ntk"
    own.write_text(f"#!{sys.executable}\nfrom ntkcli.__main__ import main\nmain()\n")
    own.chmod(0o755)
    (tmp_path / "script").write_text(script(program, "bash"))
    environment = os.environ | {"PATH": f"{binaries}:{os.environ['PATH']}", "PS1": "", "TERM": "dumb"}
    parent, child = pty.openpty()
    words = ["bash", "--norc", "--noprofile", "-i"]
    process = subprocess.Popen(
        words, stdin=child, stdout=child, stderr=child, cwd=tmp_path, env=environment, start_new_session=True
    )
    os.close(child)

    def said(until: str) -> str:
        shown, end = "", time.monotonic() + 60
        while until not in shown and time.monotonic() < end:
            if select.select([parent], [], [], 1)[0]:
                shown += os.read(parent, 2**16).decode()
        return shown

    def line_of(typed: str) -> str:
        # Back to the beginning of what the line has become, to have it printed and not run.
        os.write(parent, f"{typed}\x01echo '[' \x05 ']END'\n".encode())
        shown = said("]END\r\n")
        return shown.rpartition("\n[ ")[2].partition(" ]END")[0]

    os.write(parent, b"PS1= ; source ./script\n")
    yield line_of
    os.close(parent)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_bash_completes_a_line(terminal: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "my-spec.yaml").touch()
    assert terminal("ntk spec\t") == "ntk spectrum"
    assert terminal("ntk fit my\t --set network.dep\t4 --set inference.loss=me\t --ov\t") == (
        "ntk fit my-spec.yaml --set network.depth=4 --set inference.loss=mean --overwrite"
    )
