"""Predictions against those of neural-tangents: see tests/references/README.md."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.jobs.network import network_of
from ntkcli.linalg.blocks import SymmetricBlocks
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage, ways
from ntkcli.spec.network import NetworkSpec

from .cases import INF, Answers, Data, assert_close, covariance, variance

with np.load(Path(__file__).parent.parent / "references" / "neural_tangents.npz") as file:
    ARRAYS = dict(file)
REFERENCES: dict[str, dict[str, Any]] = {
    case: settings
    for case, settings in json.loads(str(ARRAYS["manifest"])).items()
    if settings["kind"] == "predict"
}

every_reference = pytest.mark.parametrize("case", REFERENCES)
every_solver = pytest.mark.parametrize("solver", ["eigh", "lanczos", "cholesky", "pcg"])


def data_of(case: str) -> Data:
    settings = REFERENCES[case]
    spec = NetworkSpec(**{key: settings[key] for key in ("depth", "activation", "sigma_w", "sigma_b")})
    x_train, y_train, x_test = (ARRAYS[f"{case}/{name}"] for name in ("x_train", "y_train", "x_test"))
    return Data(network_of(spec, x_train.shape[1]), x_train, y_train, x_test)


def settings_of(case: str) -> dict[str, Any]:
    settings = REFERENCES[case]
    return {"rate": settings["learning_rate"], "ridge": settings["regularization_absolute"]}


def times_of(case: str, solver: str) -> dict[KernelName, list[float]]:
    """Every kernel and time that there are values for and that a solver has an answer to."""
    times = [float(time) for time in REFERENCES[case]["times"]]
    assert INF in times
    if solver in ("cholesky", "pcg"):
        return {"ntk": [INF], "nngp": [INF], "ntkgp": [INF]}
    if solver == "lanczos":
        times.remove(INF)
        return {"ntk": times, "nngp": times}
    return {"ntk": times, "nngp": times, "ntkgp": [INF]}


def expected(case: str, kernel: KernelName, time: float) -> tuple[FloatArray, FloatArray]:
    suffix = "" if kernel == "ntkgp" else f"_t{time:g}"
    return ARRAYS[f"{case}/{kernel}_mean{suffix}"], ARRAYS[f"{case}/{kernel}_cov{suffix}"]


def assert_match(answers: Answers, case: str) -> None:
    for (kernel, time), answer in answers.items():
        mean, uncertainty = expected(case, kernel, time)
        assert_close(answer.prediction.mean, mean, 1e-8)
        assert_close(variance(answer.prediction), uncertainty.diagonal(), 1e-8)
        if answer.prediction.covariance is not None:
            assert_close(covariance(answer.prediction), uncertainty, 1e-8)


@every_reference
@every_solver
@pytest.mark.parametrize(("uncertainty", "block_rows"), [("variance", 40), ("covariance", 7)])
def test_every_solver_matches_neural_tangents(
    case: str, solver: str, uncertainty: str, block_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one block, and from several."""
    blocks = partial(SymmetricBlocks, block_rows=block_rows)
    monkeypatch.setattr("ntkcli.kernels.evaluator.SymmetricBlocks", blocks)
    data = data_of(case)
    regression = data.regression(times_of(case, solver), solver, uncertainty=uncertainty, **settings_of(case))
    answers = data.answers_of(regression)
    assert set(answers) == set(regression.question.pairs)
    assert {record.solver for record in regression.records} == {solver}
    assert_match(answers, case)


def is_alike(stages: list[Stage]) -> bool:
    """Whether both Gram matrices have the same solvers."""
    ntk, nngp = ({s.solver.name for s in stages if s.gram == gram} for gram in ("ntk", "nngp"))
    return ntk == nngp


@every_reference
def test_every_way_of_auto_matches_neural_tangents(case: str) -> None:
    data, settings = data_of(case), settings_of(case)
    question = Question(times_of(case, "eigh"), uncertainty="covariance", **settings)
    found = [stages for stages in ways(question, "auto") if is_alike(stages)]
    assert len(found) == 5
    for stages in found:
        answers = data.answers_of(data.staged(question, stages))
        assert set(answers) == set(question.pairs)
        assert_match(answers, case)
