"""Activations, each as phi and its derivative, and as the duals of both."""
