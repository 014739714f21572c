from ntkcli.commands.activations import activations
from ntkcli.kernels.activations.catalogue import ACTIVATIONS

from .run_files import Ntk


def test_every_activation_is_listed_once(ntk: Ntk) -> None:
    outcome = ntk("activations")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    head, *lines = outcome.stdout.splitlines()
    assert head.split() == ["name", "phi(x)", "parameters", "dual", "source"]
    assert [line.split()[0] for line in lines] == list(ACTIVATIONS)


def test_the_list_has_parameters_with_their_defaults() -> None:
    lines = {line[0]: line for line in activations().lines}
    assert lines["erf"][1:4] == ["a erf(b x) + c", "a (1), b (1), c (0)", "closed form"]
    assert lines["abrelu"][2] == "a, b"
    assert lines["leaky_relu"][2] == "slope (0.01)"


def test_the_list_says_which_have_no_closed_form() -> None:
    numerical = {line[0] for line in activations().lines[1:] if line[3] == "numerical"}
    assert numerical == {
        *("tanh", "sigmoid", "softplus", "swish", "silu", "mish", "arctan"),
        *("softsign", "elu", "selu", "celu"),
    }


def test_every_line_has_a_formula_and_a_source() -> None:
    assert all(line[1] and line[4] for line in activations().lines)
