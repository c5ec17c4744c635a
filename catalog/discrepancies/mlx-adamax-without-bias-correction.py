"""MLX's AdaMax does not correct its momentum for the start at zero."""

import mlx.core as mx
import mlx.optimizers
import torch

from reference_impls import AdaMax


def effect() -> float:
    method = mlx.optimizers.Adamax(learning_rate=1.0)
    theta = method.apply_gradients({"w": mx.ones(1)}, {"w": mx.zeros(1)})
    p = torch.zeros(1, requires_grad=True)
    ours = AdaMax([p], lr=1.0)
    p.grad = torch.ones(1)
    ours.step()
    return abs(theta["w"].item() - p.item())
