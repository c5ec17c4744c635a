"""Prodigy's bias correction also weighs the gradients in its estimate of the distance d."""

import torch
from prodigyopt import Prodigy


def effect() -> float:
    b1, b2, d0, eps = 0.9, 0.999, 0.01, 1e-8
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    prodigy = Prodigy([p], betas=(b1, b2), d0=d0, eps=eps, use_bias_correction=True)
    x, d, m, v, r, s = 1.0, d0, 0.0, 0.0, 0.0, 0.0
    for t in range(1, 21):
        p.grad = p.detach() - 5
        prodigy.step()
        g, old = x - 5, d
        m, v = b1 * m + (1 - b1) * old * g, b2 * v + (1 - b2) * (old * g) ** 2
        r, s = b2**0.5 * r + old**2 / d0 * g * (1 - x), b2**0.5 * s + old**2 / d0 * g
        d = max(d, r / abs(s))
        x -= old * (1 - b2**t) ** 0.5 / (1 - b1**t) * m / (v**0.5 + d * eps)
    return abs(p.item() - x) / abs(x - 1)
