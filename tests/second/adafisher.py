"""AdaFisher in NumPy: a table of one curvature for each weight, filled entry by entry, divides the corrected first moment."""

import numpy as np


def mean_squares(vectors):
    """Of each entry, over all samples and places; `vectors` is (samples, places, entries)."""
    samples, places, entries = vectors.shape
    total = np.zeros(entries)
    for n in range(samples):
        for p in range(places):
            total += vectors[n, p] ** 2
    return total / (samples * places)


def to_unit_interval(x):
    return (x - np.min(x)) / (np.max(x) - np.min(x) + 1e-6)


def table(theta, h, s, damping):
    """The curvature of every entry of a weight or of a bias, whose input is the last that the layer sees."""
    rows = theta.shape[0]
    columns = theta.size // rows
    curvature = np.empty((rows, columns))
    for o in range(rows):
        for i in range(columns):
            curvature[o, i] = s[o] * (h[-1] if theta.ndim == 1 else h[i]) + damping
    return curvature.reshape(theta.shape)


def steps(thetas, objectives, draw, lr, beta, damping, gammas, update_interval, weight_decay):
    """Yield the parameters (a list of float64 arrays, same shapes) after each step."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    moments = [np.zeros_like(x) for x in thetas]
    layers = {}  # number of a tensor: the two vectors of its layer
    for t, objective in enumerate(objectives, start=1):
        gradients, records = objective.gradient(thetas), objective.factors(thetas)
        if (t - 1) % update_interval == 0:
            for i, record in enumerate(records):
                if record is None:
                    continue
                _, slopes, whole = record
                h, s = layers.get(i, (np.ones(whole.shape[2]), np.ones(slopes.shape[2])))
                h = (1 - gammas[0]) * h + gammas[1] * to_unit_interval(mean_squares(whole))
                s = (1 - gammas[0]) * s + gammas[1] * to_unit_interval(mean_squares(slopes))
                layers[i] = (h, s)
        new = []
        for i, theta in enumerate(thetas):
            penalised = gradients[i] + weight_decay * theta
            moments[i] = beta * moments[i] + (1 - beta) * penalised
            corrected = moments[i] / (1 - beta**t)
            curvature = table(theta, *layers[i], damping) if i in layers else 1.0
            new.append(np.asarray(theta - lr * corrected / curvature))
        thetas = new
        yield [x.copy() for x in thetas]
