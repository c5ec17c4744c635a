"""The decay of tinygrad's Muon and of LARS without its layer-wise rate, which once had no effect."""

import os

import numpy as np

os.environ.setdefault("DEV", "PYTHON")
from tinygrad import Tensor
from tinygrad.helpers import Context
from tinygrad.nn.optim import LARS, Muon


def effect() -> float:
    lr, decay, theta, worst = 0.1, 0.5, np.array([[1.0, 2.0], [3.0, -5.0]], "float32"), 0.0
    for make, settings in ((Muon, {"ns_steps": 1}), (LARS, {"tcoef": 0.0})):
        ends = []
        for strength in (0.0, decay):
            p = Tensor(theta)
            p.grad = Tensor([[0.1, 0.2], [0.3, -0.4]])
            optimizer = make([p], lr=lr, momentum=0.0, weight_decay=strength, **settings)
            with Context(TRAINING=1):
                optimizer.step()
            ends.append(p.numpy())
        worst = max(worst, float(np.abs(ends[0] - ends[1] - lr * decay * theta).max()))
    return worst
