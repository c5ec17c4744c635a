"""ADOPT of mlx-optimizers clips as the second version of the paper does."""

import mlx.core as mx
import numpy as np
import torch
from mlx_optimizers import ADOPT as Theirs

from reference_impls import ADOPT


def effect() -> float:
    rows = np.random.default_rng(0).standard_normal((6, 4)) * 10.0 ** np.arange(6)[:, None]
    theirs, method = {"w": mx.zeros(4)}, Theirs(learning_rate=0.1)
    p = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    ours = ADOPT([p], lr=0.1)
    for g in rows:
        theirs = method.apply_gradients({"w": mx.array(g.astype(np.float32))}, theirs)
        p.grad = torch.tensor(g)
        ours.step()
    return float(np.abs(np.array(theirs["w"]) - p.detach().numpy()).max() / 0.1)
