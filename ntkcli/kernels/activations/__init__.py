"""Activations, each as its dual activation and the dual of its derivative."""
