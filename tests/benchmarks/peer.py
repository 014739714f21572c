"""The same jobs in neural-tangents 0.6.5; runs under the peer's own Python.

peer.py gram  TRAIN DEPTH                         prints the seconds of the compiled kernel function
peer.py plain TRAIN TEST OUT DEPTH TIME COLUMNS   reads CSV, writes "mean" or mean and "std" at TIME (or inf)
peer.py jit   TRAIN TEST OUT DEPTH TIME COLUMNS   the same, with the kernel function compiled first
"""

import sys
import time

import jax

jax.config.update("jax_enable_x64", True)

import neural_tangents as nt  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from neural_tangents import stax  # noqa: E402

SIGMA_W, SIGMA_B = 1.5, 0.1


def kernel_function(depth):
    layers = []
    for _ in range(depth - 1):
        layers += [stax.Dense(1, W_std=SIGMA_W, b_std=SIGMA_B), stax.Relu()]
    _, _, kernel_fn = stax.serial(*layers, stax.Dense(1, W_std=SIGMA_W, b_std=SIGMA_B))
    return kernel_fn


def compiled_kernel_function(depth):
    return jax.jit(kernel_function(depth), static_argnums=(2,))


def gram(train, depth):
    x = pd.read_csv(train).drop(columns="y").to_numpy()
    kernel_fn = compiled_kernel_function(int(depth))
    for _ in range(4):
        start = time.perf_counter()
        matrices = kernel_fn(x, None, ("nngp", "ntk"))
        jax.block_until_ready((matrices.nngp, matrices.ntk))
        print(time.perf_counter() - start)


def fit(kernel_fn, train, test, out, t, columns):
    train, test = pd.read_csv(train), pd.read_csv(test)
    x_train, y_train = train.drop(columns="y").to_numpy(), train[["y"]].to_numpy()
    x_test = test.drop(columns="y").to_numpy()
    predict = nt.predict.gradient_descent_mse_ensemble(kernel_fn, x_train, y_train)
    asked = {"t": None if t == "inf" else float(t), "x_test": x_test, "get": "ntk"}
    if columns == "std":
        mean, covariance = predict(**asked, compute_cov=True)
        found = {"mean": np.asarray(mean)[:, 0], "std": np.sqrt(np.diag(covariance))}
    else:
        found = {"mean": np.asarray(predict(**asked))[:, 0]}
    pd.DataFrame(found).to_csv(out, index=False)


def plain(train, test, out, depth, *asked):
    fit(kernel_function(int(depth)), train, test, out, *asked)


def jit(train, test, out, depth, *asked):
    fit(compiled_kernel_function(int(depth)), train, test, out, *asked)


if __name__ == "__main__":
    {"gram": gram, "plain": plain, "jit": jit}[sys.argv[1]](*sys.argv[2:])
