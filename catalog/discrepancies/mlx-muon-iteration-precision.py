"""MLX's Muon iterates in the type of the gradient."""

import mlx.core as mx
import mlx.optimizers
import numpy as np
import torch

from reference_impls import Muon


def effect() -> float:
    g = np.random.default_rng(0).standard_normal((16, 16))
    method = mlx.optimizers.Muon(learning_rate=1.0, weight_decay=0.0)
    theirs = method.apply_gradients({"w": mx.array(g.astype(np.float32))}, {"w": mx.zeros(g.shape)})
    p = torch.zeros(16, 16, dtype=torch.float64, requires_grad=True)
    ours = Muon([p], lr=1.0)
    p.grad = torch.tensor(g)
    ours.step()
    expected = p.detach().numpy()
    return float(np.linalg.norm(np.array(theirs["w"]) - expected) / np.linalg.norm(expected))
