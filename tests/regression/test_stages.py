import math
from collections import Counter
from itertools import product
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntkcli.regression.kernel import KERNELS, KernelName
from ntkcli.regression.question import Question
from ntkcli.regression.stages import Stage, ways
from ntkcli.solvers.catalogue import choices
from ntkcli.solvers.shift_invert import WIDEST_RATIO

INF = math.inf
CHOICES: list[str] = ["auto", *choices()]

every_choice = pytest.mark.parametrize("choice", CHOICES)
times = st.lists(
    st.one_of(st.sampled_from([0.0, 1.0, INF]), st.floats(1e-9, 1e9)), min_size=1, max_size=6, unique=True
)
uncertainties: list[Literal["none", "variance", "covariance"]] = ["none", "variance", "covariance"]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Kernels in any order, with times of their own; ntkgp at inf alone."""
    names: list[KernelName] = ["ntk", "nngp", "ntkgp"]
    kernels = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    asked: dict[KernelName, list[float]] = {
        kernel: [INF] if kernel == "ntkgp" else draw(times) for kernel in kernels
    }
    return Question(asked, uncertainty=draw(st.sampled_from(uncertainties)))


def only_way(asked: dict[KernelName, list[float]], choice: str) -> list[Stage]:
    (stages,) = ways(Question(asked), choice)
    return stages


def summary(stages: list[Stage]) -> list[tuple[str, str, list[float]]]:
    return [(stage.gram, stage.solver.name, stage.times) for stage in stages]


@every_choice
@given(question=questions())
def test_every_pair_is_answered_by_one_stage_of_its_gram_matrix(choice: str, question: Question) -> None:
    found = list(ways(question, choice))
    assert found
    for stages in found:
        answered = Counter(pair for stage in stages for pair in stage.pairs)
        assert answered == Counter(question.pairs)
        assert all(KERNELS[kernel].gram == stage.gram for stage in stages for kernel in stage.kernels)
        assert all(stage.pairs for stage in stages)


@every_choice
@given(question=questions())
def test_solvers_get_the_times_that_they_can_answer(choice: str, question: Question) -> None:
    for stages in ways(question, choice):
        for stage in stages:
            if stage.solver.name == "none":
                assert stage.times == [0.0]
            elif stage.solver.name in ("cholesky", "pcg"):
                assert stage.times == [INF]
            else:
                assert 0.0 not in stage.times
            if stage.solver.name in ("lanczos", "chebyshev"):
                assert stage.times[-1] < INF
            if stage.solver.name == "lanczos":
                assert stage.times[-1] <= WIDEST_RATIO * stage.times[0]


@every_choice
@given(question=questions())
def test_stages_of_ntk_come_before_those_of_nngp(choice: str, question: Question) -> None:
    """The uncertainty of ntk reads K, which a factorisation for nngp overwrites."""
    for stages in ways(question, choice):
        grams = [stage.gram for stage in stages]
        assert grams == sorted(grams, key=["ntk", "nngp"].index)


@pytest.mark.parametrize("choice", ["lanczos", "chebyshev"])
@given(question=questions())
def test_auto_offers_what_choices_by_name_do(choice: str, question: Question) -> None:
    offered = list(ways(question, "auto"))
    assert all(stages in offered for stages in ways(question, choice))


@every_choice
@given(question=questions())
def test_no_way_is_offered_twice(choice: str, question: Question) -> None:
    found = list(ways(question, choice))
    assert all(stages not in found[:i] for i, stages in enumerate(found))


@given(question=questions())
def test_no_matrix_is_factored_for_times_that_another_factorisation_of_it_would_serve(
    question: Question,
) -> None:
    for stages in ways(question):
        for gram in ("ntk", "nngp"):
            of_it = [stage for stage in stages if stage.gram == gram and stage.solver.reads_gram]
            assert len(of_it) == 1 or not any(stage.solver.name == "eigh" for stage in of_it)


@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
def test_eigh_answers_all_but_the_prior_at_once(kernel: KernelName) -> None:
    stages = only_way({kernel: [0.0, 1e-6, 1.0, 1e9, INF]}, "eigh")
    assert summary(stages) == [(kernel, "eigh", [1e-6, 1.0, 1e9, INF]), (kernel, "none", [0.0])]


@pytest.mark.parametrize("choice", ["lanczos", "chebyshev"])
def test_solvers_of_finite_times_leave_the_limit_to_others(choice: str) -> None:
    found = [summary(stages) for stages in ways(Question({"ntk": [0.0, 1.0, INF]}), choice)]
    finite, prior = ("ntk", choice, [1.0]), ("ntk", "none", [0.0])
    assert found == [[("ntk", limit, [INF]), finite, prior] for limit in ("cholesky", "pcg")]


@pytest.mark.parametrize("choice", ["lanczos", "chebyshev", "auto"])
def test_the_limit_alone_is_cholesky_or_conjugate_gradients_without_eigh(choice: str) -> None:
    found = [summary(stages) for stages in ways(Question({"nngp": [INF]}), choice)]
    assert found == [[("nngp", "cholesky", [INF])], [("nngp", "pcg", [INF])]]


@pytest.mark.parametrize("choice", ["cholesky", "pcg"])
def test_the_limits_of_two_matrices_are_solved_by_what_is_chosen(choice: str) -> None:
    stages = only_way({"nngp": [INF], "ntkgp": [INF]}, choice)
    assert summary(stages) == [("ntk", choice, [INF]), ("nngp", choice, [INF])]


@pytest.mark.parametrize("choice", ["lanczos", "chebyshev"])
def test_a_choice_without_a_part_in_the_limit_leaves_it_to_others_where_it_is_refined(choice: str) -> None:
    found = [summary(stages) for stages in ways(Question({"nngp": [INF]}, refine=True), choice)]
    assert found == [[("nngp", "cholesky", [INF])], [("nngp", "pcg", [INF])]]


@pytest.mark.parametrize("time", [1e-9, 1.0, 1e9])
def test_auto_offers_every_way_to_a_finite_time_and_the_limit(time: float) -> None:
    found = [summary(stages) for stages in ways(Question({"ntk": [time, INF]}), "auto")]
    assert sorted(found) == sorted(
        [
            [("ntk", "cholesky", [INF]), ("ntk", "lanczos", [time])],
            [("ntk", "cholesky", [INF]), ("ntk", "chebyshev", [time])],
            [("ntk", "pcg", [INF]), ("ntk", "lanczos", [time])],
            [("ntk", "pcg", [INF]), ("ntk", "chebyshev", [time])],
            [("ntk", "eigh", [time, INF])],
        ]
    )


def test_auto_offers_every_mixture_to_two_matrices() -> None:
    question = Question({"ntk": [1.0], "nngp": [1.0]})
    found = [tuple(stage.solver.name for stage in stages) for stages in ways(question, "auto")]
    assert sorted(found) == sorted(product(["chebyshev", "eigh", "lanczos"], repeat=2))


@pytest.mark.parametrize(
    ("asked", "groups"),
    [
        ([1.0, 10.0], [[1.0, 10.0]]),
        ([10.0, 1.0], [[1.0, 10.0]]),
        ([1.0, 11.0], [[1.0], [11.0]]),
        ([1.0, 3.0, 9.0, 30.0, 80.0], [[1.0, 3.0, 9.0], [30.0, 80.0]]),
        ([1e-6, 1e8], [[1e-6], [1e8]]),
    ],
)
def test_near_times_share_a_stage_and_far_ones_do_not(asked: list[float], groups: list[list[float]]) -> None:
    assert [stage.times for stage in only_way({"nngp": asked}, "lanczos")] == groups


def test_the_kernels_of_one_gram_matrix_share_its_stages() -> None:
    (stage,) = only_way({"ntkgp": [INF], "ntk": [INF]}, "cholesky")
    assert stage.kernels == ["ntkgp", "ntk"]
    assert stage.times == [INF]


@every_choice
def test_the_prior_needs_no_gram_matrix(choice: str) -> None:
    question = Question({"ntk": [0.0], "nngp": [0.0]}, uncertainty="covariance")
    for stages in ways(question, choice):
        assert [(stage.solver.name, stage.matrices(question)) for stage in stages] == [("none", [])] * 2


@pytest.mark.parametrize(
    ("kernel", "uncertainty", "matrices"),
    [
        ("ntk", "none", ["ntk"]),
        ("ntk", "variance", ["nngp", "ntk"]),
        ("ntk", "covariance", ["nngp", "ntk"]),
        ("ntkgp", "variance", ["ntk"]),
        ("nngp", "covariance", ["nngp"]),
    ],
)
@pytest.mark.parametrize("choice", ["eigh", "lanczos"])
def test_a_stage_reads_the_matrices_of_its_kernels(
    choice: str,
    kernel: KernelName,
    uncertainty: Literal["none", "variance", "covariance"],
    matrices: list[str],
) -> None:
    question = Question({kernel: [INF]}, uncertainty=uncertainty)
    for stages in ways(question, choice):
        assert [stage.matrices(question) for stage in stages] == [matrices]
