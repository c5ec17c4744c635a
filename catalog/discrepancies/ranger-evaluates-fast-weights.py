"""Ranger as packaged: between two synchronizations the weights are the fast ones."""

import torch
from pytorch_ranger import Ranger


def effect() -> float:
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    method = Ranger([p], lr=0.1, k=6)
    for _ in range(11):
        p.grad = torch.ones_like(p)
        method.step()
    return abs(p.item() - method.state[p]["slow_buffer"].item()) / 0.1
