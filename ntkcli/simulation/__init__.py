"""Finite networks, drawn and trained in numpy, beside the infinitely wide one that they tend to."""
