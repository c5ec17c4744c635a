"""K-FAC in NumPy, written from the record's formulas: each layer's damped Fisher block as the Kronecker product that it is."""

import numpy as np


def steps(thetas, objectives, draw, lr, damping, decay):
    """Yield the parameters after each step. `objectives` give gradients and what layers saw, of lists of arrays; nothing is drawn."""
    thetas = [np.array(x, dtype=np.float64) for x in thetas]
    moments = {}
    for k, objective in enumerate(objectives, 1):
        gradients, layers, new = objective.gradient(thetas), objective.factors(thetas), []
        for i, (x, g, layer) in enumerate(zip(thetas, gradients, layers, strict=True)):
            direction = g
            if layer is not None:
                inputs, slopes, _ = layer
                samples, places = inputs.shape[:2]
                seen = sum(np.outer(v, v) for sample in inputs for v in sample) / samples
                back = sum(np.outer(v, v) for sample in slopes for v in sample) / (samples * places)
                old = moments.get(i, (0, 0))
                moments[i] = decay * old[0] + (1 - decay) * seen, decay * old[1] + (1 - decay) * back
                a, b = (x / (1 - decay**k) for x in moments[i])
                sizes = np.trace(a) / len(a), np.trace(b) / len(b)
                pi = np.sqrt(sizes[0] / sizes[1]) if min(sizes) > 0 else 1.0
                root = np.sqrt(damping)
                # vec by rows: the entry (i, j) of a weight is number i * columns + j
                block = np.kron(b + root / pi * np.eye(len(b)), a + root * pi * np.eye(len(a)))
                direction = np.linalg.solve(block, g.ravel()).reshape(x.shape)
            new.append(x - lr * direction)
        thetas = new
        yield thetas
