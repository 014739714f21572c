"""The spec: the YAML file of keys that says what to compute, read with every error at its line."""
