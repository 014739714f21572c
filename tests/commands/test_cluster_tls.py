"""A cluster that speaks TLS is used by who has a certificate, and by nobody else."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import dask
import pytest

from ..cluster.processes import Processes
from .run_files import Ntk, results

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make a key")
VARIABLES = {"CA_FILE": "cert.pem", "CLIENT__CERT": "cert.pem", "CLIENT__KEY": "key.pem"}


def make_key(folder: Path) -> None:
    """A key and its certificate, as docs/clusters.md has it."""
    words = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=ntk -keyout key.pem -out cert.pem"
    folder.mkdir()
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler and a worker with one certificate."""
    folder = tmp_path / "cluster"
    make_key(folder)
    files = {"--tls-ca-file": "cert.pem", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    found = Processes(folder, options=[f"{name}={folder / file}" for name, file in files.items()])
    found.worker()
    yield found
    found.stop()


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Have this process show the certificate of a folder."""

    def show_that_of(folder: Path) -> None:
        for name, file in VARIABLES.items():
            monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TLS__{name}", str(folder / file))
        dask.config.refresh()

    yield show_that_of
    monkeypatch.undo()
    dask.config.refresh()


def test_who_has_the_certificate_gets_the_same_bytes(
    spec: Path, ntk: Ntk, processes: Processes, show: Callable[[Path], None]
) -> None:
    assert processes.address.startswith("tls://")
    show(processes.file.parent)
    outcome = ntk("fit", spec, "--out", "there", "--scheduler", processes.file)
    assert outcome.returncode == 0, outcome.stderr
    assert ntk("fit", spec, "--out", "here").returncode == 0
    assert results(Path("there")) == results(Path("here"))


@pytest.mark.parametrize("protocol", ["tls", "tcp"])
def test_who_has_another_certificate_or_none_is_refused(
    spec: Path, ntk: Ntk, processes: Processes, show: Callable[[Path], None], tmp_path: Path, protocol: str
) -> None:
    make_key(tmp_path / "other")
    show(tmp_path / "other")
    address = processes.address.replace("tls", protocol)
    outcome = ntk("fit", spec, "--out", "run", "--scheduler", address)
    assert outcome.returncode == 5
    assert outcome.stderr == (
        f"ntk: error: no scheduler answers at {address} within 30 s: check the address, that "
        "`dask scheduler` runs there, and whether both have the same TLS certificates, or neither has any\n"
    )
    assert not Path("run").exists()
