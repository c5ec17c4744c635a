"""LAMB of mlx-optimizers against the paper: corrected moments, and a trust ratio without limits."""

import mlx.core as mx
import numpy as np
import torch
from mlx_optimizers import Lamb

from reference_impls import LAMB


def effect() -> float:
    rng = np.random.default_rng(0)
    start, rows = np.full((6, 4), 100.0), 100 * rng.standard_normal((12, 6, 4))
    theirs, method = {"w": mx.array(start.astype(np.float32))}, Lamb(learning_rate=0.01, betas=[0.9, 0.999], eps=1e-6)
    p = torch.tensor(start, requires_grad=True)
    ours = LAMB([p], lr=0.01, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0)
    for g in rows:
        theirs = method.apply_gradients({"w": mx.array(g.astype(np.float32))}, theirs)
        p.grad = torch.tensor(g)
        ours.step()
    return float(np.abs(np.array(theirs["w"]) - p.detach().numpy()).max() / 100)
