"""optax's schedule_free_sgd starts its warmup at a rate of 0, the authors at 1/warmup."""

import jax
import numpy as np
import optax
import torch

from reference_impls import SGDScheduleFree

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    theta, method = jax.numpy.zeros(1), optax.contrib.schedule_free_sgd(learning_rate=1.0, warmup_steps=4)
    step, _ = method.update(jax.numpy.ones(1), method.init(theta), theta)
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    ours = SGDScheduleFree([p], lr=1.0, warmup_steps=4)
    p.grad = torch.ones_like(p)
    ours.step()
    return abs(float(np.asarray(step)[0]) - p.item())
