"""RAdam of torch-optimizer rounds float64 weights to float32."""

import torch
from torch_optimizer import RAdam


def effect() -> float:
    p = torch.full((1,), 1 / 3, dtype=torch.float64, requires_grad=True)
    method = RAdam([p])
    p.grad = torch.zeros_like(p)
    method.step()
    return abs(p.item() - 1 / 3)
