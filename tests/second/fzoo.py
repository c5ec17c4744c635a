"""FZOO in NumPy, written from the record's formulas: all directions of a step are the rows of one table."""

import numpy as np


def steps(thetas, objectives, draw, lr, eps, n):
    """Yield the parameters after each step. One objective a step; `draw(kind, shape)` gives random signs."""
    shapes = [np.shape(x) for x in thetas]
    cuts = np.cumsum([int(np.prod(s, dtype=int)) for s in shapes])[:-1]
    flat = np.concatenate([np.ravel(x) for x in thetas]).astype(np.float64)

    def whole(vector):
        return [part.reshape(s) for part, s in zip(np.split(vector, cuts), shapes, strict=True)]

    for objective in objectives:
        loss = objective.value
        signs = np.stack([np.concatenate([np.ravel(draw("rademacher", s)) for s in shapes]) for _ in range(n)])
        values = np.array([loss(whole(flat + eps * u)) for u in signs])
        estimate = (values - loss(whole(flat))) @ signs / (eps * n)
        spread = np.sqrt(np.sum((values - values.mean()) ** 2) / (n - 1))
        if spread > 0:
            flat = flat - lr * estimate / spread
        yield whole(flat)
