"""Speed of ours and of the peers, side by side in one process and each in turn; only ratios of such turns are compared with the goals."""

from __future__ import annotations

import copy
import gc
import inspect
import math
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from reference_impls import load
from reference_impls._base import ReferenceOptimizer
from tools.catalog.loader import Catalog
from tools.catalog.schema import Optimizer, Peer
from tools.measure.guests import MAKERS
from tools.measure.players import applies, build, evaluates, peer_arguments, peer_object, settings, takes_optimizer

SETS: Mapping[str, Sequence[tuple[int, ...]]] = {
    "transformer": [(512, 512)] * 40 + [(2048, 512)] * 8 + [(512, 2048)] * 8 + [(512,)] * 60,
    "small": [(64, 64)] * 200,
}
STEPS = {"transformer": 1, "small": 5}  # timed together
# a hyperparameter: so many steps, of which one is another, are timed together
PERIODS = {"lookahead": "k", "ranger": "k", "sophia": "update_interval"}
PARTS = ("compiled", "eager", "fused", "sweep", "import")
LIBRARY = "pytorch_optimizer"
BFLOAT16 = frozenset({"muon", "muon-moonlight", "normuon", "scion"})  # the library multiplies in bfloat16; beside it, so do ours
BACKWARD = frozenset({"adalomo", "lomo"})  # the library steps while gradients are computed; beside it, a step of ours has that too
RUNS, SWEEP_STEPS = 32, 20
FIRST = 4  # steps before the timed ones: they may compile, and methods warm up
SECONDS = 2.0  # so long, or longer, the sides are timed in each order of building

Step = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """One comparison: medians in milliseconds of each side, `ratio` as the goal counts it, and whether that is met (None: no goal)."""

    what: str
    sides: Mapping[str, float]
    ratio: float
    goal: str
    met: bool | None


