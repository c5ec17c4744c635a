"""L-BFGS in NumPy: the inverse Hessian of the flattened model as a dense matrix, built anew in every step by BFGS updates."""

import numpy as np


def steps(thetas, objectives, draw, lr, history_size):
    """Yield the parameters (a list of float64 arrays, same shapes as given) after each step."""
    x = flat(thetas)
    step = last_gradient = None
    pairs = []
    for objective in objectives:
        g = flat(objective.gradient(split(x, thetas)))
        if step is None:
            rate = lr / max(1.0, np.abs(g).sum())
        else:
            rate = lr
            y = g - last_gradient
            if step @ y > 1e-10:
                pairs = [*pairs, (step, y)][-history_size:]
        step, last_gradient = -rate * (inverse_hessian(pairs, x.size) @ g), g
        x = x + step
        yield split(x, thetas)


def inverse_hessian(pairs, size):
    """BFGS updates by the pairs, oldest first, of the identity times the scale of the newest pair; the identity without a pair."""
    eye = np.eye(size)
    if not pairs:
        return eye
    s, y = pairs[-1]
    h = (s @ y) / (y @ y) * eye
    for s, y in pairs:
        rho = 1 / (s @ y)
        v = eye - rho * np.outer(y, s)
        h = v.T @ h @ v + rho * np.outer(s, s)
    return h


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays]).astype(np.float64)


def split(x, like):
    ends = np.cumsum([np.size(a) for a in like])
    return [part.reshape(np.shape(a)) for part, a in zip(np.split(x, ends[:-1]), like, strict=True)]
