"""Iterations that do not get where they should."""


class ConvergenceError(ArithmeticError):
    """The method does not reach its tolerance, or cannot begin."""