def compared(catalog: Catalog, parts: Sequence[str], sets: Sequence[str], methods: Sequence[str], rounds: int) -> Iterator[Row]:
    """The rows of the parts that are asked for, as they are measured; `methods` narrows down, where methods are compared."""
    chosen = [o for o in catalog.optimizers.values() if o.implementation and (not methods or o.id in methods)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if {"compiled", "fused", "sweep"} & set(parts):
            started = time.perf_counter()
            torch.compile(lambda x: x + 1)(torch.ones(64))
            yield Row("torch.compile's own start, of x + 1", {}, time.perf_counter() - started, "", None)
        for name in sets:
            if "compiled" in parts:
                yield from library(chosen, name, rounds)
            if "fused" in parts and name == "transformer":
                yield from fused(chosen, rounds)
            if "eager" in parts:
                yield from loops(chosen, name, rounds)
        if "sweep" in parts:
            yield sweep(rounds)
        if "import" in parts:
            yield imports(rounds)


def library(chosen: Sequence[Optimizer], name: str, rounds: int) -> Iterator[Row]:
    """How long the first step of ours takes to compile; and ours, compiled, against pytorch-optimizer's default at our hyperparameters.

    What that library passes on from torch counts as well.
    """
    ratios = []
    for o in (o for o in chosen if getattr(load(o.id), "compiles", True)):
        peer, shapes = library_peer(o), shapes_for(o, name)
        if peer is None and name != "transformer":
            continue
        hyper = next((s for s in settings(o) if peer and applies(peer, s)), settings(o)[0])
        torch.set_float32_matmul_precision("medium" if o.id in BFLOAT16 else "highest")
        try:
            first = first_compile(o, shapes, hyper)
        except Exception as error:
            yield Row(f"{o.id}, {name}, compiled: fails: {type(error).__name__}", {}, math.nan, "< 20 s", False)
            continue
        yield Row(f"{o.id}, {name}, first compile", {}, first, "< 20 s", first < 20)
        if peer is None:
            continue
        sides = {"ours": partial(compiled, o, shapes, hyper), LIBRARY: partial(library_step, o, peer, hyper, shapes)}
        try:
            times = in_both_orders(sides, rounds, max(STEPS[name], period(o, hyper)))
        except Exception as error:
            yield Row(f"{o.id}, {name}: {peer.object} fails: {type(error).__name__}", {}, math.nan, ">= 1", False)
            continue
        ratios.append(ratio(times, LIBRARY, "ours"))
        none_slower = ratios[-1] >= 1 if name == "transformer" else None
        how = "compiled, bfloat16 products" if o.id in BFLOAT16 else "compiled"
        yield Row(f"{o.id}, {name}, {how}", medians(times), ratios[-1], ">= 1" if name == "transformer" else "", none_slower)
    torch.set_float32_matmul_precision("highest")
    if ratios:
        mean, goal = math.exp(statistics.fmean(map(math.log, ratios))), 2.5 if name == "transformer" else 1.0
        yield Row(f"geometric mean of {len(ratios)} methods, {name}, compiled", {}, mean, f">= {goal}", mean >= goal)


def fused(chosen: Sequence[Optimizer], rounds: int) -> Iterator[Row]:
    """AdamW, compiled, against the fused kernel of torch."""
    for o in (o for o in chosen if o.id == "adamw"):
        ours = partial(compiled, o, shapes_for(o, "transformer"), settings(o)[0])
        other = partial(stepping, torch.optim.AdamW, {**settings(o)[0], "fused": True}, SETS["transformer"], o)
        times = in_both_orders({"ours": ours, "fused": other}, rounds)
        found = ratio(times, "ours", "fused")
        yield Row("adamw, transformer, compiled / torch fused", medians(times), found, "<= 1.4", found <= 1.4)


def loops(chosen: Sequence[Optimizer], name: str, rounds: int) -> Iterator[Row]:
    """Ours, eager, against torch's loop over single tensors; not of methods that need a closure, where torch has one vector."""
    ratios = []
    for o in chosen:
        peer = peer_of(o, "torch.optim")
        if peer is None:
            continue
        shapes, theirs = shapes_for(o, name), peer_object(peer.object)
        if inspect.signature(theirs.step).parameters["closure"].default is inspect.Parameter.empty:
            continue
        given = peer_arguments(o, peer, settings(o)[0], entries(shapes))
        if "foreach" in inspect.signature(theirs).parameters:
            given["foreach"] = False
        torch.set_float32_matmul_precision("medium" if o.id in BFLOAT16 else "highest")
        sides = {"ours": partial(stepping, load(o.id), settings(o)[0], shapes, o), "loop": partial(stepping, theirs, given, shapes, o)}
        times = in_both_orders(sides, rounds, STEPS[name])
        ratios.append(ratio(times, "ours", "loop"))
        how = "eager, bfloat16 products" if o.id in BFLOAT16 else "eager"
        yield Row(f"{o.id}, {name}, {how} / torch loop", medians(times), ratios[-1], "<= 2.5", ratios[-1] <= 2.5)
    torch.set_float32_matmul_precision("highest")
    if ratios:
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        yield Row(f"geometric mean of {len(ratios)} methods, {name}, eager / torch loop", {}, mean, "<= 2.5", mean <= 2.5)


def sweep(rounds: int) -> Row:
    """Training runs of a small model, one for each seed and learning rate: vectorised and compiled, against one after another."""
    rates = torch.logspace(-4, -2, RUNS, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    starts = [torch.randn(RUNS, *s, generator=generator) / 8 for s in ((32, 16), (32,), (10, 32), (10,))]
    xs, ys = torch.randn(SWEEP_STEPS, 64, 16, generator=generator), torch.randn(SWEEP_STEPS, 64, 10, generator=generator)
    method = load("adam").functional()

    def loss(ws: Sequence[Tensor], x: Tensor, y: Tensor) -> Tensor:
        return ((torch.tanh(x @ ws[0].mT + ws[1]) @ ws[2].mT + ws[3] - y) ** 2).mean()

    def one(ws: list[Tensor], states: list[Any], rate: Tensor, x: Tensor, y: Tensor) -> tuple[list[Tensor], list[Any]]:
        h = method.hyper(lr=rate)
        moved = [method.apply(*each, h) for each in zip(ws, torch.func.grad(loss)(ws, x, y), states, strict=True)]
        return [w for w, _ in moved], [s for _, s in moved]

    together = torch.compile(torch.func.vmap(one, (0, 0, 0, None, None)))
    fresh = torch.func.vmap(lambda ws: [method.init(w, method.hyper()) for w in ws])

    def vectorised() -> list[Tensor]:
        ws, states = starts, fresh(starts)
        for x, y in zip(xs, ys, strict=True):
            ws, states = together(ws, states, rates, x, y)
        return ws

    def in_sequence() -> list[Tensor]:
        ends = []
        for run, rate in enumerate(rates.tolist()):
            ws = [torch.nn.Parameter(w[run].clone()) for w in starts]
            optimizer = torch.optim.Adam(ws, lr=rate)
            for x, y in zip(xs, ys, strict=True):
                optimizer.zero_grad()
                loss(ws, x, y).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            ends.append([w.detach() for w in ws])
        return [torch.stack(column) for column in zip(*ends, strict=True)]

    torch.testing.assert_close(vectorised(), in_sequence(), rtol=1e-2, atol=1e-4)
    times = in_turns({"vectorised": vectorised, "in sequence": in_sequence}, rounds)
    found = ratio(times, "in sequence", "vectorised")
    return Row(f"{RUNS} runs of Adam, vectorised and compiled", medians(times), found, ">= 12", found >= 12)


def imports(rounds: int) -> Row:
    """What `import reference_impls` costs in a new process, beside `import torch`."""

    def python(code: str) -> Step:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    times = in_turns({"torch": python("import torch"), "both": python("import torch, reference_impls")}, max(rounds, 5))
    found = ratio(times, "both", "torch")
    return Row("import torch, reference_impls / import torch", medians(times), found, "<= 1.05", found <= 1.05)


# --- one side of a comparison


def peer_of(optimizer: Optimizer, library: str) -> Peer | None:
    """The library's own writing of the method, one that agrees where there are several."""
    found = [p for p in optimizer.implementation.peers if p.object.partition(":")[0] == library] if optimizer.implementation else []
    return min(found, key=lambda p: p.differs is not None, default=None)


def library_peer(optimizer: Optimizer) -> Peer | None:
    """What the library has of the method: its own writing, or torch's, where it passes that on."""
    theirs = peer_of(optimizer, "torch.optim")
    passed = theirs and vars(import_module(LIBRARY)).get(theirs.object.partition(":")[2]) is peer_object(theirs.object)
    return peer_of(optimizer, LIBRARY) or (theirs if passed else None)


def shapes_for(optimizer: Optimizer, name: str) -> Sequence[tuple[int, ...]]:
    """The set, without the vectors for a method of matrices only."""
    return [s for s in SETS[name] if len(s) >= 2 or optimizer.parameter_scope.accepts != "matrices"]


def period(optimizer: Optimizer, hyper: Mapping[str, Any]) -> int:
    """So many steps, of which one is another."""
    return int(hyper.get(PERIODS.get(optimizer.id, ""), 1))


def entries(shapes: Sequence[tuple[int, ...]]) -> int:
    return sum(map(math.prod, shapes))


def compiled(optimizer: Optimizer, shapes: Sequence[tuple[int, ...]], hyper: Mapping[str, Any]) -> Step:
    """Our compiled step."""
    return stepping(load(optimizer.id), {**hyper, "compile": True}, shapes, optimizer)


def first_compile(optimizer: Optimizer, shapes: Sequence[tuple[int, ...]], hyper: Mapping[str, Any]) -> float:
    """The seconds that the first calls of our compiled step take beyond the same calls from an empty state, with all compiled.

    What is done only now and then may compile in a later call than the first. Nothing that another method left behind serves.
    """
    from torch._inductor.utils import fresh_cache

    from reference_impls._pieces import Piece

    Piece.shared.clear()
    gc.collect()  # optimizers are cycles, and hold gigabytes
    step, method = prepared(load(optimizer.id), {**hyper, "compile": True}, shapes, optimizer)
    empty, seconds = copy.deepcopy(method.state_dict()), []
    with fresh_cache():
        for again in (False, True):
            if again:
                method.load_state_dict(empty)
            started = time.perf_counter()
            for _ in range(max(FIRST, period(optimizer, hyper))):
                step()
            seconds.append(time.perf_counter() - started)
    return seconds[0] - seconds[1]


def library_step(optimizer: Optimizer, peer: Peer, hyper: Mapping[str, Any], shapes: Sequence[tuple[int, ...]]) -> Step:
    """A step of the library at our hyperparameters."""
    given, make = peer_arguments(optimizer, peer, hyper, entries(shapes)), peer_object(peer.object)
    if peer.object in MAKERS:
        return stepping(partial(MAKERS[peer.object], make), given, shapes, optimizer, False)
    return stepping(make, given, shapes, optimizer, takes_optimizer(optimizer, given))


def stepping(make: Any, arguments: Mapping[str, Any], shapes: Sequence[tuple[int, ...]], optimizer: Optimizer,
             wraps: bool | None = None) -> Step:  # fmt: skip
    """A step of an optimizer on float32 tensors of these shapes, with gradients at hand or a loss that has them."""
    return prepared(make, arguments, shapes, optimizer, wraps)[0]


def prepared(make: Any, arguments: Mapping[str, Any], shapes: Sequence[tuple[int, ...]], optimizer: Optimizer,
             wraps: bool | None = None) -> tuple[Step, torch.optim.Optimizer]:  # fmt: skip
    """The step, and the optimizer itself."""
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(s, generator=generator) / 8) for s in shapes]
    gradients = [torch.randn(s, generator=generator) / 8 for s in shapes]
    method = build(make, parameters, arguments, wraps)
    getattr(method, "train", lambda: None)()
    if optimizer.id in BACKWARD:

        def backward() -> None:
            loss = Handed.apply(gradients, *parameters)  # type: ignore[no-untyped-call]
            if hasattr(method, "fused_backward"):
                method.fused_backward(loss, arguments["lr"])
            else:
                method.zero_grad()
                torch.autograd.backward(loss)
                method.step()

        return backward, method
    if not evaluates(load(optimizer.id)):
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = g.clone()
        return (lambda: method.step()), method

    def closure(backward: bool = True) -> Tensor:
        if optimizer.order == "second":
            method.zero_grad()
            with torch.enable_grad():
                loss = Handed.apply(gradients, *parameters)  # type: ignore[no-untyped-call]
                torch.autograd.backward(loss, create_graph=True)
            return loss
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = g  # a loss for nothing: what is timed is the method
        return torch.zeros(())

    def step() -> None:
        closure()
        if optimizer.order == "second":
            method.step()
        else:
            method.step(closure)

    return ((lambda: method.step(closure, full=closure)) if isinstance(method, ReferenceOptimizer) else step), method


