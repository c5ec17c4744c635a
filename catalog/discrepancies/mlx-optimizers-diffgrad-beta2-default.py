"""diffGrad of mlx-optimizers documents another default than it has."""

import mlx.core as mx
import numpy as np
from mlx_optimizers import DiffGrad


def effect() -> float:
    rows, ends = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32), []
    for options in ({}, {"betas": [0.9, 0.999]}):
        theta, method = {"w": mx.zeros(4)}, DiffGrad(learning_rate=1.0, **options)
        for g in rows:
            theta = method.apply_gradients({"w": mx.array(g)}, theta)
        ends.append(np.array(theta["w"]))
    return float(np.abs(ends[0] - ends[1]).max())
