"""torch's AMSGrad does what its documentation prints today: the maximum of raw moments, then the correction."""

import math

import torch


def effect() -> float:
    b1, b2 = 0.9, 0.9
    p = torch.zeros((), dtype=torch.float64, requires_grad=True)
    method = torch.optim.Adam([p], lr=1.0, betas=(b1, b2), amsgrad=True)
    theta = m = v = largest = 0.0
    for t, g in enumerate((10.0, 1.0, 0.0, -1.0, 2.0), 1):
        p.grad = torch.full_like(p, g)
        method.step()
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
        largest = max(largest, v)
        theta -= m / (1 - b1**t) / (math.sqrt(largest / (1 - b2**t)) + 1e-8)
    return abs(p.item() - theta)
