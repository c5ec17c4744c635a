"""Adafactor of torch-optimizer cannot take a step on a convolution's kernel."""

import torch
from torch_optimizer import Adafactor


def effect() -> float:
    p = torch.ones(3, 2, 3, 3, requires_grad=True)
    method = Adafactor([p])
    p.grad = torch.ones_like(p)
    try:
        method.step()
    except RuntimeError:
        return 1.0
    return 0.0
