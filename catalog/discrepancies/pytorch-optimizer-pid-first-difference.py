"""PID of pytorch-optimizer takes the second change of the gradient from the first one, the authors' code from zero."""

import torch
from pytorch_optimizer import PID as Theirs

from reference_impls import PID


def effect() -> float:
    ends = []
    for make in (Theirs, PID):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=1.0, momentum=0.9)
        for _ in range(2):
            p.grad = torch.ones_like(p)
            method.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1])
