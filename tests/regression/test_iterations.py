from ntkcli.journal import Journal, Silent
from ntkcli.regression.iterations import STEPS, Iterations


class Notes(Silent):
    """Keeps what is shown beside a bar."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, text: str) -> None:
        self.texts.append(text)


def moved(excesses: list[float]) -> list[int]:
    """The steps that a bar is moved by residuals so many times larger than a tolerance of 1e-6."""
    steps: list[int] = []
    watch = Iterations(Journal(), 1e-6, steps.append)
    for count, excess in enumerate(excesses):
        watch(count, excess)
    return steps


def test_equal_factors_of_the_residual_are_equal_steps() -> None:
    assert moved([1e6, 1e3, 1.0]) == [0, STEPS // 2, STEPS // 2]


def test_a_residual_that_grows_does_not_move_the_bar_back() -> None:
    steps = moved([1e6, 1e2, 1e4, 1e7, 0.1])
    assert min(steps) >= 0
    assert sum(steps) == STEPS


def test_the_note_tells_iteration_and_residual() -> None:
    notes = Notes()
    Iterations(Journal(notes), 1e-6)(12, 300.0)
    assert notes.texts == ["iteration 12, residual 3e-04 of 1e-06"]
