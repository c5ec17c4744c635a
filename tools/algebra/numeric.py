"""What operators and functions mean in NumPy, and how much work each is, known before it is done.

All values are float64 arrays; what holds is 1, what does not is 0. Matrices are the last two axes, channels the first one. What
LAPACK would not take (NaN, infinity) becomes NaN, and the mean or largest of no entries is 0, so that a run shows where it went wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.algebra.functions import FUNCTIONS, JOINT, RANDOM

Array = npt.NDArray[np.float64]
Meaning = Callable[..., Any]
MOST_STEPS = 100  # of newton_schulz
# in multiplications: one entry of an elementwise function; one entry times the longer axis in a decomposition
ENTRY, DECOMPOSED = 10, 30
MATRICES = frozenset({"trace", "diagonal", "upper_triangle"})
DECOMPOSITIONS = frozenset({"inverse", "inverse_root", "orthogonalize", "eigenvectors", "qr", "left_singular_vectors", "newton_schulz"})
NUMBERS = {"pi": math.pi, "inf": math.inf}


def whole(x: Any, what: str) -> int:
    """A length or a count. Raises ValueError."""
    if np.size(x) != 1 or not np.isfinite(x) or x < 0 or x != np.floor(x):
        raise ValueError(f"{what} must be a whole number from 0")
    return int(x)


def load(function: str, *xs: Array) -> tuple[int, int]:
    """How many entries the result will have, and the work in multiplications. Raises ValueError where shapes do not fit."""
    if function == "identity":
        return _entries(whole(xs[0], "the size") ** 2)
    if function == "gaussian_matrix":
        return _entries(whole(xs[0], "the number of rows") * whole(xs[1], "the number of columns"))
    if function == "outer":
        return _entries(xs[0].size * xs[1].size)
    if function == "matmul":
        return _product(xs)
    if (function in MATRICES or function in DECOMPOSITIONS) and xs[0].ndim < 2:
        raise ValueError("a matrix has two axes")
    if function in DECOMPOSITIONS:
        if any(x.size != 1 for x in xs[1:]):
            raise ValueError("all arguments but the first are single numbers")
        times = 6 * _steps(xs[4]) if function == "newton_schulz" else DECOMPOSED
        return xs[0].size, xs[0].size * (ENTRY + times * max(xs[0].shape[-2:]))
    return _entries(_broadcast_size(xs))


def _entries(count: int) -> tuple[int, int]:
    return count, count * ENTRY


def _broadcast_size(xs: tuple[Array, ...]) -> int:
    shape: tuple[int, ...] = ()
    for x in xs:
        if x.shape not in ((), shape):
            shape = np.broadcast_shapes(shape, x.shape) if shape else x.shape
    return math.prod(shape)


def _product(xs: tuple[Array, ...]) -> tuple[int, int]:
    """Of matrices from left to right, as NumPy does it; an upper bound where batches broadcast."""
    shape, largest, work = xs[0].shape, 0, 0
    for x in xs[1:]:
        if not shape or not x.ndim:
            raise ValueError("a product of matrices needs axes")
        inner = shape[-1]
        if inner != (x.shape[-2] if x.ndim > 1 else x.shape[0]):
            raise ValueError("the inner lengths of a product of matrices must agree")
        batch = np.broadcast_shapes(shape[:-2], x.shape[:-2])
        shape = (*batch, *shape[-2:-1], *(x.shape[-1:] if x.ndim > 1 else ()))
        largest = max(largest, math.prod(shape))
        work += math.prod(shape) * max(inner, ENTRY)
    return largest, work


def _axes(reduce: Meaning, axis: int | None) -> Meaning:
    """Reduction along one axis (None: all but the first) of a tensor of two or more; the axes stay, with length 1."""

    def along(x: Array) -> Any:
        if x.ndim < 2:
            raise ValueError("rows, columns and channels need two axes")
        return reduce(x, axis=tuple(range(1, x.ndim)) if axis is None else axis, keepdims=True)

    return along


def _mean(x: Array, **axes: Any) -> Any:
    total = np.sum(x, **axes)
    return total / max(x.size // max(total.size, 1), 1)


def _euclid(x: Array, **axes: Any) -> Any:
    return np.sqrt(np.sum(x * x, **axes))


def _largest(x: Array, **axes: Any) -> Any:
    return np.max(x, **axes) if x.size else np.sum(x, **axes)


def _length(axis: int, least: int) -> Meaning:
    return lambda x: x.shape[axis] if x.ndim >= least else 1


def _transpose(x: Array) -> Array:
    if x.ndim < 2:
        raise ValueError("a transpose needs two axes")
    return np.swapaxes(x, -1, -2)


def _matmul(*xs: Array) -> Any:
    result: Any = xs[0]
    for x in xs[1:]:
        result = np.matmul(result, x)
    return result


def _finite(act: Meaning) -> Meaning:
    """For what calls LAPACK: NaN, in the right shape, where an entry is not finite."""

    def guarded(x: Array, *more: Array) -> Any:
        if np.isfinite(x).all():
            return act(x, *more)
        return np.full_like(act(np.zeros_like(x), *more), np.nan)

    return guarded


def _inverse(a: Array) -> Any:
    if a.shape[-2] == a.shape[-1] and not np.isfinite(a).all():
        return np.full_like(a, np.nan)
    return np.linalg.inv(a)


def _inverse_root(a: Array, p: Array) -> Any:
    values, vectors = np.linalg.eigh(a)
    return np.matmul(vectors * np.power(values, -1 / p)[..., None, :], _transpose(vectors))


def _polar(x: Array) -> Any:
    u, values, vt = np.linalg.svd(x, full_matrices=False)
    # directions that x does not have stay 0: which ones LAPACK would take for them is chance
    kept = values > values[..., :1] * max(x.shape[-2:]) * np.finfo(np.float64).eps
    return np.matmul(u * kept[..., None, :], vt)


def _left_singular_vectors(x: Array, r: Array) -> Any:
    u = np.linalg.svd(x, full_matrices=False)[0][..., : whole(r, "the number of vectors")]
    if not u.size:
        return u
    # the sign of a singular vector is free; the largest entry of each is made positive so that runs can be compared
    top = np.take_along_axis(u, np.abs(u).argmax(axis=-2, keepdims=True), axis=-2)
    return u * np.sign(top)


def _trace(a: Array) -> Any:
    trace = np.trace(a, axis1=-2, axis2=-1)
    return trace[..., None, None] if a.ndim > 2 else trace


def _steps(steps: Array) -> int:
    count = whole(steps, "the number of steps")
    if count > MOST_STEPS:
        raise ValueError(f"at most {MOST_STEPS} steps are allowed")
    return count


def _newton_schulz(x: Array, a: Array, b: Array, c: Array, steps: Array) -> Any:
    """Jordan et al.'s iteration on the wide side; each matrix of a batch starts with Frobenius norm 1 (0 stays 0)."""
    tall = x.shape[-2] > x.shape[-1]
    x = _transpose(x) if tall else x
    length = np.sqrt(np.sum(x * x, axis=(-2, -1), keepdims=True))
    x = x / np.where(length == 0, 1, length)
    for _ in range(_steps(steps)):
        gram = np.matmul(x, _transpose(x))
        x = a * x + np.matmul(b * gram + c * np.matmul(gram, gram), x)
    return _transpose(x) if tall else x


