"""AdaFisher in NumPy, written from the record's formulas: for each layer a table with one curvature for each of its weights."""

import numpy as np


def steps(thetas, objectives, draw, lr, beta, damping, gammas, update_interval, weight_decay):
    """Yield the parameters after each step. `objectives` give gradients and what layers saw, of lists of arrays; nothing is drawn."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    momentum = [np.zeros_like(x) for x in thetas]
    diagonals = {}
    forget, take = gammas
    for k, objective in enumerate(objectives):
        gradients, layers = objective.gradient(thetas), objective.factors(thetas)
        for i, (x, layer) in enumerate(zip(thetas, layers, strict=True)):
            momentum[i] = beta * momentum[i] + (1 - beta) * (gradients[i] + weight_decay * x)
            if layer is not None and k % update_interval == 0:
                inputs, slopes, whole = layer
                seen, back = (spread(np.mean(np.square(part), axis=(0, 1))) for part in (whole, slopes))
                old = diagonals.get(i, (1.0, 1.0))
                # a weight's inputs come first; the last is the 1 of the bias
                own = seen[: inputs.shape[-1]] if x.ndim > 1 else seen[-1:]
                diagonals[i] = tuple((1 - forget) * o + take * n for o, n in zip(old, (own, back), strict=True))
        new = []
        for i, x in enumerate(thetas):
            curvature = 1.0
            if i in diagonals:
                seen, back = diagonals[i]
                curvature = (np.outer(back, seen) + damping).reshape(x.shape)
            new.append(x - lr * momentum[i] / (1 - beta ** (k + 1)) / curvature)
        thetas = new
        yield thetas


def spread(x):
    return (x - x.min()) / (x.max() - x.min() + 1e-6)