class Handed(torch.autograd.Function):
    """A loss for nothing, as what is timed is the method: its gradients are at hand, and its Hessian is one."""

    @staticmethod
    def forward(ctx: Any, gradients: Sequence[Tensor], *xs: Tensor) -> Tensor:
        ctx.gradients = gradients
        ctx.save_for_backward(*xs)
        return torch.zeros(())

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor | None, ...]:
        return None, *Slopes.apply(ctx.gradients, *ctx.saved_tensors)  # type: ignore[no-untyped-call]


class Slopes(torch.autograd.Function):
    """The gradients of `Handed`, as a function of the parameters."""

    @staticmethod
    def forward(ctx: Any, gradients: Sequence[Tensor], *_: Tensor) -> tuple[Tensor, ...]:
        return tuple(g.detach() for g in gradients)

    @staticmethod
    def backward(ctx: Any, *ups: Tensor) -> tuple[Tensor | None, ...]:
        return None, *ups


def in_both_orders(makes: Mapping[str, Callable[[], Step]], rounds: int, steps: int = 1) -> dict[str, list[float]]:
    """As `in_turns` for `SECONDS`, with sides built anew in this order and the other: whose memory comes first is worth some per cent."""
    seen: dict[str, list[float]] = {name: [] for name in makes}
    for order in (list(makes), list(makes)[::-1]):
        gc.collect()  # optimizers are cycles, and hold gigabytes
        sides = {name: makes[name]() for name in order}
        for step in [*sides.values()] * FIRST:
            step()
        gc.freeze()  # a full collection walks through all that compilers left: 0.3 s, on whichever side it falls
        try:
            times = in_turns({name: sides[name] for name in makes}, rounds, steps, SECONDS)
        finally:
            gc.unfreeze()
        for name, some in times.items():
            seen[name] += some
        del sides, step
    return seen


def in_turns(sides: Mapping[str, Step], rounds: int, steps: int = 1, seconds: float = 0.0) -> dict[str, list[float]]:
    """The milliseconds of a step of each side, in each round: all are timed once a round, so that a slow moment of the machine hits all.

    At least so many rounds, and more until so many seconds are over.
    """
    seen: dict[str, list[float]] = {name: [] for name in sides}
    start, count = time.perf_counter(), 0
    while count <= rounds or time.perf_counter() - start < seconds:  # the first one warms up
        for name, step in sides.items():
            started = time.perf_counter()
            for _ in range(steps):
                step()
            if count:
                seen[name].append(1000 * (time.perf_counter() - started) / steps)
        count += 1
    return seen


def medians(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    return {name: statistics.median(each) for name, each in times.items()}


def ratio(times: Mapping[str, Sequence[float]], over: str, under: str) -> float:
    """The median of the rounds' ratios: where the machine's speed changes from round to round, that of the medians changes more."""
    return statistics.median(a / b for a, b in zip(times[over], times[under], strict=True))


__all__ = ["PARTS", "SETS", "Row", "compared"]
