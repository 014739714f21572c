"""Predictions from Gram matrices: gradient flow at any time, posteriors, metrics."""
