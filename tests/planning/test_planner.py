"""Which plan is made for a job and a budget, and what is said when there is none."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ntkcli.errors import ResourceError
from ntkcli.linalg.blocks import block_bytes
from ntkcli.planning.budget import Budget
from ntkcli.planning.plan import Plan
from ntkcli.planning.planner import Planner
from ntkcli.planning.sizes import Sizes
from ntkcli.planning.work import stage_cost
from ntkcli.regression.kernel import KernelName
from ntkcli.regression.question import Question
from ntkcli.solvers.catalogue import SOLVERS, choices
from ntkcli.solvers.eigh import MOST_ROWS
from ntkcli.spec.spec import Spec
from ntkcli.units import bytes_text, seconds_text

PLENTY = Budget(memory=2**50, disk=2**60, folder=Path("runs"))
SIZES = Sizes(n=4000, m=1000, d=10)
FAR_APART = [10.0**i for i in range(-40, 41, 2)]

Sections = dict[str, dict[str, Any]]

SECTIONS: st.SearchStrategy[Sections] = st.fixed_dictionaries(
    {
        "inference": st.fixed_dictionaries(
            {
                "kernel": st.lists(st.sampled_from(["ntk", "nngp", "ntkgp"]), min_size=1, unique=True),
                "time": st.lists(st.sampled_from([0.0, 1.0, 5.0, 1e4, math.inf]), min_size=1, unique=True),
            }
        ),
        "output": st.fixed_dictionaries({"std": st.booleans(), "covariance": st.booleans()}),
        "compute": st.fixed_dictionaries(
            {
                "dtype": st.sampled_from(["float64", "float32", "mixed"]),
                "solver": st.sampled_from(["auto", *choices()]),
            }
        ),
    }
)
JOBS = st.builds(
    Sizes, n=st.integers(50, 100_000), m=st.integers(1, 5000), d=st.integers(1, 300), k=st.integers(1, 10)
)


@pytest.fixture(scope="module", autouse=True)
def quick_machine() -> Iterator[None]:
    """A machine that is so quick that nothing takes an hour; tests of times say how quick it is."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("ntkcli.planning.remedies.multiply_rate", lambda: 1e30)
        yield


def asking(time: float | list[float] = math.inf, kernel: KernelName = "ntk", **changes: Any) -> Question:
    """What is asked of one kernel; its mean alone unless `uncertainty` says otherwise."""
    return Question(
        {kernel: time if isinstance(time, list) else [time]}, **{"uncertainty": "none", **changes}
    )


def planner(question: Question | None, **changes: Any) -> Planner:
    return replace(Planner(SIZES, PLENTY, question), **changes)


def solvers(plan: Plan) -> list[str]:
    return [stage.solver.name for stage in plan.stages]


def need(question: Question | None, **changes: Any) -> int:
    """Bytes of memory that the cheapest plan takes."""
    return planner(question, **changes).best().memory_bytes


@pytest.mark.parametrize("uncertainty", ["none", "variance", "covariance"])
@pytest.mark.parametrize("kernel", ["ntk", "nngp", "ntkgp"])
def test_time_inf_is_a_cholesky_factorisation(kernel: KernelName, uncertainty: str) -> None:
    assert solvers(planner(asking(math.inf, kernel, uncertainty=uncertainty)).best()) == ["cholesky"]


def test_time_0_needs_no_solver() -> None:
    plan = planner(asking(0.0)).best()
    assert (solvers(plan), plan.work.algebra) == (["none"], 0)


@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
def test_the_mean_at_one_finite_time_takes_lanczos(kernel: KernelName) -> None:
    assert solvers(planner(asking(10.0, kernel)).best()) == ["lanczos"]


def test_near_times_share_a_factorisation_and_inf_has_its_own() -> None:
    assert sorted(solvers(planner(asking([1.0, 2.0, math.inf])).best())) == ["cholesky", "lanczos"]
    assert solvers(planner(asking([1.0, 1e3])).best()) == ["lanczos", "lanczos"]


def test_many_far_apart_times_share_one_eigendecomposition() -> None:
    assert solvers(planner(asking([*FAR_APART, math.inf])).best()) == ["eigh"]


