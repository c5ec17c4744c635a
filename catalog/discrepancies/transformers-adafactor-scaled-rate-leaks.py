"""transformers' Adafactor: the size of one parameter does not touch the next one's step."""

import torch
from transformers.optimization import Adafactor


def effect() -> float:
    ends = []
    for sizes in ((1.0,), (5.0, 1.0)):
        parameters = [torch.full((3,), size, dtype=torch.float64, requires_grad=True) for size in sizes]
        method = Adafactor(parameters, lr=0.1, scale_parameter=True, relative_step=False)
        for p in parameters:
            p.grad = torch.ones_like(p)
        method.step()
        ends.append(parameters[-1].detach())
    return (ends[0] - ends[1]).abs().max().item()
