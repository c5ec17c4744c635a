"""AdaHessian of torch-optimizer cannot take a tensor of three axes."""

import torch
from torch_optimizer import Adahessian


def effect() -> float:
    p = torch.ones(2, 3, 4, requires_grad=True)
    method = Adahessian([p])
    (p.grad,) = torch.autograd.grad((p**3).sum(), [p], create_graph=True)
    try:
        method.step()
    except UnboundLocalError:
        return 1.0
    return 0.0
