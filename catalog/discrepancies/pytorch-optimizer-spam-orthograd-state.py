"""OrthoGrad and SPAM of pytorch-optimizer go on from a saved state as if they had not stopped."""

import copy

import torch
from pytorch_optimizer import SPAM, OrthoGrad


def effect() -> float:
    rows = torch.randn(10, 6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    worst = 0.0
    for make in (
        lambda p: OrthoGrad(torch.optim.SGD([p], lr=0.1, momentum=0.9)),
        lambda p: SPAM([p], lr=0.1, update_proj_gap=4, warmup_epoch=3),
    ):
        ends = []
        for broken in (True, False):
            p = torch.ones(6, 4, dtype=torch.float64, requires_grad=True)
            method = make(p)
            for t, g in enumerate(rows):
                if broken and t == 6:
                    saved = copy.deepcopy(method.state_dict())
                    p = p.detach().clone().requires_grad_()
                    method = make(p)
                    method.load_state_dict(saved)
                p.grad = g.clone()
                method.step()
            ends.append(p.detach())
        worst = max(worst, (ends[0] - ends[1]).abs().max().item())
    return worst
