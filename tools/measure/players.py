"""Who plays a tape, or steps on a model: equations, a reference implementation, a peer. Each gives its parameters after every step."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cache, partial
from importlib import import_module, metadata
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args
from unittest import mock

import numpy as np
import torch

from reference_impls import load
from reference_impls._base import ReferenceOptimizer
from reference_impls._random import gaussian
from reference_impls._requests import Request
from reference_impls.wrappers._base import Wrapper
from tools.algebra import parse_equation, parse_expression
from tools.algebra.run import Program
from tools.algebra.tree import Equation, Name
from tools.catalog.arguments import ENTRIES, expressions
from tools.catalog.equations import program, scalars
from tools.catalog.schema import Optimizer, Part, Peer
from tools.measure.guests import GUESTS
from tools.measure.model import Model
from tools.measure.tape import Rows, Tape

Array = np.ndarray
Trajectory = list[list[Array]]
Problem = Tape | Model
FALLBACK_LR = 0.01  # where a record has no default learning rate
INNER_LR = 0.1  # of the plain SGD that wrappers work on
OBJECTIVE = ("value", "gradient", "full_gradient", "hvp", "per_sample", "factors")  # what may be asked of a loss
GROUP = "group."
REQUESTS = frozenset(kind.__name__ for kind in get_args(Request))
LAYERS = frozenset({"PerSample", "Factors"})  # what only a loss of samples and layers can answer
EVALUATIONS = frozenset({"Value", "Gradient", "FullGradient", "Hvp"}) | LAYERS

Hear = Callable[[int, str, tuple[Any, ...], Any], None]  # of a step: a kind of question, what was asked, and the answer


def silence(step: int, kind: str, asked: tuple[Any, ...], answer: Any) -> None:
    """Nobody hears."""


def asks(make: Any) -> frozenset[str]:
    """What a rule asks for beyond its own gradient, read from its code: names of requests."""
    pending, seen = [make.update], dict[Any, set[str]]()
    while pending:
        rule = pending.pop()
        if inspect.isgeneratorfunction(rule) and rule not in seen:
            seen[rule] = set(rule.__code__.co_names)
            pending += [rule.__globals__.get(name) for name in seen[rule]]
    return REQUESTS & set().union(*seen.values())


def evaluates(make: Any) -> bool:
    """Whether it needs a loss, where others need gradients only."""
    return bool(asks(make) & EVALUATIONS)


def looks_inside(make: Any) -> bool:
    """Whether it needs the samples and layers of a loss."""
    return bool(asks(make) & LAYERS)


def whole_model(make: Any) -> bool:
    """Whether one tensor's step depends on the others."""
    return evaluates(make) or "Total" in asks(make)


def settings(optimizer: Optimizer) -> list[dict[str, Any]]:
    """The hyperparameter settings to test: the defaults, then those of the record, each complete.

    Where a record has no default, the first of its settings gives the value.
    """
    extra = optimizer.implementation.settings if optimizer.implementation else ()
    given = {"lr": FALLBACK_LR, **(extra[0] if extra else {})}
    defaults = {h.name: given.get(h.name) if h.default is None else h.default for h in optimizer.hyperparameters}
    return [defaults, *({**defaults, **s} for s in extra)]


def by_equations(optimizer: Optimizer, hyper: Mapping[str, Any], problem: Problem, hear: Hear = silence) -> Trajectory:
    """The record's own equations in NumPy. `hear` is told of what they are given, ask and remember."""
    fresh = "Draw" in asks(load(optimizer.id))  # else the code draws from the step number alone
    step = 0

    def inner(thetas: list[Array], gradients: list[Array], t: int) -> list[Array]:
        move = [-INNER_LR * g for g in gradients]
        hear(step, "inner_step", (gradients,), move)
        return move

    runner = program(optimizer, hyper, inner=inner)
    runner.begin(problem.thetas)
    thetas, path = list(problem.thetas), []
    for step in range(problem.steps):
        numbers = stream(step + 1) if fresh else lambda kind, shape: drawn(kind, shape, runner.t)
        runner.draw = Heard(numbers, partial(hear, step, "draw"))
        gradients = problem.objective(step).gradient(thetas) if isinstance(problem, Model) else list(problem.rows[step])
        hear(step, "given", (), gradients)
        if isinstance(problem, Model):
            runner.objective = listening(problem.objective(step), partial(hear, step))
        thetas = runner.step(thetas, gradients)
        hear(step, "state", (), runner.memory)
        path.append([np.asarray(x) for x in thetas])
    return path


