"""Golden trajectories: what a method was given in ten steps and where it went, for ports to other languages and frameworks.

The equations compute them (or the second writing of what the algebra cannot say), in float64. Given parameters and gradients have few
digits; what is computed has all of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reference_impls import load
from tools.catalog.equations import is_executable
from tools.catalog.hashes import record_hash, second_writing
from tools.catalog.schema import Optimizer
from tools.measure.model import Model, model
from tools.measure.network import network
from tools.measure.players import Array, Problem, by_equations, by_second, evaluates, looks_inside, settings
from tools.measure.tape import Tape, tape

STEPS = 10
CASES = 3  # settings, the defaults first, where their
MOST = 24_000  # characters suffice
SHAPES = ((3,), (2, 3))
MATRICES = ((2, 3), (3, 2))
LARGER = ((3,), (4, 5))  # for methods with a rank
SCALES = (1.0, 1.0, 0.0, 30.0, 1e-3, 1.0, 0.1, 1.0, 1.0, 1.0)  # of the gradients in each step
DIGITS = 4  # of given numbers
ASKED = {"hvp": ("at", "vector"), "inner_step": ("gradients",), "draw": ("kind", "shape")}  # what is asked with; else a point


def golden(optimizer: Optimizer, root: Path) -> dict[str, Any] | None:
    """The method's file as data; None where neither equations nor a second writing can compute it."""
    if not is_executable(optimizer) and not second_writing(root, optimizer).is_file():
        return None
    cases = [case(optimizer, root, s, number) for number, s in enumerate(settings(optimizer))]
    small = [c for c in cases if len(json.dumps(c)) <= MOST]  # a large rank or very many draws would fill the file
    return {
        "method": optimizer.id,
        "name": optimizer.name,
        "computed_by": "executable equations" if is_executable(optimizer) else "second writing",
        "record_hash": record_hash(optimizer),
        "cases": small[:CASES] or [min(cases, key=lambda c: len(json.dumps(c)))],
    }


def case(optimizer: Optimizer, root: Path, hyper: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Ten steps at one setting."""
    problem = small_problem(optimizer, seed)
    steps: list[dict[str, Any]] = [{} for _ in range(STEPS)]
    state: dict[str, Any] = {}

    def hear(step: int, kind: str, asked: tuple[Any, ...], answer: Any) -> None:
        if kind == "state":
            state.update(plain(answer))
        elif kind == "given" or (kind == "gradient" and uses and "gradients" not in steps[step]):
            steps[step] |= {"gradients": plain(answer)} if uses else {}
        else:
            question = dict(zip(ASKED.get(kind, ("at",)), map(plain, asked), strict=True))
            steps[step].setdefault("asked", []).append({"ask": kind, **question, "answer": plain(answer)})

    uses = load(optimizer.id).uses_gradient
    if is_executable(optimizer):
        path = by_equations(optimizer, hyper, problem, hear)
    else:
        path = by_second(second_writing(root, optimizer), hyper, problem, hear)
    for number, (step, thetas) in enumerate(zip(steps, path, strict=True)):
        if uses and "gradients" not in step:  # a second writing that works it out from something else
            here = path[number - 1] if number else list(problem.thetas)
            step["gradients"] = plain(problem.objective(number).gradient(here) if isinstance(problem, Model) else problem.rows[number])
        step["parameters"] = plain(thetas)
    return {"hyperparameters": plain(hyper), "start": plain(problem.thetas), "steps": steps, **({"state": state} if state else {})}


def small_problem(optimizer: Optimizer, seed: int) -> Problem:
    """A tape, a model or a network of two small tensors, with few digits in what is given."""
    shapes = MATRICES if optimizer.parameter_scope.accepts == "matrices" else SHAPES
    if any(h.name == "rank" for h in optimizer.hyperparameters):
        shapes = LARGER
    make = load(optimizer.id)
    if looks_inside(make):
        problem: Any = network(STEPS, shapes, seed)
    elif evaluates(make):
        problem = model(STEPS, shapes, seed)
    else:
        problem = tape(STEPS, shapes, seed, SCALES)
        problem = Tape(problem.thetas, tuple(tuple(map(short, row)) for row in problem.rows))
    return replace(problem, thetas=tuple(map(short, problem.thetas)))


def short(x: Array) -> Array:
    """The numbers with few digits."""
    return np.vectorize(lambda v: float(f"{v:.{DIGITS}g}"), otypes=[np.float64])(x)


def plain(x: Any) -> Any:
    """As JSON has it: nested lists, and words for what is no finite number. A layer of a network is what it saw and got back."""
    if isinstance(x, Mapping):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, np.ndarray | np.generic):
        return plain(x.tolist())
    if isinstance(x, tuple) and len(x) == 3 and all(isinstance(v, np.ndarray) and v.ndim == 3 for v in x):
        return dict(zip(("inputs", "slopes", "whole"), map(plain, x), strict=True))
    if isinstance(x, list | tuple):
        return [plain(v) for v in x]
    if isinstance(x, float) and not np.isfinite(x):
        return "nan" if x != x else "inf" if x > 0 else "-inf"
    return x


def text(data: Mapping[str, Any]) -> str:
    """The file: JSON with a line for each step, so that two versions can be compared by eye."""

    def one(x: Any) -> str:
        return json.dumps(x, ensure_ascii=False, allow_nan=False)

    cases = []
    for c in data["cases"]:
        rest = [f'   "{k}": {one(v)}' for k, v in c.items() if k not in ("steps", "state")]
        rest.append('   "steps": [\n' + ",\n".join(f"    {one(s)}" for s in c["steps"]) + "\n   ]")
        rest += [f'   "state": {one(c["state"])}'] if "state" in c else []
        cases.append("  {\n" + ",\n".join(rest) + "\n  }")
    head = [f' "{k}": {one(v)}' for k, v in data.items() if k != "cases"]
    return "{\n" + ",\n".join([*head, ' "cases": [\n' + ",\n".join(cases) + "\n ]"]) + "\n}\n"
