"""All claims of one record put to the test, as data: what `atlas verify` prints and writes."""

from __future__ import annotations

import datetime
import platform
import warnings
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reference_impls import load
from reference_impls._base import ReferenceOptimizer
from tools.catalog.equations import is_executable
from tools.catalog.hashes import bytes_hash, code_hash, record_hash, second_writing
from tools.catalog.loader import Catalog
from tools.catalog.measurements import faults, verdict
from tools.catalog.schema import Optimizer, Peer, Reduction
from tools.measure import facts
from tools.measure.model import model
from tools.measure.network import network
from tools.measure.players import (
    Problem,
    Trajectory,
    applies,
    by_equations,
    by_peer,
    by_second,
    by_torch,
    evaluates,
    looks_inside,
    peer_object,
    settings,
    version,
)
from tools.measure.problems import narrowed
from tools.measure.tape import MATRIX_SHAPES, SHAPES, difference, tape

ROOT = Path(__file__).parents[2]
EQUATIONS = 1e-10  # allowed between the code and its own equations


def problem_for(*optimizers: Optimizer) -> Problem:
    """A tape of gradients that all of them can play; a model where one evaluates a loss, a network where one looks inside it."""
    shapes = MATRIX_SHAPES if any(o.parameter_scope.accepts == "matrices" for o in optimizers) else SHAPES
    if any(looks_inside(load(o.id)) for o in optimizers):
        return network(shapes=shapes)
    return (model if any(evaluates(load(o.id)) for o in optimizers) else tape)(shapes=shapes)


def equations(optimizer: Optimizer, root: Path = ROOT) -> dict[str, Any]:
    """The code against the record's own equations, or the second writing of what the algebra cannot say, at every setting."""
    second = second_writing(root, optimizer)
    if not is_executable(optimizer) and not second.is_file():
        return {"difference": None, "tolerance": EQUATIONS, "settings": 0, "verdict": "not executable"}
    problem = problem_for(optimizer)
    tests = settings(optimizer)

    def path(s: dict[str, Any]) -> Trajectory:
        return by_equations(optimizer, s, problem) if is_executable(optimizer) else by_second(second, s, problem)

    worst = max(difference(by_torch(load(optimizer.id), s, problem), path(s)) for s in tests)
    result = {
        "difference": worst,
        "tolerance": EQUATIONS,
        "settings": len(tests),
        "verdict": "agrees" if worst <= EQUATIONS else "disagrees",
    }
    return result if is_executable(optimizer) else {**result, "second_writing": True}


def conformance(optimizer: Optimizer, peer: Peer) -> dict[str, Any]:
    """The code and the record's equations against one peer, at every setting where the peer is the same method."""
    result: dict[str, Any] = {"object": peer.object, "version": version(peer.object.partition(":")[0]), "tolerance": peer.tolerance}
    tests = [s for s in settings(optimizer) if applies(peer, s)]
    result["settings"] = len(tests)
    problem = problem_for(optimizer) if peer.axes is None else problem_for(optimizer).only(peer.axes)
    problem = problem.wide() if peer.wide else problem
    ours: Any = load(optimizer.id)
    worst: float | None = None
    from_equations: float | None = None
    try:
        # a method that trains at another point than it returns is compared there too
        ends = ours.averaged is not ReferenceOptimizer.averaged and hasattr(peer_object(peer.object), "eval")
        problems = [problem.pick([i]) for i in range(len(problem.thetas))] if peer.alone else [problem]
        for s, one in product(tests, problems):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what a library thinks of its own calls is not at stake
                theirs = by_peer(optimizer, peer, s, one, ends)
            worst = max(worst or 0.0, difference(by_torch(ours, s, one, ends=ends), theirs))
            if is_executable(optimizer):
                from_equations = max(from_equations or 0.0, difference(by_equations(optimizer, s, one), theirs[: one.steps]))
    except Exception as error:
        if not peer.differs:
            raise RuntimeError(f"{optimizer.id}: {peer.object} cannot be run: {error}") from error
        return {**result, "difference": None, "from_equations": None, "verdict": "follows another variant"}
    agrees = worst is not None and worst <= peer.tolerance
    if not tests:
        verdict = "never the same method at the tested settings"
    elif peer.differs:
        verdict = "agrees against the record" if agrees else "follows another variant"
    else:
        verdict = "agrees" if agrees else "disagrees"
    return {**result, "difference": worst, "from_equations": from_equations, "verdict": verdict}


def reduction(catalog: Catalog, optimizer: Optimizer, number: int, r: Reduction) -> dict[str, Any]:
    """The identity `optimizer with r.when = r.becomes with r.with_`, at the target's defaults and settings."""
    target = catalog.optimizers[r.becomes]
    result: dict[str, Any] = {"becomes": r.becomes, "number": number, "tolerance": r.tolerance, "difference": None, "holds": None}
    if optimizer.implementation is None or target.implementation is None:
        return result
    problem = narrowed(problem_for(optimizer, target), r.on)
    own, other = settings(optimizer)[0], settings(target)
    worst, count = 0.0, 0
    for theirs in other:
        theirs = {**theirs, **r.with_}
        shared = {name: value for name, value in theirs.items() if name in own and name not in r.when}
        paths = by_torch(load(optimizer.id), {**own, **shared, **r.when}, problem), by_torch(load(target.id), theirs, problem)
        worst, count = max(worst, difference(*paths)), count + 1
    return {**result, "difference": worst, "settings": count, "holds": worst <= r.tolerance}


def measure(catalog: Catalog, optimizer: Optimizer) -> dict[str, Any]:
    """Everything that is measured of one implemented method."""
    if optimizer.implementation is None:
        raise ValueError(f"{optimizer.id} has no reference implementation")
    default = settings(optimizer)[0]
    seen = equations(optimizer, catalog.root)
    peers = [conformance(optimizer, p) for p in optimizer.implementation.peers]
    reductions = [reduction(catalog, optimizer, i, r) for i, r in enumerate(optimizer.reductions)]
    blind = facts.invariances(optimizer, default)
    result = {
        "id": optimizer.id,
        "measured_on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "bytes_hash": bytes_hash(catalog.root, optimizer),
        "code_hash": code_hash(catalog.root, optimizer),
        "record_hash": record_hash(optimizer),
        "versions": {"python": platform.python_version(), "torch": torch.__version__.partition("+")[0], "numpy": np.__version__},
        "equations": seen,
        "peers": peers,
        "reductions": reductions,
        "invariances": blind,
        "evaluations": facts.evaluations(optimizer, default),
        "memory": facts.state_bytes(optimizer, default),
        "temporary": facts.temporary_bytes(optimizer, default),
        "tensors": facts.tensor_kinds(optimizer, default),
        "non_finite": facts.non_finite(optimizer, default),
    }
    return {**result, "faults": faults(optimizer, result), "verdict": verdict(result)}
