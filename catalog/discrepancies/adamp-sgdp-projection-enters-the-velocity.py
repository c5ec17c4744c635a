"""SGDP of the adamp package projects its own momentum buffer unless Nesterov is on."""

import torch
from adamp import SGDP


def effect() -> float:
    buffers = []
    for nesterov in (False, True):
        p = torch.eye(2, dtype=torch.float64).requires_grad_()
        method = SGDP([p], lr=0.1, momentum=0.9, nesterov=nesterov, delta=10.0)
        p.grad = torch.ones_like(p)
        method.step()
        buffers.append(method.state[p]["momentum"])
    return (buffers[0] - buffers[1]).abs().max().item()
