"""Builds sdist and wheel into dist/ from what git tracks, and tries the wheel in an environment of its own.

The sdist holds what a clone holds. The wheel has to do without the extras.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "dist"
MAN = "share/man/man1"
EXTRAS = ("optuna", "matplotlib", "pyarrow", "sklearn")
SPEC = """
data: {train: train.csv, target: y}
inference: {kernel: ntkgp, ridge: 0.1}
tune:
  objective: loo_rmse
  space: {network.depth: [1, 2], inference.ridge: [0.1, 1.0]}
"""
# What a wheel holds beside the package: what describes it, and what goes elsewhere.
OTHERS = re.compile(r"^[^/]+\.(dist-info|data)/")
COMMANDS = (
    "fit spec.yaml --out fitted",
    "predict fitted train.csv --out predicted.csv",
    "evaluate fitted train.csv",
    "tune spec.yaml --out tuned",
)
WRITTEN = ("fitted/predictions.csv", "predicted.csv", "tuned/fit/predictions.csv")


def run(*words: str | Path, cwd: Path) -> None:
    """Run a command that has to succeed."""
    subprocess.run(words, cwd=cwd, check=True)


def tracked() -> list[str]:
    """The files that git tracks and that are there, changed or not."""
    words = ["git", "ls-files", "-z"]
    names = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in names.split("\0") if name and (ROOT / name).exists()]


def build(work: Path) -> None:
    """Build both from a copy of the tracked files; setuptools leaves most tests out without a manifest."""
    for name in tracked():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, work / name)
    (work / "MANIFEST.in").write_text("graft .\n")
    run(sys.executable, "-m", "build", "--outdir", OUT, work, cwd=work)


def check_contents(sdist: Path, wheel: Path) -> None:
    """Refuse an sdist without a file of the clone, and a wheel with more or less than the package."""
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    package = {name for name in tracked() if name.startswith("ntkcli/")}
    with zipfile.ZipFile(wheel) as archive_of_wheel:
        installed = {name for name in archive_of_wheel.namelist() if not OTHERS.search(name)}
    if missing := sorted(set(tracked()) - held):
        sys.exit(f"{sdist}: lacks {', '.join(missing)}")
    if wrong := sorted(package ^ installed):
        sys.exit(f"{wheel}: lacks, or should not have, {', '.join(wrong)}")


def check_man_pages(environment: Path) -> None:
    """Refuse an environment that lacks the page of a command, or has one that man cannot show."""
    commands = [path.stem for path in (ROOT / "ntkcli" / "cli").glob("[!_]*.py")]
    for name in ["ntk", *(f"ntk-{command}" for command in commands)]:
        page = environment / MAN / f"{name}.1"
        if not page.exists():
            sys.exit(f"{page}: is not installed")
        if shutil.which("man"):
            subprocess.run(["man", "--local-file", page], check=True, stdout=subprocess.DEVNULL)


def check_wheel(wheel: Path, work: Path) -> None:
    """Install the wheel without extras in a new environment, and fit, predict and tune there."""
    venv.create(work / "venv", with_pip=True)
    binaries = work / "venv" / "bin"
    run(binaries / "pip", "install", "--quiet", wheel, cwd=work)
    absent = f"import importlib.util as u; assert not any(map(u.find_spec, {EXTRAS})), 'an extra is there'"
    run(binaries / "python", "-c", absent, cwd=work)
    check_man_pages(work / "venv")
    (work / "spec.yaml").write_text(SPEC)
    (work / "train.csv").write_text("x,y\n" + "".join(f"{i},{i * i % 7}\n" for i in range(20)))
    for command in COMMANDS:
        run(binaries / "ntk", *command.split(), cwd=work)
    if missing := [name for name in WRITTEN if not (work / name).exists()]:
        sys.exit(f"{wheel}: ntk did not write {', '.join(missing)}")


def main() -> None:
    """Build both anew, and try them."""
    shutil.rmtree(OUT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        source, trial = Path(folder, "source"), Path(folder, "trial")
        source.mkdir()
        trial.mkdir()
        build(source)
        (sdist,), (wheel,) = OUT.glob("*.tar.gz"), OUT.glob("*.whl")
        check_contents(sdist, wheel)
        check_wheel(wheel, trial)


if __name__ == "__main__":
    main()
