"""The authors' AdaBelief adds eps to its stored second moment in every step, where it accumulates."""

import torch
from adabelief_pytorch import AdaBelief


def effect() -> float:
    lr, beta1, beta2, eps, g = 1.0, 0.9, 0.999, 0.01, 0.5
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    settings = {
        "betas": (beta1, beta2),
        "eps": eps,
        "weight_decay": 0.0,
        "weight_decouple": False,
        "rectify": False,
        "print_change_log": False,
    }
    adabelief = AdaBelief([p], lr=lr, **settings)
    theta = m = s = 0.0
    for t in range(1, 6):
        p.grad = torch.full_like(p, g)
        adabelief.step()
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m) ** 2
        theta -= lr * m / (1 - beta1**t) / ((s / (1 - beta2**t)) ** 0.5 + eps)
    return abs(p.item() - theta) / lr
