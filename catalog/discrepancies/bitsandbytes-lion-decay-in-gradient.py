"""The default backend of bitsandbytes' Lion, which once put the decay into the sign."""

import torch
from bitsandbytes.backends.default.ops import _optimizer_update_32bit as update


def effect() -> float:
    lr, decay = 0.1, 0.5
    p, g, m = torch.tensor([1.0, -2.0]), torch.tensor([-1e-3, 1e-3]), torch.zeros(2)
    wanted = p * (1 - lr * decay) - lr * g.sign()
    settings = {"beta1": 0.9, "beta2": 0.99, "beta3": 0.0, "alpha": 0.0, "eps": 0.0, "weight_decay": decay, "step": 1, "lr": lr}
    with torch.compiler.set_stance("force_eager"):
        update(g, p, m, None, None, max_unorm=0.0, param_norm=0.0, gnorm_scale=1.0, optimizer_id=4, **settings)
    return (p - wanted).abs().max().item()
