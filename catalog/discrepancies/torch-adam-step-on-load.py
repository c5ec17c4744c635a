"""torch's Adam keeps its step counter when a state is loaded."""

import torch


def effect() -> float:
    worst = 0.0
    for dtype, steps, forms in (
        (torch.bfloat16, 300, (False, False)),
        (torch.float32, 3, (True, False)),
        (torch.float32, 3, (False, True)),
    ):
        p = torch.ones(2, dtype=dtype, requires_grad=True)
        p.grad = torch.ones_like(p)
        before, after = (torch.optim.Adam([p], fused=fused) for fused in forms)
        for _ in range(steps):
            before.step()
        after.load_state_dict(before.state_dict())
        after.step()
        worst = max(worst, abs(float(after.state[p]["step"]) - (steps + 1)))
    return worst
