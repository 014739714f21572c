"""NNGP and NTK kernels of infinitely wide networks: dual activations, layer recursion, Gram matrices."""
