"""Natural gradient in NumPy, written from the record's formulas: the Fisher matrix of the whole model, and one linear system with it."""

import numpy as np


def steps(thetas, objectives, draw, lr, damping):
    """Yield the parameters after each step. `objectives` give the gradient of each sample, of lists of arrays; nothing is drawn."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    cuts = np.cumsum([x.size for x in thetas])[:-1]
    for objective in objectives:
        rows = np.concatenate([j.reshape(len(j), -1) for j in objective.per_sample(thetas)], axis=1)
        fisher = sum(np.outer(row, row) for row in rows) / len(rows)
        natural = np.linalg.solve(fisher + damping * np.eye(rows.shape[1]), rows.mean(0))
        thetas = [x - lr * n.reshape(x.shape) for x, n in zip(thetas, np.split(natural, cuts), strict=True)]
        yield thetas
