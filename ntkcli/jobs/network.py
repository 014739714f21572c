"""The network that the network section of a spec describes."""

from typing import Any

from ntkcli.errors import SpecError
from ntkcli.kernels.activations.activation import Activation
from ntkcli.kernels.activations.catalogue import make
from ntkcli.kernels.architecture import Residual, fully_connected
from ntkcli.kernels.criticality import NoCriticalWeightsError, critical_sigma_w
from ntkcli.kernels.network import Network
from ntkcli.kernels.steps import Affine
from ntkcli.spec.activation import ActivationSetting
from ntkcli.spec.network import NetworkSpec


def network_of(spec: NetworkSpec, features: int) -> Network:
    """Build the network of a spec.

    Args:
        spec: the network section.
        features: the number of inputs.

    Raises:
        SpecError: sigma_w is critical, and an activation has no such value.
    """
    layers = [
        _layer(spec, i, sigma_w, sigma_b, features)
        for i, (sigma_w, sigma_b) in enumerate(zip(weights_of(spec), spec.per_layer("sigma_b"), strict=True))
    ]
    residual = Residual(spec.residual.every, spec.residual.scale) if spec.residual else None
    return fully_connected(
        layers,
        [activation_of(setting) for setting in spec.activations],
        layer_norm=spec.layer_norm,
        keep=spec.keep_probability,
        residual=residual,
    )


def _layer(spec: NetworkSpec, i: int, sigma_w: float, sigma_b: float, features: int) -> Affine:
    """Return weight layer i, counted from 0.

    In the standard parameterization, a weight's gradient is larger by the root of the fan-in over sigma_w,
    and a bias's by 1 / sigma_b (Sohl-Dickstein et al. 2020).
    """
    weight, bias = sigma_w**2, sigma_b**2
    ntk_weight, ntk_bias = weight, bias
    if spec.parameterization == "standard":
        ntk_weight = float(features if i == 0 else spec.width or 0)
        ntk_bias = 1.0 if bias else 0.0
    if i < spec.frozen:
        ntk_weight = ntk_bias = 0.0
    return Affine(weight, 0.0 if spec.bias_init == "zero" else bias, ntk_weight, ntk_bias)


def activation_of(setting: ActivationSetting) -> Activation:
    """Return the activation that a validated setting names."""
    parameters: dict[str, Any] = {"name": setting} if isinstance(setting, str) else dict(setting)
    return make(parameters.pop("name"), **parameters)


def weights_of(spec: NetworkSpec) -> list[float]:
    """Return sigma_w of each weight layer.

    A critical sigma_w is that of the activation before the layer, or behind it in the first layer.

    Raises:
        SpecError: sigma_w is critical, and an activation has no such value.
    """
    if spec.sigma_w != "critical":
        return spec.per_layer("sigma_w")
    if spec.depth == 1:
        return [1.0 if spec.readout.sigma_w is None else spec.readout.sigma_w]
    biases = [0.0] * spec.depth if spec.bias_init == "zero" else spec.per_layer("sigma_b")
    hidden = [_critical(setting, b**2) for setting, b in zip(spec.activations, biases[1:], strict=True)]
    weights = [hidden[0], *hidden]
    return weights if spec.readout.sigma_w is None else [*weights[:-1], spec.readout.sigma_w]


def _critical(setting: ActivationSetting, bias: float) -> float:
    try:
        return critical_sigma_w(activation_of(setting), bias)
    except NoCriticalWeightsError as error:
        raise SpecError(
            f"network.sigma_w: no value is critical for {name_of(setting)} with sigma_b {bias**0.5:g}: "
            "give a number, or use another sigma_b"
        ) from error


def name_of(setting: ActivationSetting) -> str:
    """Return the name of an activation, without its parameters."""
    return setting if isinstance(setting, str) else str(setting["name"])


def setting_text(setting: ActivationSetting) -> str:
    """Return the name of an activation, and its parameters in brackets."""
    if isinstance(setting, str):
        return setting
    parameters = ", ".join(f"{key} {value}" for key, value in setting.items() if key != "name")
    return f"{setting['name']} ({parameters})"
