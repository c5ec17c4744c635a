"""FZOO: zeroth-order steps in NumPy, divided by the spread of the perturbed losses (Dang et al. 2025, arXiv 2506.09034)."""

import numpy as np


def steps(thetas, objectives, draw, lr, eps, n):
    """Yield the parameters (a list of float64 arrays, same shapes) after each step."""
    if n < 2:
        raise ValueError(f"n must be at least 2, the standard deviation of one loss does not exist; got {n}")
    theta = [np.array(t, dtype=np.float64) for t in thetas]
    for objective in objectives:
        u = _directions(draw, [t.shape for t in theta], n)
        base = objective.value(list(theta))
        losses = np.array([objective.value(_move(theta, eps, [v[i] for v in u])) for i in range(n)], dtype=np.float64)
        sigma = _std(losses)
        # equal losses have no spread to divide by: the parameters stay as they are
        if sigma != 0:
            g = [np.tensordot(losses - base, v, axes=1) / (eps * n) for v in u]
            theta = _move(theta, -lr / sigma, g)
        yield list(theta)


def _directions(draw, shapes, n):
    """n directions, one after the other for the whole model, as one array (n, *shape) a tensor."""
    rows = [[np.asarray(draw("rademacher", shape), dtype=np.float64) for shape in shapes] for _ in range(n)]
    return [np.stack(column) for column in zip(*rows, strict=True)]


def _std(x):
    """Standard deviation with divisor n - 1, from the differences of all pairs: exactly 0 if and only if all are equal."""
    gaps = np.subtract.outer(x, x)
    return np.sqrt(np.sum(gaps**2) / (2 * x.size * (x.size - 1)))


def _move(theta, by, direction):
    # asarray: NumPy turns the sum of arrays without axes into a scalar
    return [np.asarray(t + by * d) for t, d in zip(theta, direction, strict=True)]
