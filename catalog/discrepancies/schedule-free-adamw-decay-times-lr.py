"""The authors' Schedule-Free AdamW multiplies the decay by the learning rate."""

import torch
from schedulefree import AdamWScheduleFree


def effect() -> float:
    shrunk = []
    for lr in (0.1, 0.2):
        p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        p.grad = torch.zeros_like(p)
        adamw = AdamWScheduleFree([p], lr=lr, weight_decay=0.1)
        adamw.train()
        adamw.step()
        shrunk.append(1 - p.item())
    return abs(shrunk[1] - shrunk[0]) / abs(shrunk[1])
