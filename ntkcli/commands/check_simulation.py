"""The part of `ntk check` for a spec with a simulate section."""

from collections.abc import Iterator

from ntkcli.commands.finding import Finding
from ntkcli.jobs.job import Job
from ntkcli.planning.duration import Speed
from ntkcli.simulation.plan import SimulationPlan
from ntkcli.simulation.simulation import Simulation
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.units import bytes_text, counted, seconds_text


def simulation_findings(job: Job, settings: SimulateSpec, speed: Speed) -> Iterator[Finding]:
    """Yield the networks, the steps, the time and the memory of a simulation.

    Raises:
        NtkError: it would be refused.
    """
    plan = SimulationPlan.of(job, settings)
    networks = f"{counted(len(settings.widths), 'width')} x {counted(settings.seeds, 'seed')}"
    yield Finding(
        "simulate",
        f"{networks} on {counted(plan.n, 'row')}, about {bytes_text(plan.memory_bytes)}",
        {
            "simulate": {
                "widths": settings.widths,
                "seeds": settings.seeds,
                "rows": plan.n,
                "memory_bytes": plan.memory_bytes,
            }
        },
    )
    plan.check(job.budget)
    simulation = Simulation.of(job, settings, linearised=False)
    seconds = plan.seconds(simulation, speed.operations)
    yield Finding(
        "",
        f"{counted(simulation.steps, 'step')} of gradient descent, about {seconds_text(seconds)}",
        {"simulate": {"steps": simulation.steps, "seconds": seconds}},
    )
