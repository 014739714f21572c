"""What tests of Gram matrices share."""

from functools import partial

import pytest

from ntkcli.linalg.blocks import SymmetricBlocks


@pytest.fixture
def blocks_of_five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks even of few rows."""
    monkeypatch.setattr("ntkcli.kernels.evaluator.SymmetricBlocks", partial(SymmetricBlocks, block_rows=5))
