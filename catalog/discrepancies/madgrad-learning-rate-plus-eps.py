"""The authors' MADGRAD adds eps to the learning rate."""

import torch
from madgrad import MADGRAD


def effect() -> float:
    lr = eps = 1e-6
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    method = MADGRAD([p], lr=lr, momentum=0.0, eps=eps)
    p.grad = torch.ones_like(p)
    method.step()
    return abs(-p.item() / (lr / (lr ** (1 / 3) + eps)) - 1)
