"""optax's Muon scales tall and wide matrices as the official code, on Flax's transposed layout."""

import jax
import numpy as np
import optax
import torch

from reference_impls import Muon

jax.config.update("jax_enable_x64", True)


def effect() -> float:
    worst = 0.0
    for shape in ((32, 8), (8, 32)):
        g = np.random.default_rng(0).standard_normal(shape)
        method = optax.contrib.muon(learning_rate=1.0)
        theta = jax.numpy.zeros(shape)
        with jax.disable_jit():
            step, _ = method.update(jax.numpy.asarray(g), method.init(theta), theta)
        p = torch.zeros(shape[::-1], dtype=torch.float64, requires_grad=True)
        ours = Muon([p], lr=1.0)
        p.grad = torch.tensor(g.T.copy())
        ours.step()
        expected = p.detach().numpy().T
        worst = max(worst, float(np.abs(np.asarray(step) - expected).max() / np.abs(expected).max()))
    return worst
