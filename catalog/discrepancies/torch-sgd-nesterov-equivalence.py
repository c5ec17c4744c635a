"""torch's Nesterov momentum is Sutskever's, seen from the point where the gradient is taken."""

import math

import torch


def slope(x: float) -> float:
    return math.sin(x) + x * math.cos(x)


def effect() -> float:
    lr, mu = 0.1, 0.9
    p = torch.ones((), dtype=torch.float64, requires_grad=True)
    method = torch.optim.SGD([p], lr=lr, momentum=mu, nesterov=True)
    theta, v, worst = 1.0, 0.0, 0.0
    for _ in range(10):
        p.grad = torch.full_like(p, slope(p.item()))
        method.step()
        v = mu * v - lr * slope(theta + mu * v)
        theta += v
        worst = max(worst, abs(p.item() - (theta + mu * v)))
    return worst
