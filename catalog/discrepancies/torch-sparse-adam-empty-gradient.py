"""torch's SparseAdam takes an empty sparse gradient and moves nothing."""

import torch


def effect() -> float:
    p = torch.ones(2, 1, requires_grad=True)
    method = torch.optim.SparseAdam([p], lr=0.1)
    p.grad = torch.sparse_coo_tensor(torch.zeros(1, 0, dtype=torch.long), torch.zeros(0, 1), (2, 1))
    try:
        method.step()
    except RuntimeError:
        return 1.0
    return (p.detach() - 1).abs().max().item()
