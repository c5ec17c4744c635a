"""Schedule-Free AdamW and the form of its paper, two classes of the authors' package, take different steps."""

import schedulefree
import torch


def effect() -> float:
    rows = torch.randn(12, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ends = []
    for make in (schedulefree.AdamWScheduleFree, schedulefree.AdamWScheduleFreePaper):
        p = torch.ones(4, dtype=torch.float64, requires_grad=True)
        method = make([p], lr=0.01, weight_decay=0.1)
        method.train()
        for g in rows:
            p.grad = g.clone()
            method.step()
        method.eval()
        ends.append(p.detach())
    return (ends[0] - ends[1]).abs().max().item() / 0.01
