"""Yogi of torch-optimizer and of pytorch-optimizer moves a weight whose gradient is zero."""

import pytorch_optimizer
import torch
import torch_optimizer


def effect() -> float:
    ways = []
    for library in (torch_optimizer, pytorch_optimizer):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = library.Yogi([p], lr=1.0)
        p.grad = torch.zeros_like(p)
        method.step()
        ways.append(abs(p.item()))
    return min(ways)
