"""optax's Muon mixes momentum and gradient in other shares than the official code."""

import jax
import numpy as np
import optax
import torch

from reference_impls import Muon

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    theta, method = jax.numpy.zeros((4, 4)), optax.contrib.muon(learning_rate=1.0)
    state = method.init(theta)
    p = torch.zeros(4, 4, dtype=torch.float64, requires_grad=True)
    ours = Muon([p], lr=1.0)
    for g in np.random.default_rng(0).standard_normal((2, 4, 4)):
        with jax.disable_jit():
            step, state = method.update(jax.numpy.asarray(g), state, theta)
        theta = optax.apply_updates(theta, step)
        p.grad = torch.tensor(g.T.copy())
        ours.step()
    return float(np.abs(np.asarray(theta) - p.detach().numpy().T).max())
