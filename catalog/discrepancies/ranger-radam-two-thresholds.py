"""Ranger as packaged: the argument for the threshold holds in both branches."""

import torch
from pytorch_ranger import Ranger


def effect() -> float:
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    method = Ranger([p], lr=1.0, k=100, N_sma_threshhold=6)
    for _ in range(6):
        p.grad = torch.ones_like(p)
        method.step()
    return abs(p.item() + 6) / 6
