"""optax's ADOPT against the reference implementation over the first steps."""

import jax
import numpy as np
import optax
import torch

from reference_impls import ADOPT

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    theta, method = np.zeros(4), optax.contrib.adopt(learning_rate=0.1)
    state = method.init(theta)
    p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    ours, worst = ADOPT([p], lr=0.1), 0.0
    for g in np.random.default_rng(0).standard_normal((4, 4)):
        step, state = method.update(g, state, theta)
        theta = theta + np.asarray(step)
        p.grad = torch.tensor(g)
        ours.step()
        worst = max(worst, float(np.abs(theta - p.detach().numpy()).max()))
    return worst
