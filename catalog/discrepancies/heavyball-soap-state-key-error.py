"""HeavyBall's SOAP saves its state, and goes on from it as if it had not stopped."""

import copy

import heavyball
import torch


def effect() -> float:
    rows = torch.randn(6, 4, 3, generator=torch.Generator().manual_seed(0))
    mode, heavyball.utils.compile_mode = heavyball.utils.compile_mode, None
    try:
        ends = []
        for broken in (True, False):
            p = torch.ones(4, 3, requires_grad=True)
            method = heavyball.SOAP([p], lr=0.1, compile_step=False)
            for t, g in enumerate(rows):
                if broken and t == 3:
                    saved = copy.deepcopy(method.state_dict())
                    p = p.detach().clone().requires_grad_()
                    method = heavyball.SOAP([p], lr=0.1, compile_step=False)
                    method.load_state_dict(saved)
                p.grad = g.clone()
                method.step()
            ends.append(p.detach())
    finally:
        heavyball.utils.compile_mode = mode
    return (ends[0] - ends[1]).abs().max().item()
