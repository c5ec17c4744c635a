"""Facts read off the running code: to what a method is blind, what it evaluates, and how many bytes it remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from reference_impls import load
from tools.catalog.schema import Optimizer
from tools.measure.model import Model, model
from tools.measure.network import network
from tools.measure.players import Array, Trajectory, build, by_reference, drawn, evaluates, feed, looks_inside, take
from tools.measure.tape import MATRIX_SHAPES, SHAPES, Tape, difference, tape

Turns = Mapping[int, Array]  # an orthogonal matrix for each length of an axis


@dataclass(frozen=True)
class Changed:
    """A model in other coordinates: the parameters turned and shifted, the loss multiplied, and random numbers turned along."""

    problem: Model
    turns: Turns
    shift: float
    factor: float

    @property
    def thetas(self) -> list[Array]:
        return [turned(x, self.turns) + self.shift for x in self.problem.thetas]

    @property
    def steps(self) -> int:
        return self.problem.steps

    def loss(self, step: int, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        return self.factor * self.problem.loss(step, self._back(tensors))

    def full(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        return self.factor * self.problem.full(self._back(tensors))

    def drawn(self, kind: str, shape: Sequence[int], t: int) -> Array:
        """Normal numbers and turned ones are alike; of random signs that is so only where they remain signs."""
        plain = drawn(kind, shape, t)
        new = turned(plain, self.turns)
        return new if kind == "gaussian" or np.array_equal(np.abs(new), np.ones(shape)) else plain

    def _back(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        back = {n: torch.tensor(q.T) for n, q in self.turns.items()}
        return [turned(x - self.shift, back) for x in tensors]


def turned(x: Any, turns: Mapping[int, Any]) -> Any:
    """A vector multiplied by the matrix of its length; of a matrix, rows and columns. For arrays and tensors.

    A length without a matrix, such as a rank, is no axis of the parameters and stays as it is.
    """
    if x.ndim and x.shape[0] in turns:
        x = turns[x.shape[0]] @ x
    if x.ndim == 2 and x.shape[1] in turns:
        x = x @ turns[x.shape[1]].T
    return x


def invariances(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, float]:
    """For each change of the problem: how far the path is from the changed path of the original problem. 0 is blind to it.

    The changes: all gradients times 8 and times 1/8; entries (rows and columns of matrices) permuted; signs of entries flipped
    (of whole rows and columns for matrices); the space rotated (rows and columns); all parameters shifted by a constant.
    """
    # rows of ordinary size, since only what happens at usual settings is of interest here
    shapes = SHAPES[2:4] if optimizer.parameter_scope.accepts == "matrices" else SHAPES[1:4]
    inside = looks_inside(load(optimizer.id))
    original: Any = tape(20, shapes, 7, (1.0,))
    if evaluates(load(optimizer.id)):
        original = (network if inside else model)(20, shapes, 7, (1.0,) * 5)
    path = by_reference(optimizer, hyper, original)
    rng = np.random.default_rng(11)
    same = {n: np.eye(n) for n in (4, 5, 7)}
    orders = {n: np.eye(n)[rng.permutation(n)] for n in same}
    signs = {n: np.diag(rng.choice((-1.0, 1.0), n)) for n in same}
    turns = {n: np.linalg.qr(rng.standard_normal((n, n))).Q for n in same}

    def distance(turns: Turns = same, shift: float = 0.0, factor: float = 1.0) -> float:
        changed: Any = original.changed(turns, shift, factor) if inside else Changed(original, turns, shift, factor)
        if isinstance(original, Tape):
            changed = Tape(tuple(changed.thetas), tuple(tuple(factor * turned(g, turns) for g in row) for row in original.rows))
        return difference(by_reference(optimizer, hyper, changed), [[turned(x, turns) + shift for x in row] for row in path])

    return {
        "gradient_scale": max(distance(factor=8.0), distance(factor=1 / 8)),
        "permutation": distance(orders),
        "sign_flip": distance(signs),
        "rotation": distance(turns),
        "parameter_shift": distance(shift=3.0),
    }


def evaluations(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, float]:
    """How often a step evaluates values, gradients and Hessian-vector products, on average, by kind."""
    problem = model(shapes=MATRIX_SHAPES if optimizer.parameter_scope.accepts == "matrices" else SHAPES)
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    method = build(load(optimizer.id), parameters, hyper)
    for step in range(problem.steps):
        take(method, parameters, problem, step)
    return {kind: number / problem.steps for kind, number in sorted(method.evaluations.items())}


def state_bytes(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, float]:
    """Bytes of optimizer state a parameter, from the tensors themselves: a 256 x 256 matrix and a vector of 256, float32."""
    found = {}
    for name, shape in sizes(optimizer):
        parameter = torch.nn.Parameter(torch.ones(shape))
        method = build(load(optimizer.id), [parameter], hyper)
        feed(method, [parameter], [torch.ones(shape)])
        total = sum(v.numel() * v.element_size() for v in method.state[parameter].values() if isinstance(v, torch.Tensor) and v.numel() > 1)
        found[name] = total / parameter.numel()
    return found


def temporary_bytes(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, float]:
    """Bytes a parameter that the third eager step takes on top of parameters, gradients and state, at its peak; float32.

    Of torch's allocator, so workspaces of decompositions count too. Of a method that evaluates a loss, what that takes counts.
    """
    found = {}
    for name, shape in sizes(optimizer):
        parameter = torch.nn.Parameter(torch.ones(shape))
        method = build(load(optimizer.id), [parameter], hyper)
        for _ in range(2):
            feed(method, [parameter], [torch.ones(shape)])
        parameter.grad = torch.ones(shape)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            feed(method, [parameter], [parameter.grad])
        events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
        taken = np.cumsum([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())])
        found[name] = float(max(taken, default=0)) / parameter.numel()
    return found


def sizes(optimizer: Optimizer) -> list[tuple[str, tuple[int, ...]]]:
    """The tensors on which memory is measured, as far as the method takes them."""
    vector: list[tuple[str, tuple[int, ...]]] = [] if optimizer.parameter_scope.accepts == "matrices" else [("vector", (256,))]
    return [("matrix", (256, 256)), *vector]


def tensor_kinds(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, str]:
    """Which kinds of tensors a method takes: "works" (one step gives finite numbers of the same kind), "refused" in words, or "fails"."""
    tests: dict[str, tuple[torch.dtype, tuple[int, ...]]] = {
        "bfloat16": (torch.bfloat16, (4, 5)),
        "float16": (torch.float16, (4, 5)),
        "complex": (torch.complex64, (4, 5)),
        "sparse gradient": (torch.float32, (4, 5)),
        "number (0 axes)": (torch.float32, ()),
        "four axes": (torch.float32, (3, 2, 3, 3)),
        "empty": (torch.float32, (0, 3)),
    }
    if optimizer.parameter_scope.accepts == "matrices":
        del tests["number (0 axes)"]
    return {
        name: outcome(optimizer, hyper, torch.full(shape, 0.5, dtype=dtype), sparse=name.startswith("sparse"))
        for name, (dtype, shape) in tests.items()
    }


def spoiled(problem: Tape | Model, value: float) -> Tape | Model:
    """The problem with `value` in one entry of one matrix's third gradient; of a model, as the weight of the third sample."""
    if isinstance(problem, Model):
        samples = [replace(s, weight=value) if i == 2 else s for i, s in enumerate(problem.samples)]
        return replace(problem, samples=tuple(samples))
    rows = [[np.array(g) for g in row] for row in problem.rows]
    next(g for g in rows[2] if g.ndim == 2)[1, 2] = value
    return Tape(problem.thetas, tuple(map(tuple, rows)))


