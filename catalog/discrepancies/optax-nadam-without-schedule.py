"""optax's nadam has no schedule of its momentum, torch's and Keras' have."""

import jax
import numpy as np
import optax
import torch

from reference_impls import Nadam

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    theta, method = np.zeros(4), optax.nadam(learning_rate=1.0)
    state = method.init(theta)
    p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    ours = Nadam([p], lr=1.0)
    for g in np.random.default_rng(0).standard_normal((12, 4)):
        step, state = method.update(g, state, theta)
        theta = theta + np.asarray(step)
        p.grad = torch.tensor(g)
        ours.step()
    return float(np.abs(theta - p.detach().numpy()).max())
