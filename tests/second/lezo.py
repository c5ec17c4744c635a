"""LeZO: zeroth-order SGD that perturbs and moves only a random part of the layers in each step (Wang et al. 2024)."""

import numpy as np


def steps(thetas, objectives, draw, lr, eps, sparsity):
    """Yield the parameters (a list of float64 arrays, same shapes) after each step."""
    thetas = [np.array(theta, dtype=np.float64) for theta in thetas]
    for objective in objectives:
        z = [np.asarray(draw("gaussian", theta.shape), dtype=np.float64) for theta in thetas]
        active = active_layers([float(draw("gaussian", ())) for _ in thetas], sparsity)
        above = float(objective.value(moved(thetas, z, active, eps)))
        below = float(objective.value(moved(thetas, z, active, -eps)))
        slope = (above - below) / (2 * eps)
        thetas = moved(thetas, z, active, -lr * slope)
        yield [theta.copy() for theta in thetas]


def active_layers(numbers, sparsity):
    """Of L layers, floor(sparsity * L) rest: those with the largest numbers. True where a layer is active."""
    resting = int(np.floor(sparsity * len(numbers)))
    active = np.zeros(len(numbers), dtype=bool)
    active[np.argsort(numbers, kind="stable")[: len(numbers) - resting]] = True
    return active


def moved(thetas, z, active, distance):
    """New arrays: the active layers that far along their directions, the resting ones where they are."""
    return [np.array(theta + distance * direction if on else theta) for theta, direction, on in zip(thetas, z, active, strict=True)]
