"""LAMB of pytorch-optimizer cuts the norm of the weights at 10."""

import torch
from pytorch_optimizer import Lamb


def effect() -> float:
    ways = []
    for size in (100.0, 200.0):
        p = torch.full((4,), size, dtype=torch.float64, requires_grad=True)
        method = Lamb([p], lr=0.01, weight_decay=0.0)
        p.grad = torch.ones_like(p)
        method.step()
        ways.append((p.detach() - size).norm().item())
    return abs(ways[1] / ways[0] / 2 - 1)
