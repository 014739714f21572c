"""Gram matrices that go on from one network to the next are those of each network by itself."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ntkcli.arrays import FloatArray
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads
from ntkcli.kernels.incremental import IncrementalEvaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Activate, Affine, Pairs

from .inputs import make_network, normal_rows, ready
from .matrices import BOTH, symmetric

DEPTHS = [1, 2, 3, 5]
LEAKY = {"name": "leaky_relu", "slope": 0.2}

# Settings by which every network begins with all the steps of a shallower one.
NESTED: dict[str, dict[str, Any]] = {
    "relu": {"activation": "relu"},
    "erf": {"activation": "erf"},
    "leaky_relu": {"activation": LEAKY},
    "gelu": {"activation": "gelu"},
    "tanh": {"activation": "tanh"},
    "no biases": {"activation": "relu", "sigma_b": 0.0},
    "dropout": {"activation": "erf", "keep_probability": 0.8},
    "biases from zero": {"activation": "relu", "bias_init": "zero"},
    "standard": {"activation": "relu", "parameterization": "standard", "width": 64},
}
# Settings by which they may not.
OTHERS: dict[str, dict[str, Any]] = {
    "residual": {"activation": "relu", "residual": True},
    "blocks of two": {"activation": "erf", "residual": {"every": 2, "scale": 0.7}},
    "layer norm": {"activation": "erf", "layer_norm": True},
    "readout": {"activation": "relu", "readout": {"sigma_w": 0.5, "sigma_b": 0.0}},
    "readout alone trained": {"activation": "relu", "train": "readout"},
    "frozen": {"activation": "relu", "train": {"first_frozen": 1}},
}


def chain(x: FloatArray, settings: dict[str, Any], depths: list[int]) -> Iterator[Network]:
    """Networks of some depths; the shallower ones with the deepest one's tables where they begin it."""
    settings = dict(settings)
    deepest = ready(make_network(depth=depths[-1], **settings), x)
    for depth in depths:
        own = make_network(depth=depth, **settings)
        cut = Network(deepest.steps[: len(own.steps)])
        yield cut if kinds(cut) == kinds(own) else ready(own, x)


def kinds(network: Network) -> list[object]:
    return [step if isinstance(step, Affine) else type(step) for step in network.steps]


def check(gram: IncrementalEvaluator, network: Network, x: FloatArray) -> None:
    expected = symmetric(Evaluator(network, gram.tile_rows), x)
    for kernel, matrix in gram.advance(network, network.rows(x)).items():
        largest = expected[kernel].max()
        np.testing.assert_allclose(matrix, expected[kernel], rtol=1e-14, atol=1e-14 * largest)
        assert np.array_equal(matrix, matrix.T)


@pytest.mark.parametrize("settings", NESTED.values(), ids=NESTED)
@pytest.mark.parametrize("tile_rows", [5, 256])
def test_deeper_networks_go_on_with_the_numbers_of_their_own(
    settings: dict[str, Any], tile_rows: int
) -> None:
    x, gram = normal_rows(13), IncrementalEvaluator(tile_rows=tile_rows, executor=Threads(2))
    x[[3, 12]] = x[7]
    for network in chain(x, settings, DEPTHS):
        check(gram, network, x)


@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS)
def test_networks_that_do_not_begin_alike_have_their_own_numbers(settings: dict[str, Any]) -> None:
    x, gram = normal_rows(13), IncrementalEvaluator(tile_rows=5)
    for network in chain(x, settings, [4, 5, 6]):
        check(gram, network, x)


def test_lists_go_on_as_far_as_they_agree() -> None:
    x, gram = normal_rows(13), IncrementalEvaluator(tile_rows=5)
    shallow = {"activation": ["relu", "erf"], "sigma_w": [1.0, 1.5, 2.0], "sigma_b": [0.1, 0.2, 0.3]}
    deep = {
        "activation": ["relu", "erf", "relu"],
        "sigma_w": [1.0, 1.5, 2.0, 0.5],
        "sigma_b": [0.1, 0.2, 0.3, 0],
    }
    other = deep | {"sigma_w": [1.0, 1.5, 2.1, 0.5]}
    for depth, settings in ((3, shallow), (4, deep), (4, other)):
        check(gram, make_network(depth=depth, **settings), x)


