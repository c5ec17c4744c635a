"""optax's prodigy corrects its moments, the authors' package by default does not."""

import jax
import numpy as np
import optax
import torch

from reference_impls import Prodigy

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    theta, method = np.zeros(1), optax.contrib.prodigy(learning_rate=1.0)
    state = method.init(theta)
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    ours = Prodigy([p], lr=1.0)
    for _ in range(3):
        step, state = method.update(np.ones(1), state, theta)
        theta = theta + np.asarray(step)
        p.grad = torch.ones_like(p)
        ours.step()
    return float(abs(theta[0] / p.item() - 1))
