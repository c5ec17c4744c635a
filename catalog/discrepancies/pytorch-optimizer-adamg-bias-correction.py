"""The bias corrections of pytorch-optimizer's AdamG, once subtracted from one twice."""

import torch
from pytorch_optimizer import AdamG


def effect() -> float:
    lr, (b1, b2, b3), power, q = 0.1, (0.95, 0.999, 0.95), 0.2, 0.24
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    adamg = AdamG([p], lr=lr, betas=(b1, b2, b3), p=power, q=q, eps=0.0)
    theta = m = v = r = 0.0
    for t in range(1, 5):
        g = 0.5 * t
        p.grad = torch.full_like(p, g)
        adamg.step()
        v = b2 * v + (1 - b2) * g**2
        r = b3 * r + (1 - b3) * power * v**q
        m = b1 * m + (1 - b1) * r * g
        theta -= min(lr, t**-0.5) * m / (1 - b1**t) / (v / (1 - b2**t)) ** 0.5
    return abs(p.item() - theta) / lr
