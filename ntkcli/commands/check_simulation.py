"""The part of `ntk check` for a spec with a simulate section."""

from collections.abc import Iterator

from ntkcli.jobs.job import Job
from ntkcli.planning.duration import Speed
from ntkcli.simulation.plan import SimulationPlan
from ntkcli.simulation.simulation import Simulation
from ntkcli.spec.simulate import SimulateSpec
from ntkcli.units import bytes_text, counted, seconds_text


def simulation_lines(job: Job, settings: SimulateSpec, speed: Speed) -> Iterator[tuple[str, str]]:
    """Yield the networks, the steps, the time and the memory of a simulation.

    Raises:
        NtkError: it would be refused.
    """
    plan = SimulationPlan.of(job, settings)
    networks = f"{counted(len(settings.widths), 'width')} x {counted(settings.seeds, 'seed')}"
    yield "simulate", f"{networks} on {counted(plan.n, 'row')}, about {bytes_text(plan.memory_bytes)}"
    plan.check(job.budget)
    simulation = Simulation.of(job, settings, linearised=False)
    seconds = plan.seconds(simulation, speed.operations)
    yield "", f"{counted(simulation.steps, 'step')} of gradient descent, about {seconds_text(seconds)}"
