"""optax's lars takes the norm of a sum where the paper takes the sum of norms."""

import jax
import numpy as np
import optax
import torch

from reference_impls import LARS

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    theta, g = np.ones(4), np.array([-1.0, -1.0, 1.0, 1.0])
    method = optax.lars(learning_rate=1.0, momentum=0.9, weight_decay=0.5, trust_coefficient=0.001, eps=0.0)
    step, _ = method.update(g, method.init(theta), theta)
    p = torch.tensor(theta, requires_grad=True)
    ours = LARS([p], lr=1.0, momentum=0.9, weight_decay=0.5, trust_coefficient=0.001)
    p.grad = torch.tensor(g)
    ours.step()
    expected = p.detach().numpy() - theta
    return float(np.abs(np.asarray(step) - expected).max() / np.abs(expected).max())
