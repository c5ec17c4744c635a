"""D-Adaptation's Lion jumps around a minimum, with steps as long as its estimate of the distance."""

import torch
from dadaptation import DAdaptLion


def effect() -> float:
    p = torch.full((1,), 5.0, dtype=torch.float64, requires_grad=True)
    method = DAdaptLion([p])
    for _ in range(300):
        p.grad = p.detach().sign()
        method.step()
    return abs(p.item()) / 5
