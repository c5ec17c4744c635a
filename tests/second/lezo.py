"""LeZO in NumPy, written from the record's formulas: a fixed number of tensors, chosen at random, moves in each step."""

import math

import numpy as np


def steps(thetas, objectives, draw, lr, eps, sparsity):
    """Yield the parameters after each step. One objective a step; `draw(kind, shape)` gives normal numbers."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    resting = math.floor(sparsity * len(thetas))
    for objective in objectives:
        loss = objective.value
        directions = [draw("gaussian", x.shape) for x in thetas]
        scores = np.array([draw("gaussian", ()) for _ in thetas])
        chosen = set(np.argsort(scores)[: len(thetas) - resting].tolist())
        sparse = [z if i in chosen else np.zeros_like(z) for i, z in enumerate(directions)]
        above = loss([x + eps * z for x, z in zip(thetas, sparse, strict=True)])
        below = loss([x - eps * z for x, z in zip(thetas, sparse, strict=True)])
        slope = (above - below) / (2 * eps)
        thetas = [x - lr * slope * z for x, z in zip(thetas, sparse, strict=True)]
        yield thetas
