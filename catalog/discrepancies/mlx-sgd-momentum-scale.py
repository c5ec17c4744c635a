"""MLX's SGD with momentum against torch's."""

import mlx.core as mx
import mlx.optimizers
import numpy as np
import torch


def effect() -> float:
    rows, worst = np.random.default_rng(0).standard_normal((12, 4)).astype(np.float32), 0.0
    for nesterov in (False, True):
        theirs, p = {"w": mx.zeros(4)}, torch.zeros(4, requires_grad=True)
        method = mlx.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=nesterov)
        other = torch.optim.SGD([p], lr=0.1, momentum=0.9, nesterov=nesterov)
        for g in rows:
            theirs = method.apply_gradients({"w": mx.array(g)}, theirs)
            p.grad = torch.tensor(g)
            other.step()
        worst = max(worst, float(np.abs(np.array(theirs["w"]) - p.detach().numpy()).max()))
    return worst
