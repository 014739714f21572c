"""The measured figures as people read them, what is wanted beside what was reached."""

from fits import Fit
from growth import Growth, Series
from jobs import (
    ACTIVATION_RATIOS,
    BOTH_TO_NNGP,
    FACTORISATION_SHARE,
    GRAM_FASTER,
    PLAIN_GRAM_SECONDS,
    STARTUP_SECONDS,
)
from limits import ActivationCosts, Grams, Machine
from process import GIB
from sides import PEER_MODES, threads


def print_machine(machine: Machine) -> None:
    """The yardstick of the rest."""
    print(f"machine: {threads()} threads")
    print(f"  dgemm {machine.dgemm_gflops:.0f} GF/s, copy {machine.copy_gbytes:.0f} GB/s", end=", ")
    print(f"arccos {machine.arccos_ns:.2f} ns and sqrt {machine.sqrt_ns:.2f} ns an element on one thread")


def print_grams(grams: Grams) -> None:
    """Beside the peer, and beside the arithmetic that cannot be left out."""
    print("\nboth Gram matrices alone")
    print(f"  ntk {grams.ntk_seconds:.2f} s, peer {grams.peer_seconds:.2f} s", end=": ")
    print(f"{grams.faster:.1f} times faster ({_wanted(grams.faster, GRAM_FASTER)})")
    plain = grams.without_avx512_seconds
    verdict = _verdict(PLAIN_GRAM_SECONDS, plain)
    print(f"  ntk without AVX-512 {plain:.2f} s (wanted for 8,000 rows: {PLAIN_GRAM_SECONDS} s, {verdict})")
    print(f"  limit: one arccos and one sqrt an entry and layer take {grams.floor_seconds:.2f} s", end=": ")
    print(f"{grams.floor_seconds / grams.ntk_seconds:.0%} reached", flush=True)


def print_activations(costs: ActivationCosts) -> None:
    """A line for each activation, in units of relu."""
    print(f"\nan entry of a layer on one thread: relu {costs.relu_ns:.1f} ns; the others, K and both kernels")
    for name, ratio in costs.ratios.items():
        limit = ACTIVATION_RATIOS.get(name)
        wanted = (
            "" if limit is None else f"  (wanted: {limit:g}, {_verdict(limit, max(ratio.nngp, ratio.both))})"
        )
        print(f"  {name:20}{ratio.nngp:6.2f}{ratio.both:8.2f}{wanted}")
    wanted = f"wanted: {BOTH_TO_NNGP}, {_verdict(BOTH_TO_NNGP, costs.both_to_nngp)}"
    print(f"  both kernels of a relu network: {costs.both_to_nngp:.2f} times K alone ({wanted})", flush=True)


def print_fit(fit: Fit, machine: Machine) -> None:
    """One job: both sides, and the machine's limits where there are some."""
    print(f"\nwhole process, {fit.job.name}")
    print(f"  ntk: {fit.ntk}")
    for mode in fit.peers:
        _print_ratio(fit, mode)
    for name, difference in fit.differences.items():
        print(f"  largest difference of the {name}s: {difference:.1e}")
    limit = fit.job.peak_limit(fit.rows)
    if limit is not None:
        holds = "holds" if fit.ntk.peak_bytes <= limit else "does not hold"
        print(f"  peak memory {fit.ntk.peak_bytes / GIB:.2f} GiB, limit {limit / GIB:.2f} GiB: {holds}")
    if fit.job.is_plain_factorisation:
        share = fit.factorisation_gflops / machine.dgemm_gflops
        print(f"  factorisation: {fit.phases['factor']:.2f} s, {fit.factorisation_gflops:.0f} GF/s", end=", ")
        print(f"{share:.0%} of dgemm ({_wanted(share, FACTORISATION_SHARE, '.0%')})")
    print(
        "  phases:", ", ".join(f"{name} {seconds:.2f} s" for name, seconds in fit.phases.items()), flush=True
    )


def _print_ratio(fit: Fit, mode: str) -> None:
    """How many times faster and smaller ntk is, judged against the plain peer alone."""
    job, faster, smaller = fit.job, fit.faster(mode), fit.smaller(mode)
    speed = memory = ""
    if mode == "plain":
        aim = "" if job.aim is None else f", hoped for: {job.aim:g}"
        speed = f" ({_wanted(faster, job.faster)}{aim})"
        memory = f" (wanted: 1/{job.smaller:g}, {_verdict(smaller, job.smaller)})"
    print(f"  {PEER_MODES[mode]}: {fit.peers[mode]}")
    print(f"    ntk is {faster:.1f} times faster{speed}, in 1/{smaller:.1f} of the memory{memory}")


def print_growth(growth: Growth) -> None:
    """A row for every size, and the exponents."""
    print("\ngrowth: whole process, time inf, mean")
    series = (growth.ntk, growth.mixed, growth.pcg, growth.peer)
    print(f"  {'rows':>8}{'ntk':>22}{'ntk, mixed':>22}{'ntk, pcg':>22}{'peer':>22}")
    for rows in sorted({rows for side in series for rows in side.usages}):
        usages = (str(side.usages.get(rows, "")) for side in series)
        print(f"  {rows:>8}" + "".join(f"{usage:>22}" for usage in usages))
    print(f"  {'exponent':>8}" + "".join(f"{_slopes(side):>22}" for side in series), flush=True)


def print_startup(seconds: dict[str, float]) -> None:
    """What a person or a shell's completion waits for."""
    print(f"\nstart-up (wanted: under {STARTUP_SECONDS} s)")
    for option, value in seconds.items():
        print(f"  ntk {option}: {value:.3f} s")


def _slopes(series: Series) -> str:
    seconds, peak = series.slopes
    return f"{seconds:.2f}, {peak:.2f}    "


def _wanted(reached: float, wanted: float, style: str = "g") -> str:
    return f"wanted: {wanted:{style}}, {_verdict(reached, wanted)}"


def _verdict(reached: float, wanted: float) -> str:
    return "met" if reached >= wanted else "missed"
