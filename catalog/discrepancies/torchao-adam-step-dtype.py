"""With bfloat16 as default dtype torchao's Adam stops counting its steps at 256."""

import torch
from torchao.optim import Adam8bit


def effect() -> float:
    torch.set_default_dtype(torch.bfloat16)
    p = torch.nn.Parameter(torch.zeros(1, dtype=torch.float32))
    p.grad = torch.ones_like(p)
    adam = Adam8bit([p])
    with torch.compiler.set_stance("force_eager"):
        for _ in range(300):
            adam.step()
    torch.set_default_dtype(torch.float32)
    return 1 - adam.state[p]["step"].item() / 300
