"""Networks, rows and tasks can be sent elsewhere: pickled, they are equal and give the same bits."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

import numpy as np
import pytest

from ntkcli.kernels.activations.activation import Activation, PrecisionError
from ntkcli.kernels.activations.catalogue import ACTIVATIONS, make
from ntkcli.kernels.evaluator import Evaluator
from ntkcli.kernels.executor import Threads, total
from ntkcli.kernels.incremental import IncrementalEvaluator
from ntkcli.kernels.network import Network
from ntkcli.kernels.range_errors import KernelRangeError, VarianceLimitError
from ntkcli.kernels.steps import Activate
from ntkcli.kernels.tiled_operator import TiledOperator
from ntkcli.linalg.singular import SingularMatrixError

from .inputs import make_network, normal_rows, ready
from .matrices import BOTH, kernels, rectangle, symmetric

P = TypeVar("P")
T = TypeVar("T")
R = TypeVar("R")

# Small inputs, so that those with a largest variance take them too.
X = 0.3 * normal_rows(7)
WITHOUT_CLOSED_FORM = sorted(name for name, entry in ACTIVATIONS.items() if not entry.has_closed_form)

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
every_table = pytest.mark.parametrize("name", WITHOUT_CLOSED_FORM)


def example(name: str) -> Activation:
    return make(name, **{parameter.name: parameter.example for parameter in ACTIVATIONS[name].parameters})


def network_with(name: str) -> Network:
    parameters = {parameter.name: parameter.example for parameter in ACTIVATIONS[name].parameters}
    return make_network({"name": name, **parameters}, sigma_w=1.0)


def sent(value: T) -> T:
    found: T = pickle.loads(pickle.dumps(value))
    return found


def assert_same_tiles(one: Network, other: Network) -> None:
    for a, b in zip(kernels(one, X, X[:4]), kernels(other, X, X[:4]), strict=True):
        assert np.array_equal(a, b)


@every_activation
def test_an_activation_is_equal_when_it_is_sent_or_made_again(name: str) -> None:
    activation = example(name)
    for other in (sent(activation), example(name)):
        assert other == activation
        assert hash(other) == hash(activation)


@every_activation
def test_a_network_is_equal_when_it_is_sent_and_has_the_same_tiles(name: str) -> None:
    plain = network_with(name)
    tabulated = ready(plain, X)
    for network in (plain, tabulated):
        assert sent(network) == network
        assert hash(sent(network)) == hash(network)
    assert_same_tiles(sent(tabulated), tabulated)


@every_table
def test_tables_are_equal_if_their_activation_and_their_variances_are(name: str) -> None:
    tables = example(name).tabulated(0.5, 2.0)
    again, others = example(name).tabulated(0.5, 2.0), example(name).tabulated(0.5, 3.0)
    assert again == tables
    assert hash(again) == hash(tables)
    assert others != tables
    assert example(name) != tables


@pytest.mark.parametrize("name", ["elu", "celu"])
def test_activations_with_other_parameters_differ(name: str) -> None:
    assert make(name, alpha=0.5) != make(name, alpha=0.6)
    assert make(name, alpha=0.5).tabulated(1.0, 1.0) != make(name, alpha=0.6).tabulated(1.0, 1.0)


def test_activations_without_a_closed_form_all_differ() -> None:
    """But for silu and swish, which are one; and elu and celu, which are one for alpha = 1."""
    made = {name: example(name) for name in WITHOUT_CLOSED_FORM}
    assert len(set(made.values())) == len(made) - 2
    assert (made["silu"], made["elu"]) == (made["swish"], made["celu"])


def test_every_kind_of_step_can_be_sent() -> None:
    network = make_network("erf", 4, dropout=0.8, layer_norm=True, residual=True)
    assert sent(network) == network
    assert len({type(step) for step in network.steps}) == 5
    assert_same_tiles(sent(network), network)


def test_an_evaluator_is_equal_when_it_is_sent_and_has_the_same_matrices() -> None:
    evaluator = Evaluator(ready(make_network("elu"), X), 3, Threads(2), np.float32)
    assert sent(evaluator) == evaluator
    for kernel, matrix in symmetric(evaluator, X).items():
        assert np.array_equal(symmetric(sent(evaluator), X)[kernel], matrix)


def test_rows_are_equal_when_they_are_sent() -> None:
    rows = make_network("relu").rows(X)
    for part in (rows, rows[2:5]):
        found = sent(part)
        assert np.array_equal(found.x, part.x)
        assert np.array_equal(found.variances, part.variances)
        assert np.array_equal(found.ntk_diagonal, part.ntk_diagonal)


@dataclass
class OtherProcess:
    """Sends every task and its item to another process, and its values back."""

    pool: ProcessPoolExecutor
    workers: int = 1

    def map(self, task: Callable[[P], T], items: Iterable[P]) -> Iterator[T]:
        return (self.pool.submit(task, item).result() for item in items)

    def run(self, task: Callable[[P], T], items: Sequence[P], then: Callable[[P, T], R]) -> Iterator[R]:
        return (then(item, values) for item, values in zip(items, self.map(task, items), strict=True))

    def sums(
        self, task: Callable[[P], T], groups: Sequence[Sequence[P]], add: Callable[[T, T], T]
    ) -> Iterator[T]:
        return self.map(partial(total, add, task), groups)


@pytest.fixture(scope="module")
def other_process() -> Iterator[OtherProcess]:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield OtherProcess(pool)


@pytest.mark.parametrize("activation", ["relu", "elu", "tanh"])
@pytest.mark.usefixtures("blocks_of_five")
def test_another_process_computes_the_same_bits(activation: str, other_process: OtherProcess) -> None:
    network, x = ready(make_network(activation), normal_rows(11)), normal_rows(11)
    here, there = Evaluator(network, 3), Evaluator(network, 3, other_process)
    for compute in (symmetric, lambda evaluator, x: rectangle(evaluator, x, x[:5])):
        for kernel, matrix in compute(here, x).items():
            assert np.array_equal(compute(there, x)[kernel], matrix)
    rows, b = network.rows(x), normal_rows(11, 2, seed=1)
    for multiply in (TiledOperator.product, TiledOperator.half_product):
        one, other = (multiply(TiledOperator(evaluator, rows, "ntk"), b) for evaluator in (here, there))
        assert np.array_equal(one, other)


def test_another_process_goes_on_from_one_network_to_the_next(other_process: OtherProcess) -> None:
    x = normal_rows(11)
    deep = ready(make_network("elu", 3), x)
    ends = [i for i, step in enumerate(deep.steps) if isinstance(step, Activate)]
    here, there = IncrementalEvaluator(tile_rows=4), IncrementalEvaluator(tile_rows=4, executor=other_process)
    for network in (Network(deep.steps[: ends[-1]]), deep):
        rows = network.rows(x)
        expected, found = here.advance(network, rows), there.advance(network, rows)
        for kernel in BOTH:
            assert np.array_equal(found[kernel], expected[kernel])


@pytest.mark.parametrize(
    "error",
    [
        KernelRangeError(3, 2),
        VarianceLimitError(3, 2, 5.0, 4.0),
        PrecisionError(7.0, 1e-3),
        SingularMatrixError(4, -1e-9),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_another_process_is_the_same_error(error: ArithmeticError) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert (str(found), vars(found)) == (str(error), vars(error))
