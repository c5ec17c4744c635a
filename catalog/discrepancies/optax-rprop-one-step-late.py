"""optax's rprop does not move in its first step."""

import jax
import numpy as np
import optax
import torch

from reference_impls import Rprop

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    method = optax.rprop(learning_rate=0.1)
    step, _ = method.update(np.ones(1), method.init(np.zeros(1)))
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    ours = Rprop([p], lr=0.1)
    p.grad = torch.ones_like(p)
    ours.step()
    return abs(float(np.asarray(step)[0]) - p.item()) / 0.1
