"""Natural gradient in NumPy: the Fisher matrix of all parameters together is written out, damped and solved with."""

import numpy as np


def flat(arrays):
    """All entries of all tensors as one vector."""
    return np.concatenate([np.reshape(x, -1) for x in arrays])


def steps(thetas, objectives, draw, lr, damping):
    """Yield the parameters (a list of float64 arrays, same shapes) after each step."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    for objective in objectives:
        each = objective.per_sample(thetas)  # of each tensor: (samples, *shape)
        samples = len(each[0])
        size = sum(x.size for x in thetas)
        fisher = np.zeros((size, size))
        for n in range(samples):
            score = flat([rows[n] for rows in each])
            fisher += np.outer(score, score) / samples
        gradient = flat(objective.gradient(thetas))
        direction = np.linalg.solve(fisher + damping * np.eye(size), gradient)
        new, start = [], 0
        for theta in thetas:
            part = direction[start : start + theta.size].reshape(theta.shape)
            new.append(np.asarray(theta - lr * part))
            start += theta.size
        thetas = new
        yield [x.copy() for x in thetas]
