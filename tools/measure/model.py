"""A small loss, for methods that evaluate one: closed forms in NumPy for the equations, the bare value in torch for everybody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from tools.measure.tape import SHAPES, Array

# ordinary samples, one whose loss is zero everywhere, small ones: huge ones would send a method without a bound to infinity
WEIGHTS = (1.0, 1.0, 0.0, 1e-3, 1.0, 0.3, 1e-6, 1.0, 0.5, 1.0)


@dataclass(frozen=True)
class Sample:
    """One sample's loss: weight times (the sum of b x⁴/4 + a x²/2 - c x over all entries of the model, plus q⁴/4 with q the sum of w x).

    Curvature differs from place to place and is negative in some, and q ties all tensors together.
    """

    weight: float
    a: tuple[Array, ...]
    b: tuple[Array, ...]
    c: tuple[Array, ...]
    w: tuple[Array, ...]

    def value(self, xs: Sequence[Any]) -> Any:
        """Of NumPy arrays or of torch tensors."""
        like = torch.as_tensor if isinstance(xs[0], torch.Tensor) else np.asarray
        a, b, c, w = ([like(x) for x in row] for row in (self.a, self.b, self.c, self.w))
        own = sum((b * x**4 / 4 + a * x**2 / 2 - c * x).sum() for a, b, c, x in zip(a, b, c, xs, strict=True))
        return self.weight * (own + sum((w * x).sum() for w, x in zip(w, xs, strict=True)) ** 4 / 4)

    def gradient(self, xs: Sequence[Array]) -> list[Array]:
        q = self._along(xs)
        return [self.weight * (b * x**3 + a * x - c + q**3 * w) for a, b, c, w, x in zip(self.a, self.b, self.c, self.w, xs, strict=True)]

    def hvp(self, xs: Sequence[Array], vs: Sequence[Array]) -> list[Array]:
        q, p = self._along(xs), self._along(vs)
        rows = zip(self.a, self.b, self.w, xs, vs, strict=True)
        return [self.weight * ((3 * b * x**2 + a) * v + 3 * q**2 * p * w) for a, b, w, x, v in rows]

    def _along(self, xs: Sequence[Array]) -> float:
        return float(sum(np.sum(w * x) for w, x in zip(self.w, xs, strict=True)))


@dataclass(frozen=True)
class Model:
    """Start values and a loss that looks at another sample in every step; all float64."""

    thetas: tuple[Array, ...]
    samples: tuple[Sample, ...]
    steps: int

    def pick(self, numbers: Sequence[int]) -> Model:
        """The model of the tensors with these numbers, in this order."""

        def some(row: tuple[Array, ...]) -> tuple[Array, ...]:
            return tuple(row[i] for i in numbers)

        return Model(some(self.thetas), tuple(Sample(s.weight, *map(some, (s.a, s.b, s.c, s.w))) for s in self.samples), self.steps)

    def only(self, axes: Sequence[int]) -> Model:
        """The model of the tensors with these numbers of axes."""
        return self.pick([i for i, x in enumerate(self.thetas) if x.ndim in axes])

    def wide(self) -> Model:
        """The model without matrices that have as many rows as columns, or more."""
        return self.pick([i for i, x in enumerate(self.thetas) if x.ndim < 2 or x.shape[-2] < x.shape[-1]])

    def loss(self, step: int, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        return self._sample(step).value(tensors)

    def full(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        """The mean over all samples."""
        return sum(s.value(tensors) for s in self.samples) / len(self.samples)

    def objective(self, step: int) -> Evaluations:
        return Evaluations(self._sample(step), self.samples)

    def _sample(self, step: int) -> Sample:
        return self.samples[step % len(self.samples)]


@dataclass(frozen=True)
class Evaluations:
    """What the equations of one step may evaluate."""

    sample: Sample
    samples: tuple[Sample, ...]

    def value(self, thetas: Sequence[Array]) -> float:
        return float(self.sample.value(thetas))

    def gradient(self, thetas: Sequence[Array]) -> list[Array]:
        return self.sample.gradient(thetas)

    def full_gradient(self, thetas: Sequence[Array]) -> list[Array]:
        each = [s.gradient(thetas) for s in self.samples]
        return [np.mean(xs, axis=0) for xs in zip(*each, strict=True)]

    def hvp(self, thetas: Sequence[Array], vectors: Sequence[Array]) -> list[Array]:
        return self.sample.hvp(thetas, vectors)


def model(steps: int = 40, shapes: Sequence[tuple[int, ...]] = SHAPES, seed: int = 0, weights: Sequence[float] = WEIGHTS) -> Model:
    rng = np.random.default_rng(seed)

    def each(scale: float = 1.0, least: float = -np.inf) -> tuple[Array, ...]:
        return tuple(np.maximum(scale * np.asarray(rng.standard_normal(s)), least) for s in shapes)

    thetas = each()
    return Model(thetas, tuple(Sample(weight, each(), each(0.5, 0.1), each(), each(0.125)) for weight in weights), steps)
