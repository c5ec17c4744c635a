"""torch's AdamW multiplies the decay by the learning rate, the paper by the schedule's factor only."""

import torch


def effect() -> float:
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    p.grad = torch.zeros_like(p)
    torch.optim.AdamW([p], lr=1e-3, weight_decay=1e-2).step()
    return abs(p.item() - (1 - 1e-2))
