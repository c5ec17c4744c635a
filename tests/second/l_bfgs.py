"""L-BFGS in NumPy, written from the record's formulas: the inverse Hessian of the whole model by its recursion."""

import numpy as np


def steps(thetas, objectives, draw, lr, history_size):
    """Yield the parameters after each step. `objectives` give gradients of lists of arrays; nothing is drawn."""
    shapes = [np.shape(x) for x in thetas]
    cuts = np.cumsum([int(np.prod(s, dtype=int)) for s in shapes])[:-1]
    flat = np.concatenate([np.ravel(x) for x in thetas]).astype(np.float64)
    pairs, last = [], None

    def whole(vector):
        return [part.reshape(s) for part, s in zip(np.split(vector, cuts), shapes, strict=True)]

    for objective in objectives:
        g = np.concatenate([np.ravel(x) for x in objective.gradient(whole(flat))])
        rate = lr * min(1, 1 / np.abs(g).sum()) if last is None else lr
        if last is not None:
            step, old = last
            y = g - old
            if step @ y > 1e-10:
                pairs = [*pairs, (step, y)][-history_size:]
        step = -rate * product(pairs, g, scale(pairs))
        flat, last = flat + step, (step, g)
        yield whole(flat)


def scale(pairs):
    return pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) if pairs else 1.0


def product(pairs, v, scale):
    """The BFGS inverse Hessian after these pairs times v: that before the newest one, between two projections, and a rank-one term."""
    if not pairs:
        return scale * v
    *older, (s, y) = pairs
    rho = 1 / (s @ y)
    inner = product(older, v - rho * y * (s @ v), scale)
    return inner + rho * s * (s @ v - y @ inner)
