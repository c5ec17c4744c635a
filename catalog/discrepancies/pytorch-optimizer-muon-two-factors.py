"""Muon of pytorch-optimizer takes one factor for the shape, not two."""

import math

import torch
from pytorch_optimizer import Muon


def effect() -> float:
    rows, columns, norms = 32, 8, []
    for flag in (True, False):
        p = torch.zeros(rows, columns, dtype=torch.float64, requires_grad=True)
        method = Muon([{"params": [p], "use_muon": True}], lr=1.0, use_adjusted_lr=flag)
        p.grad = torch.randn(rows, columns, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        method.step()
        norms.append(p.norm().item())
    expected = 0.2 * math.sqrt(max(rows, columns)) / math.sqrt(max(1.0, rows / columns))
    return abs(norms[0] / norms[1] / expected - 1)
