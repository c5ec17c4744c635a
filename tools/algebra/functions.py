"""The functions of the language: how many arguments each takes, and what kind of value it gives.

`numeric.py` gives each its meaning in NumPy and `latex.py` its picture; a test holds the three tables together.
Matrices are the last two axes of a tensor; axes before them are batches. Channels are the first axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Gives = Literal["elementwise", "scalar", "tensor"]


@dataclass(frozen=True)
class Function:
    """Least and most number of arguments, what the value is (as large as the arguments, one number, a tensor) and the meaning."""

    least: int
    most: int
    gives: Gives
    meaning: str


def _table(gives: Gives, least: int, most: int | None = None, **meanings: str) -> dict[str, Function]:
    return {name: Function(least, most or least, gives, meaning) for name, meaning in meanings.items()}


FUNCTIONS: dict[str, Function] = {
    **_table(
        "elementwise",
        1,
        sqrt="square root",
        cbrt="cube root",
        exp="exponential function",
        log="natural logarithm",
        abs="absolute value",
        sign="-1, 0 or 1; 0 of what is no number",
        floor="largest whole number not above",
        tanh="hyperbolic tangent",
        sigmoid="logistic function",
        cos="cosine",
        arccos="inverse cosine",
    ),
    **_table("elementwise", 2, minimum="smaller of two", maximum="larger of two"),
    **_table("elementwise", 3, clip="x held between low and high", where="second value where the condition holds, else the third"),
    **_table(
        "scalar",
        1,
        norm="Euclidean norm over all entries",
        norm1="sum of absolute values",
        max_abs="largest absolute value",
        sum="sum of the entries",
        mean="mean of the entries",
        rms="root of the mean square",
        size="number of entries",
        rows="length of the second-last axis",
        cols="length of the last axis",
        channels="length of the first axis",
        trace="sum of the diagonal",
        total="sum over all entries of all tensors of the model",
        value="the objective",
    ),
    **_table("scalar", 2, dot="inner product over all entries"),
    **_table(
        "tensor",
        1,
        row_mean="mean of each row",
        row_sum="sum of each row",
        row_norm="Euclidean norm of each row",
        row_max="largest entry of each row",
        col_mean="mean of each column",
        col_sum="sum of each column",
        col_norm="Euclidean norm of each column",
        col_max="largest entry of each column",
        channel_mean="mean of each channel: over all axes but the first",
        channel_sum="sum of each channel: over all axes but the first",
        channel_norm="Euclidean norm of each channel: over all axes but the first",
        transpose="exchange of the last two axes",
        identity="identity matrix of a size",
        inverse="inverse matrix",
        orthogonalize="orthogonal polar factor UVᵀ of X = USVᵀ",
        eigenvectors="eigenvectors of a symmetric matrix as columns, eigenvalues ascending",
        qr="orthogonal factor Q of the decomposition X = QR",
        diagonal="diagonal of a matrix",
        upper_triangle="upper triangle of a matrix with its diagonal, zeros below",
        rademacher="random signs, shaped as the argument",
        gaussian="standard normal draws, shaped as the argument",
        gradient="gradient of the objective",
        full_gradient="gradient over all data",
        inner_step="change that the wrapped method would make with this gradient; wrappers only, once a step",
    ),
    **_table(
        "tensor",
        2,
        inverse_root="A to the power -1/p, A symmetric positive definite",
        left_singular_vectors="the first r left singular vectors as columns",
        outer="outer product",
        gaussian_matrix="standard normal draws of a size",
        hvp="Hessian of the objective times a vector",
    ),
    **_table("tensor", 2, 4, matmul="matrix product"),
    **_table("tensor", 5, newton_schulz="steps of X → aX + (bA + cA²)X with A = XXᵀ, from X/‖X‖"),
}

OBJECTIVE = frozenset({"value", "gradient", "full_gradient", "hvp"})
JOINT = OBJECTIVE | {"total", "inner_step"}  # look at all tensors of the model at once
RANDOM = frozenset({"rademacher", "gaussian", "gaussian_matrix"})
CONSTANTS = frozenset({"t", "pi", "inf"})
