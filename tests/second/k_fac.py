"""K-FAC in NumPy: every layer's Fisher block is written out as a Kronecker product of two damped second moments, and solved with."""

import numpy as np


def second_moment(vectors):
    """The sum of v vᵀ over the places and its mean over the samples; `vectors` is (samples, places, entries)."""
    total = np.zeros((vectors.shape[2], vectors.shape[2]))
    for sample in vectors:
        for v in sample:
            total += np.outer(v, v)
    return total / vectors.shape[0]


def mean_eigenvalue(moment):
    return np.trace(moment) / moment.shape[0]


def steps(thetas, objectives, draw, lr, damping, decay):
    """Yield the parameters (a list of float64 arrays, same shapes) after each step."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    sums_a = [0.0] * len(thetas)  # decayed sums of what was seen, with weight 1 - decay each
    sums_g = [0.0] * len(thetas)
    weights = [0.0] * len(thetas)  # the same sum of ones: dividing by it takes the start at zero away
    for objective in objectives:
        gradients = objective.gradient(thetas)
        records = objective.factors(thetas)
        new = []
        for i, (theta, gradient, record) in enumerate(zip(thetas, gradients, records, strict=True)):
            if record is None:
                new.append(np.asarray(theta - lr * gradient))
                continue
            inputs, slopes, _ = record
            places = slopes.shape[1]
            sums_a[i] = decay * sums_a[i] + (1 - decay) * second_moment(inputs)
            sums_g[i] = decay * sums_g[i] + (1 - decay) * second_moment(slopes) / places
            weights[i] = decay * weights[i] + (1 - decay)
            a, g = sums_a[i] / weights[i], sums_g[i] / weights[i]
            size_a, size_g = mean_eigenvalue(a), mean_eigenvalue(g)
            pi = 1.0 if size_a == 0 or size_g == 0 else np.sqrt(size_a / size_g)
            a = a + pi * np.sqrt(damping) * np.eye(len(a))
            g = g + np.sqrt(damping) / pi * np.eye(len(g))
            # row by row, the weight of output o and input i has number o * inputs + i, so that the block is G ⊗ A
            direction = np.linalg.solve(np.kron(g, a), np.reshape(gradient, -1))
            new.append(np.asarray(theta - lr * direction.reshape(theta.shape)))
        thetas = new
        yield [x.copy() for x in thetas]