@pytest.mark.parametrize("kernel", ["ntk", "nngp"])
def test_standard_deviations_at_a_finite_time_take_lanczos_for_few_rows_and_eigh_for_many(
    kernel: KernelName,
) -> None:
    question = asking(10.0, kernel, uncertainty="variance")
    by_rows = {
        m: solvers(planner(question, sizes=replace(SIZES, m=m)).best()) for m in (1, SIZES.n // 20, 100_000)
    }
    assert by_rows == {1: ["lanczos"], SIZES.n // 20: ["lanczos"], 100_000: ["eigh"]}


def test_the_covariance_of_many_rows_at_a_finite_time_takes_eigh() -> None:
    question = asking(10.0, uncertainty="covariance")
    assert solvers(planner(question, sizes=replace(SIZES, m=SIZES.n)).best()) == ["eigh"]


@pytest.mark.parametrize(
    ("time", "choice", "expected"),
    [
        (10.0, "eigh", ["eigh"]),
        (math.inf, "eigh", ["eigh"]),
        (math.inf, "cholesky", ["cholesky"]),
        (math.inf, "lanczos", ["cholesky"]),
        ([*FAR_APART], "lanczos", ["lanczos"] * len(FAR_APART)),
        ([0.0, 10.0, math.inf], "lanczos", ["cholesky", "lanczos", "none"]),
    ],
)
def test_a_choice_of_solver_is_followed(time: Any, choice: str, expected: list[str]) -> None:
    assert sorted(solvers(planner(asking(time), choice=choice).best())) == expected


def test_a_solver_that_has_failed_is_not_tried_again() -> None:
    near, far = asking(10.0), asking(FAR_APART)
    assert solvers(planner(near, without=[SOLVERS["lanczos"]]).best()) == ["chebyshev"]
    assert solvers(planner(near, without=[SOLVERS["lanczos"], SOLVERS["chebyshev"]]).best()) == ["eigh"]
    assert solvers(planner(far, without=[SOLVERS["eigh"]]).best()) == ["lanczos"] * len(FAR_APART)


def test_a_solver_that_would_give_up_is_taken_only_by_name() -> None:
    """Of many rows in little memory, polynomials of a short time alone; of a long one, nothing at all."""
    sizes, budget = replace(SIZES, n=60_000), replace(PLENTY, memory=2**31)
    short, long = (asking(time, uncertainty="variance") for time in (1.0, 1e4))
    job = planner(short, sizes=sizes, budget=budget)
    assert solvers(job.checked()) == ["chebyshev"]
    assert not job.is_refused(job.best().stages)
    assert "chebyshev" not in solvers(replace(job, question=long).best())
    with pytest.raises(ResourceError, match="not enough memory"):
        replace(job, question=long).checked()
    named = replace(job, question=long, choice="chebyshev")
    plan = named.checked()
    assert solvers(plan) == ["chebyshev"]
    assert named.is_refused(plan.stages)
    (stage,) = plan.stages
    text = stage.solver.expectation(sizes.n, stage_cost(stage, sizes, long))
    assert re.fullmatch("polynomials of degree [0-9]{4} expected, at which it is likely to give up", text)


def test_of_the_plans_that_fit_the_cheapest_is_taken() -> None:
    question = asking(10.0, uncertainty="variance")
    plans = {choice: planner(question, choice=choice).best() for choice in ("eigh", "lanczos")}
    assert plans["eigh"].operations < plans["lanczos"].operations
    assert planner(question).best() == plans["eigh"]


def test_without_memory_for_eigh_lanczos_is_taken() -> None:
    question = asking(10.0, uncertainty="variance")
    sizes = replace(SIZES, m=SIZES.n)
    most, least = (need(question, sizes=sizes, choice=choice) for choice in ("eigh", "lanczos"))
    assert least < most
    for memory, expected in ((most, "eigh"), (most - 1, "lanczos"), (least, "lanczos")):
        plan = planner(question, sizes=sizes, budget=replace(PLENTY, memory=memory)).checked()
        assert (solvers(plan), plan.storage.place) == ([expected], "memory")
        assert plan.memory_bytes <= memory


@pytest.mark.parametrize("question", [asking(math.inf), asking(10.0, uncertainty="variance"), None])
def test_without_memory_for_the_blocks_they_go_to_a_file(question: Question | None) -> None:
    job = planner(question, choice="lanczos", matrices=[] if question else ["ntk_train_train"])
    in_memory = job.best()
    plan = replace(job, budget=replace(PLENTY, memory=in_memory.memory_bytes - 1)).checked()
    assert (in_memory.storage.place, plan.storage.place) == ("memory", "file")
    count = len(plan.stages[0].matrices(question)) if question else 1
    blocks = count * block_bytes(SIZES.n, SIZES.itemsize)
    assert plan.disk_bytes == in_memory.disk_bytes + blocks
    assert plan.memory_bytes < in_memory.memory_bytes
    assert plan.operations > in_memory.operations or question is None


def test_without_memory_for_samples_every_test_row_is_solved_for() -> None:
    """Though that takes far longer, the answers are had at all."""
    asked = asking(kernel="nngp", uncertainty="variance", variance_samples="auto")
    many = planner(asked, sizes=Sizes(n=60_000, m=10_000, d=784), choice="pcg")
    sampled = many.best()
    assert all(stage.sampling for stage in sampled.stages)
    less = replace(many, budget=replace(PLENTY, memory=sampled.memory_bytes - 1))
    plan = less.best()
    assert less.fits(plan)
    assert not any(stage.sampling for stage in plan.stages) or plan.storage != sampled.storage


def test_a_number_of_samples_is_followed_whatever_it_costs() -> None:
    few = asking(kernel="nngp", uncertainty="variance", variance_samples=1000)
    (stage,) = planner(few, choice="pcg").best().stages
    assert stage.sampling
    assert stage.sampling.count == 1000


def test_an_eigendecomposition_is_never_in_a_file() -> None:
    question = asking(10.0, uncertainty="variance")
    budget = replace(PLENTY, memory=need(question, choice="eigh") - 1)
    assert planner(question, budget=budget).checked().stages != []
    with pytest.raises(ResourceError, match="not enough memory"):
        planner(question, budget=budget, choice="eigh").checked()


def test_without_disk_for_the_blocks_it_is_the_memory_that_is_missing() -> None:
    question = asking(math.inf)
    budget = Budget(need(question) - 1, block_bytes(SIZES.n, 8) - 1, Path("runs"))
    with pytest.raises(ResourceError, match="not enough memory"):
        planner(question, budget=budget).checked()
    assert planner(question, budget=replace(budget, disk=budget.disk + 1)).checked().storage.place == "file"


def test_the_disk_is_that_of_the_matrices_and_covariances() -> None:
    names = ["ntk_train_train", "nngp_test_train", "ntk_test_test"]
    n, m = SIZES.n, SIZES.m
    entries = n * n + m * n + m * m
    assert planner(asking(), matrices=names).best().disk_bytes == 8 * entries
    short = replace(SIZES, itemsize=4)
    assert planner(None, sizes=short, matrices=names).best().disk_bytes == 4 * entries
    assert planner(asking()).best().disk_bytes == 0
    question = Question({"ntk": [1.0, math.inf], "ntkgp": [math.inf]}, uncertainty="covariance")
    assert planner(question, sizes=replace(SIZES, k=2)).best().disk_bytes == 3 * 2 * 8 * m * m


def test_too_little_disk_is_refused_with_both_sizes_and_a_remedy(tmp_path: Path) -> None:
    budget = Budget(need(asking(), matrices=["ntk_train_train"]), 3 * 2**20, tmp_path)
    job = planner(asking(), budget=budget, matrices=["ntk_train_train"])
    with pytest.raises(ResourceError) as refusal:
        job.checked()
    assert refusal.value.exit_code == 5
    message = str(refusal.value)
    assert re.match(r"not enough disk: .* 3 MiB are free under ", message)
    for part in (bytes_text(job.best().disk_bytes), str(tmp_path), "output.kernels", "--out"):
        assert part in message
    assert replace(job, budget=replace(budget, disk=SIZES.n**2 * 8)).checked().disk_bytes == SIZES.n**2 * 8


def test_the_budget_is_the_specs_memory_or_nine_tenths_of_what_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ntkcli.planning.machine.available_memory", lambda: 50)
    monkeypatch.setattr("ntkcli.planning.budget.free_disk", lambda folder: 7 if folder == tmp_path else 0)
    assert Budget.of(None, tmp_path) == Budget(45, 7, tmp_path)
    assert Budget.of(3, tmp_path) == Budget(3, 7, tmp_path)


def spec_of(sections: Sections) -> Spec:
    """A spec with these sections."""
    return Spec.model_validate({"data": {"train": "a", "test": "b", "target": "y"}, **sections})


def planner_of(spec: Spec, sizes: Sizes, budget: Budget) -> Planner:
    """What `ntk fit` plans for data of these sizes."""
    output, compute = spec.output, spec.compute
    return Planner(
        replace(sizes, itemsize=8 if compute.stored_dtype == "float64" else 4),
        budget,
        Question(
            {kernel: spec.inference.times_of(kernel) for kernel in spec.inference.kernel},
            uncertainty="covariance" if output.covariance else "variance" if output.std else "none",
            tolerance=compute.iteration_tolerance,
            refine=compute.dtype == "mixed",
        ),
        compute.solver,
    )


def nothing(spec: Spec) -> Budget:
    """No memory, and disk only where it has to be."""
    return Budget(0, 2**60 if spec.output.covariance else 0, Path("runs"))


def with_key(sections: Sections, line: str) -> Sections:
    """The sections with a key as a message writes it, `section.key: value`."""
    section, key, text = re.split(r"\.|: ", line)
    value = {"true": True, "false": False}.get(text, text)
    return sections | {section: sections.get(section, {}) | {key: value}}


def fits(job: Planner) -> bool:
    try:
        return job.checked() is not None
    except ResourceError:
        return False


def refusal_of(job: Planner) -> str:
    with pytest.raises(ResourceError) as refusal:
        job.checked()
    assert refusal.value.exit_code == 5
    return str(refusal.value)


def rows_named(message: str) -> int:
    """The number of rows in a message; 0 if it has none."""
    found = re.search(r"(\d[\d,]*) training rows or fewer", message)
    return int(found[1].replace(",", "")) if found else 0


def too_large(sections: Sections, sizes: Sizes, percent: int) -> tuple[Sections, Planner]:
    """A spec's sections, and its planner with a share of the memory that it needs at least."""
    spec = spec_of(sections)
    budget = nothing(spec)
    least = planner_of(spec, sizes, budget).best().memory_bytes
    return sections, planner_of(spec, sizes, replace(budget, memory=least * percent // 100))


@st.composite
def refused(draw: st.DrawFn) -> tuple[Sections, Planner]:
    """Of any spec and sizes."""
    try:
        percents = st.sampled_from([*range(5, 100, 5), 99])
        return too_large(draw(SECTIONS), draw(JOBS), draw(percents))
    except (ValidationError, ResourceError):
        reject()


@given(job=refused())
def test_a_refusal_is_one_line_with_what_is_needed_and_what_there_is(job: tuple[Sections, Planner]) -> None:
    message = refusal_of(job[1])
    need, memory = bytes_text(job[1].best().memory_bytes), bytes_text(job[1].budget.memory)
    assert message.startswith(f"not enough memory: this job needs about {need}, and {memory} are free")
    assert "compute.memory" in message
    assert "\n" not in message


@settings(max_examples=100)
@given(job=refused())
@example(job=too_large({"inference": {"kernel": "ntkgp", "time": [1, math.inf]}}, SIZES, 80))
def test_what_a_refusal_names_is_a_spec_that_fits(job: tuple[Sections, Planner]) -> None:
    sections, tight = job
    for line in re.findall(r"(?:compute|output)\.\w+: \w+", refusal_of(tight)):
        assert fits(planner_of(spec_of(with_key(sections, line)), tight.sizes, tight.budget)), line


@given(job=refused())
def test_the_rows_that_a_refusal_names_fit_and_many_more_do_not(job: tuple[Sections, Planner]) -> None:
    tight = job[1]
    rows = rows_named(refusal_of(tight))
    assert rows == 0 or fits(replace(tight, sizes=replace(tight.sizes, n=rows)))
    for more in (rows + rows // 2 + 2, 2 * rows + 2, 5 * rows + 2):
        assert more >= tight.sizes.n or not fits(replace(tight, sizes=replace(tight.sizes, n=more)))


@pytest.mark.parametrize(
    ("sections", "remedy"),
    [
        ({"inference": {"time": math.inf}, "output": {"std": False}}, "compute.dtype: mixed"),
        (
            {"inference": {"time": 10}, "output": {"std": False}, "compute": {"solver": "lanczos"}},
            "compute.dtype: float32",
        ),
        ({"inference": {"time": math.inf}, "compute": {"solver": "eigh"}}, "compute.dtype: float32"),
        ({"inference": {"time": 10}, "compute": {"solver": "eigh"}}, "compute.solver: auto"),
        ({"inference": {"time": math.inf}, "output": {"std": True}}, "output.std: false"),
        ({"inference": {"time": math.inf}, "output": {"covariance": True}}, "output.covariance: false"),
    ],
)
def test_a_remedy_is_named_where_it_helps_and_not_elsewhere(sections: Sections, remedy: str) -> None:
    sizes = Sizes(n=9000, m=4000, d=10)
    spec, mended = spec_of(sections), spec_of(with_key(sections, remedy))
    budget = nothing(spec)
    enough = planner_of(mended, sizes, budget).best().memory_bytes
    for memory, named in ((enough * 6 // 5, True), (enough * 9 // 10, False)):
        message = refusal_of(planner_of(spec, sizes, replace(budget, memory=memory)))
        assert (remedy in message) == named


def at_rate(monkeypatch: pytest.MonkeyPatch, rate: float) -> None:
    """A machine that does so many operations in a second."""
    monkeypatch.setattr("ntkcli.planning.remedies.multiply_rate", lambda: rate)


def test_every_remedy_has_the_time_that_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    question = asking(10.0, uncertainty="variance")
    job = planner(question, choice="eigh", budget=Budget(need(question, choice="eigh") - 1, 0, Path("runs")))
    other, mean = replace(job, choice="auto"), replace(job, question=asking(10.0))
    at_rate(monkeypatch, job.best().operations / 7200)
    message = refusal_of(job)
    for line, mended in (("compute.solver: auto", other), ("output.std: false", mean), ("more memory", job)):
        seconds = 7200 * mended.best().operations / job.best().operations
        assert (f"{line} (about {seconds_text(seconds)})" in message) == (mended is job or fits(mended))
    rows = rows_named(message)
    seconds = 7200 * replace(job, sizes=replace(SIZES, n=rows)).best().operations / job.best().operations
    assert f"{rows:,} training rows or fewer (about {seconds_text(seconds)})" in message


def test_what_takes_no_time_takes_about_a_second() -> None:
    job = planner(asking(), budget=Budget(need(asking()) - 1, 0, Path("runs")))
    assert "training rows or fewer (about a second)" in refusal_of(job)


@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_rows_are_advice_where_they_take_less_than_an_hour(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    job = planner(asking(), sizes=replace(SIZES, n=n), budget=Budget(2**31, 0, Path("runs")))
    fitting = rows_named(refusal_of(job))

    def operations(rows: int) -> float:
        return replace(job, sizes=replace(job.sizes, n=rows)).best().operations

    at_rate(monkeypatch, operations(fitting) / 36_000)
    rows = rows_named(refusal_of(job))
    assert 0 < rows < fitting
    assert re.fullmatch("[1-9][0-9]{0,2}0*", str(rows))
    assert operations(rows) <= operations(fitting) / 10 < operations(rows * 11 // 10)


def test_more_rows_fit_where_a_solver_takes_no_fewer() -> None:
    """Ten thousand rows fit by products alone, though somewhat fewer do not by a factorisation."""
    least = SOLVERS["pcg"].least_rows
    few, many = (replace(SIZES, n=n) for n in (least - 1, least))
    memory = need(asking(), sizes=many, budget=Budget(0, 0, Path("runs")))
    assert memory < need(asking(), sizes=few)
    job = planner(asking(), sizes=replace(SIZES, n=50_000), budget=Budget(memory, 0, Path("runs")))
    assert least <= rows_named(refusal_of(job)) <= least * 102 // 100


def test_the_remedies_of_matrices_alone_are_fewer_rows_and_numbers_of_half_the_size() -> None:
    job = planner(None, matrices=["ntk_train_train"], budget=Budget(0, SIZES.n**2 * 8, Path("runs")))
    tight = replace(job, budget=replace(job.budget, memory=job.best().memory_bytes * 8 // 10))
    message = refusal_of(tight)
    assert "compute.dtype: float32" in message
    assert "output" not in message
    assert fits(replace(tight, sizes=replace(SIZES, n=rows_named(message))))


def test_more_rows_than_lapack_can_decompose_go_to_lanczos_or_are_refused() -> None:
    sizes = replace(SIZES, n=MOST_ROWS + 1)
    roomy = Budget(2**50, 2**50, Path("runs"))
    many = asking([10.0**i for i in range(-60, 61, 2)])
    assert solvers(planner(many, sizes=replace(sizes, n=MOST_ROWS), budget=roomy).best()) == ["eigh"]
    assert set(solvers(planner(many, sizes=sizes, budget=roomy).best())) == {"lanczos"}
    with pytest.raises(ResourceError, match=r"32,000 training rows at most.*compute\.solver: auto"):
        planner(many, sizes=sizes, budget=roomy, choice="eigh").checked()
