"""mL-BFGS in NumPy, written from the record's formulas: the inverse Hessian of the whole model by its recursion."""

import numpy as np


def steps(thetas, objectives, draw, lr, betas, update_frequency, history_size, tau, sigma_low, sigma_high):
    """Yield the parameters after each step. `objectives` give gradients of lists of arrays; nothing is drawn."""
    shapes = [np.shape(x) for x in thetas]
    cuts = np.cumsum([int(np.prod(s, dtype=int)) for s in shapes])[:-1]
    flat = np.concatenate([np.ravel(x) for x in thetas]).astype(np.float64)
    means, noted, pairs = None, None, []

    def whole(vector):
        return [part.reshape(s) for part, s in zip(np.split(vector, cuts), shapes, strict=True)]

    for t, objective in enumerate(objectives, 1):
        g = np.concatenate([np.ravel(x) for x in objective.gradient(whole(flat))])
        now = (flat, g)
        means = now if means is None else tuple(b * m + (1 - b) * x for b, m, x in zip(betas, means, now, strict=True))
        if t % update_frequency == 0:
            if noted is not None:
                s, y = means[0] - noted[0], means[1] - noted[1]
                if s @ s > 0:
                    pairs = [*pairs, (s, damped(s, y, tau, sigma_low, sigma_high))][-history_size:]
            noted = means
        flat = flat - lr * product(pairs, g, scale(pairs))
        yield whole(flat)


def damped(s, y, limit, low, high):
    mu = (s @ y) / (s @ s)
    share = limit
    if mu <= low:
        share = min(share, (1 - low) / (1 - mu))
    elif mu >= high:
        share = min(share, (high - 1) / (mu - 1))
    return share * y + (1 - share) * s


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
