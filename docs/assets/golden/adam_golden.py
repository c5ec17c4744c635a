"""Adam against its golden trajectories, with the standard library alone: python adam_golden.py adam.json"""

import json
import math
import sys


class Adam:
    """The port under test. It sees all numbers of a model as one list."""

    def __init__(self, size, lr, betas, eps):
        self.lr, self.betas, self.eps = lr, betas, eps
        self.m, self.v, self.t = [0.0] * size, [0.0] * size, 0

    def step(self, x, g):
        b1, b2 = self.betas
        self.t += 1
        self.m = [b1 * m + (1 - b1) * d for m, d in zip(self.m, g, strict=True)]
        self.v = [b2 * v + (1 - b2) * d * d for v, d in zip(self.v, g, strict=True)]
        first, second = 1 - b1**self.t, 1 - b2**self.t
        moments = zip(x, self.m, self.v, strict=True)
        return [a - self.lr * (m / first) / (math.sqrt(v / second) + self.eps) for a, m, v in moments]


def flat(nested):
    return [y for x in nested for y in flat(x)] if isinstance(nested, list) else [nested]


def largest_difference(file):
    worst = 0.0
    for case in file["cases"]:
        x = flat(case["start"])
        port = Adam(len(x), **case["hyperparameters"])
        for step in case["steps"]:
            x = port.step(x, flat(step["gradients"]))
            for a, b in zip(x, flat(step["parameters"]), strict=True):
                worst = max(worst, abs(a - b) / max(1.0, abs(b)))
    return worst


with open(sys.argv[1], encoding="utf-8") as source:
    difference = largest_difference(json.load(source))
print(f"largest difference: {difference:.1e}")
sys.exit(difference > 1e-12)