def reach(optimizer: Optimizer, hyper: Mapping[str, Any], value: float) -> str:
    """What is no finite number five steps after one entry of one gradient was `value` (or one sample's loss, where that is evaluated)."""
    shapes = MATRIX_SHAPES if optimizer.parameter_scope.accepts == "matrices" else SHAPES
    problem = (model if evaluates(load(optimizer.id)) else tape)(8, shapes)
    with np.errstate(all="ignore"):
        last = by_reference(optimizer, hyper, spoiled(problem, value))[-1]
    hit = [int(np.sum(~np.isfinite(x))) for x in last]
    if not any(hit):
        return "nothing"
    if sum(map(bool, hit)) > 1:
        return "several tensors"
    return "the entry" if max(hit) == 1 else "the tensor"


def non_finite(optimizer: Optimizer, hyper: Mapping[str, Any]) -> dict[str, str]:
    """How far a NaN reaches, and an infinite gradient (of a method that evaluates a loss, a NaN alone)."""
    values = {"nan": float("nan")} | ({} if evaluates(load(optimizer.id)) else {"inf": float("inf")})
    return {name: reach(optimizer, hyper, value) for name, value in values.items()}


def outcome(optimizer: Optimizer, hyper: Mapping[str, Any], start: torch.Tensor, sparse: bool) -> str:
    """What becomes of one step from `start`."""
    parameter = torch.nn.Parameter(start.clone())
    gradient = torch.full_like(start, 0.25)

    def rows() -> torch.Tensor:
        return torch.nn.functional.embedding(torch.tensor([0, 2]), parameter, sparse=True).square().sum()

    try:
        method = build(load(optimizer.id), [parameter], hyper)
        if sparse and evaluates(type(method)):
            method.step(rows, full=rows)
        else:
            feed(method, [parameter], [gradient.to_sparse() if sparse else gradient])
    except TypeError:
        return "refused"
    except Exception:
        return "fails"
    kept = parameter.dtype is start.dtype and parameter.shape == start.shape
    return "works" if kept and bool(torch.isfinite(parameter).all()) else "fails"


__all__ = ["Trajectory", "evaluations", "invariances", "non_finite", "spoiled", "state_bytes", "temporary_bytes", "tensor_kinds"]
