"""transformers' Adafactor with beta1 keeps moving after the learning rate was set to 0."""

import torch
from transformers.optimization import Adafactor


def effect() -> float:
    p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    method = Adafactor([p], lr=1.0, beta1=0.9, scale_parameter=False, relative_step=False)
    points = []
    for lr in (1.0, 0.0):
        method.param_groups[0]["lr"] = lr
        p.grad = torch.ones_like(p)
        method.step()
        points.append(p.detach().clone())
    return (points[1] - points[0]).abs().max().item()
