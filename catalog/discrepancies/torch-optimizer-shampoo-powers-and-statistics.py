"""Shampoo of torch-optimizer takes other roots, and its second matrix sums up preconditioned gradients."""

import torch
from torch_optimizer import Shampoo as Theirs

from reference_impls import Shampoo


def effect() -> float:
    rows = torch.randn(3, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for theirs in (True, False):
        p = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
        method = Theirs([p], lr=1.0, epsilon=1e-4) if theirs else Shampoo([p], lr=1.0, eps=1e-4)
        for g in rows:
            p.grad = g.clone()
            method.step()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item()
