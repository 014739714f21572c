"""What needs scikit-learn, which is an extra: imported where it is there."""

from typing import Any

from ntkcli.extras import is_installed


class NoScikitLearnError(ImportError):
    """An estimator was asked for, and scikit-learn is not installed."""


def named(name: str) -> Any:
    """Return one of the classes by its name.

    Raises:
        NoScikitLearnError: scikit-learn is not installed; the message says how to install it.
    """
    if not is_installed("sklearn"):
        raise NoScikitLearnError(
            f"{name} needs scikit-learn, which is not installed: pip install 'ntkcli[sklearn]'"
        )
    from ntkcli.estimators.classifier import NTKClassifier
    from ntkcli.estimators.gaussian_process import NTKKernel
    from ntkcli.estimators.regressor import NTKRegressor

    return {each.__name__: each for each in (NTKRegressor, NTKClassifier, NTKKernel)}[name]
