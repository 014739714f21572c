"""Fitted models: written with a run, and read back to predict."""
