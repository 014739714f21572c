"""Results are the same bytes whatever the number of threads, where no eigendecomposition has 2,000 rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from .run_files import Ntk, results

CONCRETE = Path(__file__).parents[2] / "configs" / "concrete.yaml"
# Many tasks of few rows each, whose number depends on the matrices alone.
SHORT = {
    "cholesky.LEAST_ROWS": 96,
    "cholesky.STEP": 32,
    "cholesky.COLUMNS": 24,
    "blocks.COLUMNS": 24,
    "product.STRIP": 64,
}
# Without a solution by iterations for every test row.
CHEAP = {"inference.kernel": "nngp", "inference.ridge": 0.1, "output.std": "false"}
FITS: dict[str, dict[str, Any]] = {
    "cholesky": {"compute.solver": "cholesky"},
    "mixed": {"compute.solver": "cholesky", "compute.dtype": "mixed"},
    "eigh": {"compute.solver": "eigh", "inference.kernel": "ntk", "inference.time": 100},
    "lanczos": {"compute.solver": "lanczos", "inference.kernel": "ntk", "inference.time": 100},
    "chebyshev": {"compute.solver": "chebyshev", "inference.time": 10, **CHEAP},
    "pcg": {"compute.solver": "pcg", **CHEAP},
    "nystrom": {"inference.kernel": "ntk", "inference.approximation": "{method: nystrom, centres: 300}"},
    "auto": {"inference.ridge": "auto"},
    "relevance": {"data.relevance": "learned"},
}

Same = Callable[..., None]


@pytest.fixture
def same(ntk: Ntk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Same:
    """Run a command with one, two and three threads, and compare all that it writes."""
    for name, value in SHORT.items():
        monkeypatch.setattr(f"ntkcli.linalg.{name}", value)

    def run(command: str, settings: dict[str, Any]) -> None:
        found = []
        for threads in (1, 2, 3):
            given = {"compute.threads": threads, "output.std": "true"} | settings
            words = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
            out = tmp_path / str(threads)
            assert ntk(command, CONCRETE, "--out", out, *words).returncode == 0
            found.append(_results(out))
        assert found[0]
        assert found[0] == found[1] == found[2]

    return run


def _results(out: Path) -> dict[str, bytes | str]:
    """Tables, but for the time that trials took, and arrays."""
    arrays = {name: content for name, content in results(out).items() if name.endswith(".npy")}
    tables = {str(path): pd.read_csv(path, dtype=str) for path in out.rglob("*.csv")}
    tables = {name: table.drop(columns="seconds", errors="ignore") for name, table in tables.items()}
    return arrays | {name.removeprefix(str(out)): table.to_csv() for name, table in tables.items()}


@pytest.mark.parametrize("settings", FITS.values(), ids=FITS)
def test_a_fit_is_the_same(same: Same, settings: dict[str, Any]) -> None:
    same("fit", settings)


def test_a_search_is_the_same(same: Same) -> None:
    space = "{network.sigma_b: [0.3, 0.5], inference.ridge: [0.01, 0.1]}"
    same("tune", {"tune.space": space, "output.std": "false"})
