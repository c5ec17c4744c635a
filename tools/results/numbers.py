"""Small statistics, written out so that a page can show them: medians, quantiles, ranks with ties, correlations."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def quantile(values: Sequence[float], share: float) -> float:
    """The linear quantile between order statistics, as NumPy computes it by default."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)


def iqr(values: Sequence[float]) -> float:
    return quantile(values, 0.75) - quantile(values, 0.25)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation with n in the denominator."""
    centre = mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / len(values))


def geometric_mean(values: Sequence[float]) -> float:
    """The exponential of the mean logarithm; equal values give themselves, without rounding."""
    return values[0] if len(set(values)) == 1 else math.exp(mean([math.log(v) for v in values]))


def spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


def ranks(values: Sequence[float], *, higher: bool) -> list[float]:
    """Rank 1 is best; equal values share the mean of their ranks."""
    return [1 + sum((o > v) if higher else (o < v) for o in values) + (sum(o == v for o in values) - 1) / 2 for v in values]


def places(values: Sequence[float], *, higher: bool) -> list[int]:
    """Places as in a race: equal values share the better place, and the next one is left out."""
    return [1 + sum((o > v) if higher else (o < v) for o in values) for v in values]


def pearson(x: Sequence[float], y: Sequence[float]) -> float:
    mx, my = mean(x), mean(y)
    above = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    below = math.sqrt(math.fsum((a - mx) ** 2 for a in x) * math.fsum((b - my) ** 2 for b in y))
    return above / below if below else math.nan


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """The correlation of ranks, with mean ranks for ties."""
    return pearson(ranks(x, higher=True), ranks(y, higher=True))


def plain(value: float) -> str:
    """A number in the form that records use: 5e-5, 0.05, 1."""
    head, e, power = f"{value:.3g}".partition("e")
    return f"{head}e{int(power)}" if e else head
