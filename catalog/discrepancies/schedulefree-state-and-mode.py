"""Schedule-Free goes on from a saved state as if it had not stopped."""

import copy

import schedulefree
import torch


def effect() -> float:
    rows = torch.randn(6, 2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for broken in (True, False):
        pair = [torch.full((3,), size, dtype=torch.float64, requires_grad=True) for size in (1.0, 2.0)]
        method = schedulefree.AdamWScheduleFree(pair, lr=0.1, warmup_steps=4)
        method.train()
        for t, row in enumerate(rows):
            if broken and t == 3:
                saved = copy.deepcopy(method.state_dict())
                pair = [p.detach().clone().requires_grad_() for p in pair]
                method = schedulefree.AdamWScheduleFree(pair, lr=0.1)
                method.load_state_dict(saved)
                method.train()
            for p, g in zip(pair, row, strict=True):
                p.grad = g.clone()
            method.step()
        method.eval()
        ends.append(torch.stack([p.detach() for p in pair]))
    return (ends[0] - ends[1]).abs().max().item()
