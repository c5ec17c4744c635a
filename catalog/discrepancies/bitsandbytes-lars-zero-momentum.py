"""bitsandbytes' LARS in plain PyTorch cannot take a step at its default momentum of 0."""

import torch
from bitsandbytes.optim.lars import PytorchLARS


def effect() -> float:
    p = torch.ones(3, requires_grad=True)
    method = PytorchLARS([p], lr=0.1)
    p.grad = torch.ones(3)
    try:
        method.step()
    except UnboundLocalError:
        return 1.0
    return 0.0
