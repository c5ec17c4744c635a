"""Shampoo of mlx-optimizers takes other roots, and its second matrix sums up preconditioned gradients."""

import mlx.core as mx
import numpy as np
import torch
from mlx_optimizers import Shampoo as Theirs

from reference_impls import Shampoo


def effect() -> float:
    rows = np.random.default_rng(0).standard_normal((3, 3, 4))
    theirs, method = {"w": mx.zeros((3, 4))}, Theirs(learning_rate=1.0, eps=1e-4)
    p = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    ours = Shampoo([p], lr=1.0, eps=1e-4)
    for g in rows:
        theirs = method.apply_gradients({"w": mx.array(g.astype(np.float32))}, theirs)
        p.grad = torch.tensor(g)
        ours.step()
    return float(np.abs(np.array(theirs["w"]) - p.detach().numpy()).max())