class Heard:
    """A function of which somebody hears: what it was called with, and what it answered."""

    def __init__(self, answer: Callable[..., Any], hear: Callable[[tuple[Any, ...], Any], None]) -> None:
        self.answer, self.hear = answer, hear

    def __call__(self, *asked: Any) -> Any:
        answer = self.answer(*asked)
        self.hear(asked, answer)
        return answer


def listening(objective: Any, hear: Callable[[str, tuple[Any, ...], Any], None]) -> Any:
    """The objective with every evaluation heard."""
    kinds = (kind for kind in OBJECTIVE if hasattr(objective, kind))
    return SimpleNamespace(**{kind: Heard(getattr(objective, kind), partial(hear, kind)) for kind in kinds})


def by_second(path: Path, hyper: Mapping[str, Any], problem: Problem, hear: Hear = silence) -> Trajectory:
    """The second writing at `path`."""
    spec = importlib.util.spec_from_file_location(f"second_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    numbers: Callable[..., Array] = stream(0)

    def objectives() -> Iterator[Any]:
        nonlocal numbers
        for step in range(problem.steps):
            numbers = Heard(stream(step + 1), partial(hear, step, "draw"))
            yield listening(problem.objective(step) if isinstance(problem, Model) else Rows(problem.rows[step]), partial(hear, step))

    points = module.steps(list(problem.thetas), objectives(), lambda kind, shape: numbers(kind, shape), **hyper)
    return [[np.array(x) for x in row] for row in points]


def drawn(kind: str, shape: Sequence[int], t: int) -> Array:
    """What everybody draws at step t."""
    numbers = gaussian(shape, torch.tensor(t), torch.empty((), dtype=torch.float64)).numpy()
    return np.sign(numbers) if kind == "rademacher" else numbers


def stream(t: int, drawn: Callable[[str, Sequence[int], int], Array] = drawn) -> Callable[[str, Sequence[int]], Array]:
    """The random numbers of step t for who asks again and again: others at every call for a shape, in whatever order the shapes come."""
    calls: defaultdict[tuple[int, ...], Iterator[int]] = defaultdict(count)
    return lambda kind, shape: drawn(kind, shape, t + 1000 * next(calls[tuple(shape)]))


def by_reference(optimizer: Optimizer, hyper: Mapping[str, Any], problem: Problem) -> Trajectory:
    """The reference implementation, eager, float64."""
    return by_torch(load(optimizer.id), hyper, problem)


def by_torch(make: Any, arguments: Mapping[str, Any], problem: Problem, wraps: bool | None = None, ends: bool = False,
             parts: Sequence[Any] = ()) -> Trajectory:  # fmt: skip
    """Any torch.optim.Optimizer class; with `ends`, the point that it shows for evaluation is one more row.

    Arguments such as `group.rank` go into the parameter group of the tensors with two or more axes alone; `group.name` names these
    for an optimizer that takes named parameters.
    """
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    path: Trajectory = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer = build(make, parameters, arguments, wraps, parts)
        getattr(optimizer, "train", lambda: None)()
        for step in range(problem.steps):
            take(optimizer, parameters, problem, step)
            path.append([p.detach().numpy().copy() for p in parameters])
        if ends:
            optimizer.eval()
            path.append([p.detach().numpy().copy() for p in parameters])
    return path


def build(make: Any, parameters: list[torch.nn.Parameter], arguments: Mapping[str, Any], wraps: bool | None = None,
          parts: Sequence[Any] = ()) -> Any:  # fmt: skip
    """The optimizer; one that works on top of another gets plain SGD."""
    groups = grouped(parameters, arguments)
    wraps = issubclass(make, Wrapper) if wraps is None else wraps
    own = {k: v for k, v in arguments.items() if not k.startswith(GROUP)}
    return make(torch.optim.SGD(groups, INNER_LR) if wraps else groups, *parts, **own)


def take(optimizer: Any, parameters: Sequence[torch.nn.Parameter], problem: Any, step: int) -> None:
    """One step: with the gradients of a tape, or with a closure for the loss. Random numbers are the given ones."""

    numbers = stream(step + 1, getattr(problem, "drawn", drawn))

    def draw(kind: str, like: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(numbers(kind, like.shape)).to(like)

    if isinstance(optimizer, ReferenceOptimizer):
        optimizer.draw = draw
    if isinstance(problem, Tape):
        for p, g in zip(parameters, problem.rows[step], strict=True):
            p.grad = torch.tensor(g)
        with given_numbers(draw, step):
            optimizer.step()
    elif isinstance(optimizer, ReferenceOptimizer):
        optimizer.step(lambda: problem.loss(step, parameters), full=lambda: problem.full(parameters))
    else:  # peers: some want the gradient first, some the closure, some both with and without gradients

        def closure(backward: bool = True, loss: Callable[[], torch.Tensor] = lambda: problem.loss(step, parameters)) -> torch.Tensor:
            if not backward:
                return loss().detach()
            optimizer.zero_grad()
            with torch.enable_grad():
                value = loss()
                torch.autograd.backward(value, create_graph=True)
            return value

        closure()
        more = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(optimizer.step).parameters.values())
        with given_numbers(draw, step):
            optimizer.step(closure, **({"full_closure": partial(closure, loss=lambda: problem.full(parameters))} if more else {}))
        optimizer.zero_grad()


def given_numbers(draw: Callable[[str, torch.Tensor], torch.Tensor], step: int) -> ExitStack:
    """While it lasts, peers that draw for themselves draw what we do."""

    def projection(shape: Sequence[int], *_: Any, **__: Any) -> torch.Tensor:
        return torch.tensor(drawn("gaussian", (shape[1], shape[0]), step + 1)).T

    def signs(like: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return (draw("rademacher", like) + 1) / 2

    stack = ExitStack()
    stack.enter_context(mock.patch.object(torch, "randn_like", lambda like, **_: draw("gaussian", like)))
    stack.enter_context(mock.patch.object(torch, "randint_like", signs))
    stack.enter_context(mock.patch.object(torch, "bernoulli", signs))
    if "apollo_torch" in sys.modules:  # its matrix stands the other way round
        stack.enter_context(mock.patch("apollo_torch.random_projector.stable_randn", projection))
    return stack


def feed(method: Any, parameters: Sequence[torch.nn.Parameter], gradients: Sequence[torch.Tensor | None]) -> None:
    """One step of a reference implementation with these gradients; None leaves a parameter out. If it evaluates a loss, with `bowl`."""
    if evaluates(type(method)):

        def loss() -> torch.Tensor:
            return bowl(parameters, gradients)

        method.step(loss, full=loss)
    else:
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = g
        method.step()


def bowl(xs: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor | None]) -> torch.Tensor:
    """A convex loss with these gradients where the parameters are zero: the sum of g x + x²/2 + x⁴/4."""
    pairs = [(real(x), real(g)) for x, g in zip(xs, gradients, strict=True) if g is not None]
    return torch.stack([(g * x + x**2 / 2 + x**4 / 4).sum() for x, g in pairs]).sum()


def real(x: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(x) if x.is_complex() else x


def grouped(parameters: list[torch.nn.Parameter], arguments: Mapping[str, Any]) -> list[Any]:
    """The parameters as they are, or in two groups, or named, where an argument asks for it."""
    own = {name.removeprefix(GROUP): value for name, value in arguments.items() if name.startswith(GROUP)}
    if not own:
        return parameters
    if "name" in own:
        return [(f"{own['name'] if p.dim() >= 2 else 'other'}.{i}", p) for i, p in enumerate(parameters)]
    groups = [{"params": [p for p in parameters if p.dim() >= 2], **own}, {"params": [p for p in parameters if p.dim() < 2]}]
    return [g for g in groups if g["params"]]


def by_optax(make: Any, arguments: Mapping[str, Any], tape: Problem) -> Trajectory:
    """An optax gradient transformation on the tape, in float64."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    assert isinstance(tape, Tape), "a function of optax gets gradients only"
    transformation = make(**arguments)
    thetas = [jax.numpy.asarray(x) for x in tape.thetas]
    state, update = transformation.init(thetas), jax.jit(transformation.update)
    path: Trajectory = []
    for row in tape.rows:
        updates, state = update([jax.numpy.asarray(g) for g in row], state, thetas)
        thetas = optax.apply_updates(thetas, updates)
        path.append([np.asarray(x) for x in thetas])
    return path


def by_peer(optimizer: Optimizer, peer: Peer, hyper: Mapping[str, Any], problem: Problem, ends: bool = False) -> Trajectory:
    """A peer with our hyperparameters translated into its arguments."""
    entries = sum(x.size for x in problem.thetas)
    make, given = peer_object(peer.object), peer_arguments(optimizer, peer, hyper, entries)
    parts = [part(optimizer, p, hyper, entries) for p in peer.parts]
    if guest := GUESTS.get(peer.object):
        return guest(make, given, problem, stream)
    if not inspect.isclass(make):
        return by_optax(partial(make, *parts), given, problem)
    with in_double() if peer.double else ExitStack():
        return by_torch(make, given, problem, wraps=takes_optimizer(optimizer, given), ends=ends, parts=parts)


def takes_optimizer(optimizer: Optimizer, given: Mapping[str, Any]) -> bool:
    """Whether a peer is put on top of another optimizer: those of wrappers are, unless they get its class and make it themselves."""
    return issubclass(load(optimizer.id), Wrapper) and not any(inspect.isclass(value) for value in given.values())


def in_double() -> ExitStack:
    """While it lasts, tensors that are made in or turned to single precision or less are in double precision."""
    to, low = torch.Tensor.to, (torch.float32, torch.bfloat16, torch.float16)

    def kept(x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        return to(x, torch.float64, copy=True)

    def turned(x: torch.Tensor, *wanted: Any, **more: Any) -> torch.Tensor:
        return kept(x) if any(w in low for w in (*wanted, *more.values()) if isinstance(w, torch.dtype)) else to(x, *wanted, **more)

    stack = ExitStack()
    stack.callback(torch.set_default_dtype, torch.get_default_dtype())
    torch.set_default_dtype(torch.float64)
    for name in ("float", "bfloat16", "half"):
        stack.enter_context(mock.patch.object(torch.Tensor, name, kept))
    stack.enter_context(mock.patch.object(torch.Tensor, "to", turned))
    return stack


def part(optimizer: Optimizer, p: Part, hyper: Mapping[str, Any], entries: int) -> Any:
    """One of the parts that a peer is put together from."""
    inner = [part(optimizer, x, hyper, entries) for x in p.parts]
    return peer_object(p.object)(*inner, **peer_arguments(optimizer, p, hyper, entries))


def applies(peer: Peer, hyper: Mapping[str, Any]) -> bool:
    """Whether the peer is the same method at these settings."""
    return all(hyper[name] == value for name, value in peer.only.items())


@cache
def peer_object(where: str) -> Any:
    """The class or function at `package.module:name`. Raises ImportError or AttributeError."""
    module, name = where.split(":")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = import_module(module)
    if module == "heavyball":
        package.utils.compile_mode = None  # its rules take the same steps, without half a minute of compiling for each class
    return getattr(package, name)


def peer_arguments(optimizer: Optimizer, peer: Peer | Part, hyper: Mapping[str, Any], entries: int) -> dict[str, Any]:
    """Its arguments: constants, our values by name, and expressions over our scalars and `entries`, how many the model has."""
    values = {**scalars(optimizer, hyper), ENTRIES: entries}
    found: dict[str, Any] = {k: constant(v) for k, v in peer.constants.items()}
    for name, text in peer.arguments.items():
        if text in hyper:
            found[name] = hyper[text]
        else:
            items = tuple(evaluate(x, values) for x in expressions(text))
            found[name] = items if len(items) > 1 else items[0]
    return found


def constant(value: Any) -> Any:
    """A fixed argument; a text such as `torch.optim:SGD` stands for that object, `package:Name(1, 0)` for what it makes of numbers."""
    if isinstance(value, str) and (found := re.fullmatch(r"([A-Za-z_][\w.]*:[A-Za-z_]\w*)(?:\(([\d, ]+)\))?", value)):
        made = peer_object(found[1])
        return made(*map(int, found[2].split(","))) if found[2] else made
    return tuple(value) if isinstance(value, list) else value


def evaluate(text: str, values: Mapping[str, Any]) -> float:
    """An expression over scalars, by the interpreter."""
    one = Equation(Name("result", "t"), parse_expression(text))
    runner = Program([(one, "all"), (parse_equation("theta[t] = theta[t-1]"), "all")], [], values)
    runner.step([np.zeros(())], [np.zeros(())])
    return float(runner.latest["result"][0])


@cache
def version(module: str) -> str:
    """The installed version of the distribution that provides a module."""
    top = module.partition(".")[0]
    names = metadata.packages_distributions().get(top) or [top]
    return metadata.version(names[0]).partition("+")[0]
