"""torch-optimizer's SGDW subtracts the same number from every weight as its decay."""

import torch
from torch_optimizer import SGDW


def effect() -> float:
    lr = decay = 0.1
    p = torch.nn.Parameter(torch.tensor([3.0, 0.5, -2.0], dtype=torch.float64))
    wanted = p.detach() * (1 - lr * decay)
    p.grad = torch.zeros_like(p)
    SGDW([p], lr=lr, weight_decay=decay).step()
    return (p.detach() - wanted).abs().max().item()
