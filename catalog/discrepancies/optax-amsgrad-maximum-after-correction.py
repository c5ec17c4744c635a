"""AMSGrad of optax and of torch after a spike: where the bias correction stands matters."""

import jax
import numpy as np
import optax
import torch

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    method = optax.amsgrad(learning_rate=1.0, b2=0.9)
    theta = np.zeros(1)
    state = method.init(theta)
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    other = torch.optim.Adam([p], lr=1.0, betas=(0.9, 0.9), amsgrad=True)
    for g in (10.0, 0.0, 0.0, 0.0, 0.0):
        step, state = method.update(np.full(1, g), state)
        theta = theta + np.asarray(step)
        p.grad = torch.full_like(p, g)
        other.step()
    return abs(float(theta[0]) - p.item())
