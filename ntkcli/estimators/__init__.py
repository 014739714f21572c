"""Kernel regression from Python: estimators and kernels with scikit-learn's conventions."""
