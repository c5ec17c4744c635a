"""The decay of pytorch-optimizer's Ranger21, which once used the rate before its own schedule."""

import torch
from pytorch_optimizer import Ranger21


def effect() -> float:
    decay = 0.5
    p = torch.nn.Parameter(torch.ones(1, dtype=torch.float64))
    ranger = Ranger21([p], num_iterations=1000, lr=0.1, weight_decay=decay, norm_loss_factor=0.0)
    p.grad = torch.zeros_like(p)
    ranger.step()
    return abs(p.item() - (1 - decay * ranger.current_lr))
