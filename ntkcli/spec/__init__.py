"""The spec: the YAML file that says what to compute, validated with every fault reported at its line."""
