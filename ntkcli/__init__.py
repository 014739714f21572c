"""Kernel regression with infinitely wide fully-connected networks, from the command line and from Python.

What is public in Python is in `__all__`, and docs/python.md describes it; nothing else is promised. Names are
imported when they are asked for. The estimators and NTKKernel need scikit-learn, an extra: `ntkcli[sklearn]`.
"""

# Not from typing: while it loads, Ctrl-C would still end `ntk` with a traceback.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ntkcli.estimators.classifier import NTKClassifier
    from ntkcli.estimators.gaussian_process import NTKKernel
    from ntkcli.estimators.kernel_functions import nngp_kernel, ntk_kernel
    from ntkcli.estimators.regressor import NTKRegressor

__version__ = "0.1.0"

__all__ = ["NTKClassifier", "NTKKernel", "NTKRegressor", "__version__", "nngp_kernel", "ntk_kernel"]


def __getattr__(name: str) -> "Any":
    """Import a public name."""
    if name in ("nngp_kernel", "ntk_kernel"):
        from ntkcli.estimators import kernel_functions

        return getattr(kernel_functions, name)
    if name in __all__:
        from ntkcli.estimators import scikit_learn

        return scikit_learn.named(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
