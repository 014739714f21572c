"""Kernel regression with infinitely wide fully-connected networks, from the command line."""

__version__ = "0.1.0"
