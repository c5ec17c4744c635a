"""mL-BFGS in NumPy: the inverse Hessian of the flattened model as a dense matrix, built anew by BFGS updates with every new pair."""

import numpy as np


def steps(thetas, objectives, draw, lr, betas, update_frequency, history_size, tau, sigma_low, sigma_high):
    """Yield the parameters (a list of float64 arrays, same shapes as given) after each step."""
    x = flat(thetas)
    means = snapshot = None  # each a pair: of the parameters, of the gradients
    pairs = []
    inverse = np.eye(x.size)
    for t, objective in enumerate(objectives, start=1):
        g = flat(objective.gradient(split(x, thetas)))
        now = (x, g)
        means = now if means is None else tuple(b * m + (1 - b) * v for b, m, v in zip(betas, means, now, strict=True))
        if t % update_frequency == 0:
            if snapshot is not None:
                s, y = (m - old for m, old in zip(means, snapshot, strict=True))
                if s.any():
                    share = portion(s @ y / (s @ s), tau, sigma_low, sigma_high)
                    pairs = [*pairs, (s, share * y + (1 - share) * s)][-history_size:]
                    inverse = inverse_hessian(pairs)
            snapshot = means
        x = x - lr * (inverse @ g)
        yield split(x, thetas)


def portion(mu, tau, low, high):
    """How much of the difference of gradients a pair of curvature mu keeps."""
    if mu <= low:
        return min((1 - low) / (1 - mu), tau)
    if mu >= high:
        return min((high - 1) / (mu - 1), tau)
    return tau


def inverse_hessian(pairs):
    """BFGS updates by the pairs, oldest first, of the identity times <s, y> / <y, y> of the newest pair."""
    s, y = pairs[-1]
    eye = np.eye(s.size)
    h = (s @ y) / (y @ y) * eye
    for s, y in pairs:
        rho = 1 / (s @ y)
        h = (eye - rho * np.outer(s, y)) @ h @ (eye - rho * np.outer(y, s)) + rho * np.outer(s, s)
    return h


def flat(arrays):
    return np.concatenate([np.ravel(a) for a in arrays]).astype(np.float64)


def split(x, like):
    ends = np.cumsum([np.size(a) for a in like])
    return [part.reshape(np.shape(a)) for part, a in zip(np.split(x, ends[:-1]), like, strict=True)]