OPERATORS: dict[str, Meaning] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.mod,
    "**": np.power,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
MEANING: dict[str, Meaning] = {
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
    "sign": lambda x: np.sign(np.nan_to_num(x, nan=0.0)),
    "floor": np.floor,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "cos": np.cos,
    "arccos": np.arccos,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "where": lambda condition, yes, no: np.where(condition != 0, yes, no),
    "norm": _euclid,
    "norm1": lambda x: np.sum(np.abs(x)),
    "max_abs": lambda x: np.max(np.abs(x), initial=0.0),
    "sum": np.sum,
    "mean": _mean,
    "rms": lambda x: np.sqrt(_mean(x * x)),
    "size": np.size,
    "rows": _length(-2, 2),
    "cols": _length(-1, 1),
    "channels": _length(0, 1),
    "trace": _trace,
    "dot": lambda x, y: np.sum(x * y),
    "row_mean": _axes(_mean, -1),
    "row_sum": _axes(np.sum, -1),
    "row_norm": _axes(_euclid, -1),
    "row_max": _axes(_largest, -1),
    "col_mean": _axes(_mean, -2),
    "col_sum": _axes(np.sum, -2),
    "col_norm": _axes(_euclid, -2),
    "col_max": _axes(_largest, -2),
    "channel_mean": _axes(_mean, None),
    "channel_sum": _axes(np.sum, None),
    "channel_norm": _axes(_euclid, None),
    "transpose": _transpose,
    "identity": lambda n: np.eye(int(n)),
    "inverse": _inverse,
    "orthogonalize": _finite(_polar),
    "eigenvectors": _finite(lambda a: np.linalg.eigh(a).eigenvectors),
    "qr": _finite(lambda a: np.linalg.qr(a).Q),
    "diagonal": lambda a: np.diagonal(a, axis1=-2, axis2=-1),
    "upper_triangle": np.triu,
    "inverse_root": _finite(_inverse_root),
    "left_singular_vectors": _finite(_left_singular_vectors),
    "outer": lambda x, y: np.multiply.outer(np.ravel(x), np.ravel(y)),
    "matmul": _matmul,
    "newton_schulz": _newton_schulz,
}
assert MEANING.keys() == FUNCTIONS.keys() - JOINT - RANDOM