def test_any_order_of_networks_will_do() -> None:
    x, gram = normal_rows(13), IncrementalEvaluator(tile_rows=5)
    for activation, depth in (("relu", 3), ("relu", 2), ("erf", 2), ("erf", 4), ("relu", 4), ("relu", 4)):
        check(gram, make_network(activation, depth), x)


def test_without_theta_there_is_k_alone() -> None:
    x, gram = normal_rows(13), IncrementalEvaluator(ntk=False, tile_rows=5)
    for depth in DEPTHS:
        network = make_network("relu", depth)
        assert list(gram.advance(network, network.rows(x))) == ["nngp"]
        check(gram, network, x)


@pytest.fixture
def layers(monkeypatch: pytest.MonkeyPatch) -> list[Affine]:
    """The weight layers that are computed, one after another."""
    found = []
    on_pairs = Affine.on_pairs

    def counted(layer: Affine, pairs: Pairs) -> None:
        found.append(layer)
        on_pairs(layer, pairs)

    monkeypatch.setattr(Affine, "on_pairs", counted)
    return found


def test_no_step_is_done_twice(layers: list[Affine]) -> None:
    x, gram = normal_rows(13), IncrementalEvaluator()
    for network in chain(x, {"activation": "gelu"}, DEPTHS):
        gram.advance(network, network.rows(x))
    assert len(layers) == DEPTHS[-1]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_network_that_is_made_again_goes_on_from_its_equal(activation: str, layers: list[Affine]) -> None:
    x, gram = normal_rows(13), IncrementalEvaluator()
    for depth in (2, 4, 4):
        # Every time with tables made anew, for the variances of a network of depth 4.
        deepest = ready(make_network(activation, 4), x)
        network = Network(deepest.steps[: 2 * depth - 1])
        gram.advance(network, network.rows(x))
    assert len(layers) == 4


def test_what_was_interrupted_is_not_gone_on_from(monkeypatch: pytest.MonkeyPatch) -> None:
    x, gram = normal_rows(13), IncrementalEvaluator(tile_rows=5)
    shallow, deep = make_network("relu", 2), make_network("relu", 3)
    gram.advance(shallow, shallow.rows(x))
    with monkeypatch.context() as patch:
        patch.setattr(Affine, "on_pairs", interrupt)
        with pytest.raises(KeyboardInterrupt):
            gram.advance(deep, deep.rows(x))
    check(gram, deep, x)


def interrupt(layer: Affine, pairs: Pairs) -> None:
    raise KeyboardInterrupt


def test_both_kernels_are_there() -> None:
    network = make_network("relu", 2)
    assert set(IncrementalEvaluator().advance(network, network.rows(normal_rows(3)))) == set(BOTH)


def test_cosines_count_as_1_by_the_tolerance_of_their_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    on_pairs = Activate.on_pairs

    def noted(step: Activate, pairs: Pairs) -> None:
        seen.append(pairs.tolerance)
        on_pairs(step, pairs)

    monkeypatch.setattr(Activate, "on_pairs", noted)
    x = normal_rows(3)
    for depths in ([4], [2, 4]):
        seen.clear()
        gram = IncrementalEvaluator()
        for network in chain(x, {"activation": "relu"}, depths):
            gram.advance(network, network.rows(x))
        assert len(seen) == 3
        assert seen[0] > seen[1] == seen[2]


@pytest.mark.parametrize("settings", (NESTED | OTHERS).values(), ids=NESTED | OTHERS)
def test_going_on_changes_no_digit(settings: dict[str, Any]) -> None:
    """A worker of a cluster computes a network of a chain by itself."""
    x, gram = normal_rows(300), IncrementalEvaluator()
    x[[3, 280]] = x[7]
    for network in chain(x, settings, [4, 5, 6]):
        rows = network.rows(x)
        alone = IncrementalEvaluator().advance(network, rows)
        for kernel, matrix in gram.advance(network, rows).items():
            assert matrix.tobytes() == alone[kernel].tobytes()
