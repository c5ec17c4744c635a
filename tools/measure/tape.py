"""Fixed rows of gradients: no model, no loss, no noise. Whoever gets the same rows must take the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
SHAPES: tuple[tuple[int, ...], ...] = ((), (7,), (4, 5), (5, 4), (3, 2, 3, 3))
MATRIX_SHAPES: tuple[tuple[int, ...], ...] = ((4, 5), (5, 4), (6, 6))
# ordinary rows, an exactly zero one, tiny and huge ones, and a constant stretch, so that eps, corrections and limits all show
SCALES = (1.0, 1.0, 0.0, 1e-6, 1e3, 1.0, 1e-3, 1.0, 30.0, 1.0)


@dataclass(frozen=True)
class Tape:
    """Start values and one row of gradients a step; all float64."""

    thetas: tuple[Array, ...]
    rows: tuple[tuple[Array, ...], ...]

    @property
    def steps(self) -> int:
        return len(self.rows)

    def pick(self, numbers: Sequence[int]) -> Tape:
        """The tape of the tensors with these numbers, in this order."""
        return Tape(tuple(self.thetas[i] for i in numbers), tuple(tuple(row[i] for i in numbers) for row in self.rows))

    def only(self, axes: Sequence[int]) -> Tape:
        """The tape of the tensors with these numbers of axes."""
        return self.pick([i for i, x in enumerate(self.thetas) if x.ndim in axes])

    def wide(self) -> Tape:
        """The tape without matrices that have as many rows as columns, or more."""
        return self.pick([i for i, x in enumerate(self.thetas) if x.ndim < 2 or x.shape[-2] < x.shape[-1]])


@dataclass(frozen=True)
class Rows:
    """One row of a tape as an objective: the same gradient everywhere."""

    row: tuple[Array, ...]

    def gradient(self, thetas: Sequence[Array]) -> list[Array]:
        return list(self.row)


def tape(steps: int = 40, shapes: Sequence[tuple[int, ...]] = SHAPES, seed: int = 0, scales: Sequence[float] = SCALES) -> Tape:
    """A tape of `steps` rows; every fourth stretch of ten repeats one gradient."""
    rng = np.random.default_rng(seed)
    thetas = tuple(np.asarray(rng.standard_normal(s)) for s in shapes)
    rows: list[tuple[Array, ...]] = []
    for step in range(steps):
        if step % 40 >= 30 and rows:
            rows.append(rows[-1])
            continue
        rows.append(tuple(np.asarray(scales[step % len(scales)] * rng.standard_normal(s)) for s in shapes))
    return Tape(thetas, tuple(rows))


def difference(ours: Sequence[Sequence[Array]], theirs: Sequence[Sequence[Array]]) -> float:
    """The largest distance between two trajectories, relative to the size of the parameters where they are larger than 1.

    Values that are not finite count as equal only in the same places and with the same sign; otherwise the distance is infinite.
    """
    worst = 0.0
    for row, other in zip(ours, theirs, strict=True):
        for a, b in zip(row, other, strict=True):
            if a.shape != b.shape:
                return float("inf")
            if not a.size:
                continue
            finite = np.isfinite(a) & np.isfinite(b)
            if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
                return float("inf")
            if finite.any():
                size = max(1.0, float(np.max(np.abs(b[finite]))))
                worst = max(worst, float(np.max(np.abs(a[finite] - b[finite]))) / size)
    return worst
