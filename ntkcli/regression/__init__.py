"""Kernel regression: a question, how it is answered, and the fitted model."""
