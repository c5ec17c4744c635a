"""The Sophia authors' code turns the step around where the Hessian is negative."""

import torch
from sophia_opt import SophiaG


def effect() -> float:
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    method = SophiaG([p], lr=1.0, betas=(0.9, 0.99), rho=0.04, weight_decay=0.0)
    p.grad = torch.zeros_like(p)
    method.step(bs=1)
    method.state[p]["hessian"].fill_(-1.0)
    p.grad = torch.ones_like(p)
    method.step(bs=1)
    m, h = 1 - 0.9, -1.0
    paper = -min(m / max(0.04 * h, 1e-15), 1.0)
    return abs(p.item() - paper)
