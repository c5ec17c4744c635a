"""torch's RAdam couples its decay to the gradient by default, the authors' code does not."""

import torch


def effect() -> float:
    ends = []
    for decoupled in (False, True):
        p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
        radam = torch.optim.RAdam([p], lr=0.1, weight_decay=0.1, decoupled_weight_decay=decoupled)
        for _ in range(10):
            p.grad = torch.zeros_like(p)
            radam.step()
        ends.append(p.item())
    return abs(ends[0] - ends[1])
