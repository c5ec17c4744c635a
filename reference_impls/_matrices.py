"""Functions of whole matrices (the last two axes; axes before them are batches). What is not finite gives NaN, not an error."""

from collections.abc import Callable

import torch
from torch import Tensor

from reference_impls._state import tracer

TOGETHER = 3  # Newton-Schulz steps of a matrix that is twice as long as wide, or more


def refreshed(due: Tensor, new: Callable[[], Tensor], old: Tensor) -> Tensor:
    """`new()` where it is due, else `old`. Saves the work in between, except in vectorised runs, which do both."""
    if mark := tracer.get():
        return mark(torch.where(due, new(), old))
    if torch.compiler.is_compiling() or torch._C._functorch.is_batchedtensor(due):
        return torch.where(due, new(), old)
    return new() if due else old


def inverse_root(a: Tensor, p: float) -> Tensor:
    """A to the power -1/p, for symmetric positive definite A; eigenvalues that rounding may have made negative count as rounding."""
    a, fault = _finite(a)
    values, vectors = torch.linalg.eigh(a)
    rounding = values[..., -1:] * a.shape[-1] * torch.finfo(a.dtype).eps
    return (vectors * torch.maximum(values, rounding).unsqueeze(-2) ** (-1 / p)) @ vectors.mT + fault


def eigenvectors(a: Tensor) -> Tensor:
    """Eigenvectors of a symmetric matrix as columns, by ascending eigenvalue."""
    a, fault = _finite(a)
    return torch.linalg.eigh(a).eigenvectors + fault


def qr(a: Tensor) -> Tensor:
    """The orthogonal factor of A = QR."""
    a, fault = _finite(a)
    return torch.linalg.qr(a).Q + fault


def orthogonalize(x: Tensor) -> Tensor:
    """All singular values above rounding become 1, the others 0."""
    x, fault = _finite(x)
    u, values, vt = torch.linalg.svd(x, full_matrices=False)
    kept = values > values[..., :1] * max(x.shape[-2:]) * torch.finfo(x.dtype).eps
    return (u * kept.unsqueeze(-2)) @ vt + fault


def left_singular_vectors(x: Tensor, r: int) -> Tensor:
    """The first r left singular vectors as columns, the largest entry of each positive; 0 where there are fewer."""
    x, fault = _finite(x)
    u = torch.linalg.svd(x, full_matrices=False).U[..., :r]
    u = u * torch.sign(u.gather(-2, u.abs().argmax(-2, keepdim=True))) + fault
    return torch.nn.functional.pad(u, (0, r - u.shape[-1]))


def newton_schulz(x: Tensor, coefficients: tuple[float, float, float], steps: int) -> Tensor:
    """Steps of X -> (aI + bA + cA^2)X with A = XX^T from X over its norm (0 stays 0); of a tall X, those of its transpose.

    Of a long X, `TOGETHER` steps are taken on A alone, which is small: X -> P2 P1 X and A -> P1 A P1, with P1 the first step's factor.
    More at once need more digits than bfloat16 has: the smallest eigenvalues of A grow tenfold a step, and with them what rounding made.
    In bfloat16, as Muon's own code does, where torch is told that this is good enough: `set_float32_matmul_precision("medium")`.
    """
    short, long = sorted(x.shape[-2:])
    tall, count = x.shape[-2] > short, TOGETHER if long >= 2 * short else 1
    length = torch.linalg.matrix_norm(x, keepdim=True)
    dtype, coarse = x.dtype, torch.get_float32_matmul_precision() == "medium"
    x = (x / torch.where(length == 0, 1, length)).to(torch.bfloat16 if coarse and dtype == torch.float32 else dtype)
    for done in range(0, steps, count):
        polynomial = _steps_of(x.mT @ x if tall else x @ x.mT, coefficients, min(count, steps - done))
        x = x @ polynomial if tall else polynomial @ x
    return x.to(dtype)


def _steps_of(gram: Tensor, coefficients: tuple[float, float, float], count: int) -> Tensor:
    """What some Newton-Schulz steps multiply a matrix X with, from XX^T."""
    a, b, c = coefficients
    linear = a * torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    total = polynomial = linear + b * gram + c * (gram @ gram)
    for _ in range(count - 1):
        gram = polynomial @ gram @ polynomial
        polynomial = linear + b * gram + c * (gram @ gram)
        total = polynomial @ total
    return total


def _finite(x: Tensor) -> tuple[Tensor, Tensor]:
    """What LAPACK takes, and a term that is NaN where that is not `x`."""
    fine = torch.isfinite(x).all()
    return torch.where(fine, x, 0), torch.where(fine, 0.0, torch.nan).to(x.dtype)


def largest_row_bound(a: Tensor) -> Tensor:
    """A lower bound of the largest eigenvalue of a symmetric positive semidefinite matrix, from its longest row: (..., 1, 1)."""
    lengths = torch.linalg.vector_norm(a, dim=-1, keepdim=True)
    row = a.gather(-2, lengths.argmax(-2, keepdim=True).expand(*a.shape[:-2], 1, a.shape[-1]))
    x = row @ a
    return torch.linalg.vector_norm(x @ a, dim=-1, keepdim=True) / torch.linalg.vector_norm(x, dim=-1, keepdim=True)
