"""A hundred small SGD steps leave bfloat16 weights where they are."""

import torch


def effect() -> float:
    p = torch.ones(3, dtype=torch.bfloat16, requires_grad=True)
    method = torch.optim.SGD([p], lr=1e-3)
    for _ in range(100):
        p.grad = torch.ones_like(p)
        method.step()
    return abs(p[0].item() - (1 - 100 * 1e-3)) / 0.1
