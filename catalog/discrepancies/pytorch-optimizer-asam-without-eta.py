"""ASAM of pytorch-optimizer does not perturb weights of 0, since it lacks the paper's eta."""

import torch
from pytorch_optimizer import SAM

from reference_impls import ASAM


def effect() -> float:
    ends = []
    for theirs in (True, False):
        p = torch.zeros(1, dtype=torch.float64, requires_grad=True)

        def closure(p: torch.Tensor = p) -> torch.Tensor:
            p.grad = 1 + p.detach()
            return (p + p**2 / 2).sum()

        if theirs:
            closure()
            SAM([p], torch.optim.SGD, rho=0.5, adaptive=True, lr=0.1).step(closure)
        else:
            p.grad = None
            ASAM(torch.optim.SGD([p], lr=0.1), rho=0.5, eta=0.01).step(lambda p=p: (p + p**2 / 2).sum())
        ends.append(p.item())
    return abs(ends[0] - ends[1]) / 0.1
