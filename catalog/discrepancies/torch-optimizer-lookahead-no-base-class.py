"""Lookahead of torch-optimizer cannot save its state."""

import torch
from torch_optimizer import Lookahead


def effect() -> float:
    p = torch.ones(3, requires_grad=True)
    method = Lookahead(torch.optim.SGD([p], lr=0.1))
    p.grad = torch.ones(3)
    method.step()
    try:
        method.load_state_dict(method.state_dict())
    except AttributeError:
        return 1.0
    return 0.0
