"""What a rule may ask for beyond the gradient at hand, and who answers.

`update` becomes a generator: `h_z = yield Hvp(theta, z)`. The base runs one generator a parameter side by side; at each `yield` all of
them ask the same thing, and the answer is worked out for the whole model at once. The words are those of the catalog's algebra:
total(x), value(x), gradient(x), full_gradient(x), hvp(x, v), inner_step(x), rademacher(x), gaussian(x). Two more are for Fisher
matrices, which the algebra does not have: the gradients of single samples, and what layers saw. And a rule may ask whether something
holds anywhere in the model, to evaluate only what is needed. Evaluations are counted by kind.
"""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import compress
from operator import attrgetter, is_not
from typing import Any, Literal, Protocol, get_args

import torch
from torch import Tensor

from reference_impls._layers import Layer, Watch
from reference_impls._state import seen, unseen


@dataclass(frozen=True)
class Total:
    """The sum over the whole model: give this tensor's share, of one shape for all; every tensor receives the sum, entry by entry."""

    share: Tensor


@dataclass(frozen=True)
class Whether:
    """Whether this holds for any tensor of the model: one Python bool for all, on which a rule may branch.

    The branch must be right for a tensor of which it does not hold, too. Where runs differ in it (`torch.func.vmap`), it counts as true.
    """

    holds: Tensor


@dataclass(frozen=True)
class Value:
    """The loss with the parameters at `at`; every tensor receives the same number."""

    at: Tensor


@dataclass(frozen=True)
class Gradient:
    """The gradient with the parameters at `at`."""

    at: Tensor


@dataclass(frozen=True)
class FullGradient:
    """As `Gradient`, of the loss over all data (`step(closure, full=...)`)."""

    at: Tensor


@dataclass(frozen=True)
class Hvp:
    """The Hessian at `at` times `vector`, over the whole model."""

    at: Tensor
    vector: Tensor


@dataclass(frozen=True)
class PerSample:
    """The gradient of each sample's own loss with the parameters at `at`: (samples, *shape).

    The closure returns one loss a sample; a single loss counts as that of one sample. With `step(closure, fisher=...)` that one is asked.
    """

    at: Tensor


@dataclass(frozen=True)
class Factors:
    """What this tensor's layer saw and got back with the parameters at `at`: a `Layer`, or None where it is no layer's weight or bias.

    The closure's loss is a mean over the samples, or one loss a sample. With `step(closure, fisher=...)` that one is asked.
    """

    at: Tensor


@dataclass(frozen=True)
class Inner:
    """Where the wrapped optimizer goes from here with gradient `g`. Wrappers only, once a step, and the last use of the old theta.

    The parameters themselves move: a wrapper that keeps none of the old ones costs nothing more.
    """

    g: Tensor


@dataclass(frozen=True)
class Draw:
    """Random numbers shaped as `like`: +1 and -1 ("rademacher") or standard normal ones ("gaussian")."""

    kind: Literal["rademacher", "gaussian"]
    like: Tensor


Request = Total | Whether | Value | Gradient | FullGradient | Hvp | PerSample | Factors | Inner | Draw
Closure = Callable[[], Any]
Answer = Any  # a tensor; to `Whether` a bool, to `Factors` a `Layer` or None
# the eight signs that the bits of each byte stand for, as bytes of one word
SIGNS = ((torch.arange(256).unsqueeze(-1) >> torch.arange(8) & 1) * 2 - 1).to(torch.int8).view(torch.int64).squeeze(-1)


class Objective(Protocol):
    """What can answer: lists in, lists out, one item a tensor."""

    kept: list[Tensor | None]

    def value(self, at: Sequence[Tensor]) -> Tensor: ...
    def gradient(self, at: Sequence[Tensor]) -> Sequence[Tensor]: ...
    def full_gradient(self, at: Sequence[Tensor]) -> Sequence[Tensor]: ...
    def hvp(self, at: Sequence[Tensor], vectors: Sequence[Tensor]) -> Sequence[Tensor]: ...
    def per_sample(self, at: Sequence[Tensor]) -> Sequence[Tensor]: ...
    def factors(self, at: Sequence[Tensor]) -> Sequence[Layer | None]: ...
    def inner(self, gs: Sequence[Tensor]) -> Sequence[Tensor]: ...
    def draw(self, kind: str, like: Tensor) -> Tensor: ...


def draw(kind: str, like: Tensor) -> Tensor:
    """Random numbers from torch's own generator; an objective with another `draw` repeats given ones."""
    if kind == "gaussian":
        return torch.randn_like(like)
    words = torch.randint(-(2**63), 2**63 - 1, (-(-like.numel() // 64),), device=like.device)  # a sign is worth a bit, no more
    signs = SIGNS.to(like.device).index_select(0, words.view(torch.uint8).int()).view(torch.int8)
    return signs[: like.numel()].to(like.dtype).view(like.shape)


def answer(asked: Sequence[Request], objective: Objective) -> Sequence[Answer]:
    """One answer a tensor to requests of one kind."""
    kind = type(asked[0])
    if not isinstance(asked[0], Request):
        raise TypeError(f"a rule cannot ask for {asked[0]!r}, only for {', '.join(k.__name__ for k in get_args(Request))}")
    return answers(kind, {f.name: [getattr(a, f.name) for a in asked] for f in fields(kind)}, objective)


def answers(kind: type[Request], asked: Mapping[str, Sequence[Any]], objective: Objective) -> Sequence[Answer]:
    """As `answer`, to requests given as a column for each of their fields."""
    columns = list(asked.values())
    if kind is Total:
        return [sum(columns[0])] * len(columns[0])
    if kind is Whether:
        shares = {id(x): x for x in columns[0]}.values()
        return [any(torch._C._functorch.is_batchedtensor(x) or bool(x) for x in shares)] * len(columns[0])
    if kind is Value:
        return [objective.value(columns[0])] * len(columns[0])
    if kind is Draw:
        return list(map(objective.draw, asked["kind"], asked["like"]))
    names = {Gradient: "gradient", FullGradient: "full_gradient", Hvp: "hvp", PerSample: "per_sample", Factors: "factors", Inner: "inner"}
    found: Sequence[Answer] = getattr(objective, names[kind])(*columns)
    return found


def lockstep(rules: Sequence[Generator[Request, Answer, Tensor]], objective: Objective) -> list[Tensor]:
    """Run the rules of all tensors side by side; return their results. All must ask the same things in the same order."""
    results: dict[int, Tensor] = {}
    replies: Sequence[Answer] = [None] * len(rules)
    while True:
        asked = []
        for i, rule in enumerate(rules):
            try:
                asked.append(rule.send(replies[i]))
            except StopIteration as end:
                results[i] = end.value
        if not asked:
            return [results[i] for i in range(len(rules))]
        if results or len({type(a) for a in asked}) > 1:
            raise RuntimeError(f"the tensors of a model must ask alike, but asked for {sorted({type(a).__name__ for a in asked})}")
        replies = answer(asked, objective)


def gradients(closure: Closure, params: Sequence[Tensor], create_graph: bool = False) -> tuple[Any, list[Tensor | None]]:
    """Loss and gradients, whether the closure calls `backward` itself or only returns the loss. Never writes to `p.grad`.

    Of a loss for each sample it is the gradient of their mean.
    """
    with torch.enable_grad():
        loss = closure()
        found = [p.grad for p in params]
        if all(g is None for g in found) and isinstance(loss, Tensor) and loss.requires_grad:
            wanted = [p for p in params if p.requires_grad]
            grads = iter(torch.autograd.grad(loss.mean(), wanted, create_graph=create_graph, allow_unused=True) if wanted else ())
            found = [next(grads) if p.requires_grad else None for p in params]
    return loss, found


class FunctionObjective:
    """Answers from a pure function of the list of tensors: for toy surfaces, torch.func.vmap and tests.

    `loss` gives one number, or one a sample; `fisher` is the one with drawn targets that `PerSample` and `Factors` look at.
    """

    def __init__(self, loss: Callable[[list[Tensor]], Tensor], full: Callable[[list[Tensor]], Tensor] | None = None,
                 fisher: Callable[[list[Tensor]], Tensor] | None = None) -> None:  # fmt: skip
        self.loss, self.full, self.fisher, self.draw, self.counts = loss, full or loss, fisher or loss, draw, Counter[str]()

    def value(self, at: Sequence[Tensor]) -> Tensor:
        self.counts["value"] += 1
        return self.loss(list(at)).mean()

    def gradient(self, at: Sequence[Tensor]) -> Sequence[Tensor]:
        self.counts["gradient"] += 1
        return torch.func.grad(lambda xs: self.loss(xs).mean())(list(at))

    def full_gradient(self, at: Sequence[Tensor]) -> Sequence[Tensor]:
        self.counts["full_gradient"] += 1
        return torch.func.grad(lambda xs: self.full(xs).mean())(list(at))

    def hvp(self, at: Sequence[Tensor], vectors: Sequence[Tensor]) -> Sequence[Tensor]:
        self.counts["hvp"] += 1
        return torch.func.jvp(torch.func.grad(lambda xs: self.loss(xs).mean()), (list(at),), (list(vectors),))[1]

    def per_sample(self, at: Sequence[Tensor]) -> Sequence[Tensor]:
        self.counts["per_sample"] += 1
        return torch.func.jacrev(lambda xs: torch.atleast_1d(self.fisher(xs)))(list(at))

    def factors(self, at: Sequence[Tensor]) -> Sequence[Layer | None]:
        self.counts["factors"] += 1
        xs = list(at)

        def shifted(shifts: list[Tensor]) -> Tensor:
            with Watch(xs, shifts):
                return self.fisher(xs).mean()

        with Watch(xs, ()) as watch:
            self.fisher(xs)
        return watch.layers(torch.func.grad(shifted)(watch.shifts) if watch.shifts else [])

    def inner(self, gs: Sequence[Tensor]) -> Sequence[Tensor]:
        raise TypeError("a wrapper needs the optimizer that it wraps: step it, or write an objective with `inner`")


class ClosureObjective:
    """Answers by moving the model's parameters, calling the closure and putting all back; `p.grad` comes back as the same tensor.

    Only the step of a wrapped optimizer leaves the parameters where it took them.
    """

    def __init__(self, params: Sequence[Tensor], closure: Closure | None, full: Closure | None, counts: Counter[str],
                 wrapped: torch.optim.Optimizer | None, draw: Callable[[str, Tensor], Tensor],
                 fisher: Closure | None = None, given: Sequence[Tensor | None] = ()) -> None:  # fmt: skip
        self.params, self.closure, self.full, self.counts, self.wrapped, self.draw = params, closure, full, counts, wrapped, draw
        self.fisher = fisher or closure
        self.given = given  # gradients at the parameters as they are; with their graph, they answer a first `hvp` there
        self.kept: list[Tensor | None] = [None] * len(params)  # what those were that are elsewhere
        self.loss: Any = None

    def value(self, at: Sequence[Tensor]) -> Tensor:
        return self._at(at, "value", self.closure, lambda closure: torch.as_tensor(closure()).detach().mean())

    def gradient(self, at: Sequence[Tensor]) -> Sequence[Tensor]:
        return self._at(at, "gradient", self.closure, lambda closure: self._filled(gradients(closure, self.params)[1]))

    def full_gradient(self, at: Sequence[Tensor]) -> Sequence[Tensor]:
        return self._at(at, "full_gradient", self.full, lambda closure: self._filled(gradients(closure, self.params)[1]))

    def hvp(self, at: Sequence[Tensor], vectors: Sequence[Tensor]) -> Sequence[Tensor]:
        def product(found: Sequence[Tensor | None]) -> Sequence[Tensor]:
            rows = zip(self.params, found, vectors, strict=True)
            pairs = [(g, unseen(p, v)) for p, g, v in rows if g is not None and g.requires_grad]
            if not pairs:
                raise RuntimeError("a Hessian-vector product needs a closure that returns the loss, or calls backward(create_graph=True)")
            return self._filled(torch.autograd.grad([g for g, _ in pairs], self.params, [v for _, v in pairs], allow_unused=True))

        given, self.given = self.given, ()
        there = (x.is_set_to(p) or torch.equal(x, seen(p)) for x, p in zip(at, self.params, strict=True))
        if any(g is not None and g.requires_grad for g in given) and all(there):
            self.counts["hvp"] += 1
            return product(given)
        return self._at(at, "hvp", self.closure, lambda closure: product(gradients(closure, self.params, create_graph=True)[1]))

    def per_sample(self, at: Sequence[Tensor]) -> Sequence[Tensor]:
        def rows(closure: Closure) -> Sequence[Tensor]:
            losses = closure()
            if not isinstance(losses, Tensor) or losses.dim() == 0:
                return [x.unsqueeze(0) for x in self._filled(gradients(lambda: losses, self.params)[1])]
            each = [torch.autograd.grad(loss, self.params, retain_graph=True, allow_unused=True) for loss in losses.flatten()]
            return [torch.stack(column) for column in zip(*map(self._filled, each), strict=True)]

        return self._at(at, "per_sample", self.fisher, rows)

    def factors(self, at: Sequence[Tensor]) -> Sequence[Layer | None]:
        def layers(closure: Closure) -> Sequence[Layer | None]:
            with Watch(self.params) as watch:
                slopes = gradients(closure, watch.shifts)[1]  # a list that grows while the closure runs
            return watch.layers(slopes)

        return self._at(at, "factors", self.fisher, layers)

    def inner(self, gs: Sequence[Tensor]) -> Sequence[Tensor]:
        if self.wrapped is None:
            raise TypeError("only a wrapper asks for the step of an inner optimizer")
        grad = attrgetter("grad")
        grads, self.kept = [*map(grad, self.params)], [None] * len(self.params)
        try:
            for p, g in compress(zip(self.params, gs, strict=True), map(is_not, gs, grads)):
                p.grad = unseen(p, g)
            self.wrapped.step()
        finally:
            for p, old in compress(zip(self.params, grads, strict=True), map(is_not, map(grad, self.params), grads)):
                p.grad = old
        return [p if p.dtype in (torch.float32, torch.float64) else seen(p) for p in self.params]

    def _filled(self, found: Sequence[Tensor | None]) -> list[Tensor]:
        return [seen(torch.zeros_like(p) if g is None else g.detach()) for p, g in zip(self.params, found, strict=True)]

    def _at(self, at: Sequence[Tensor], kind: str, closure: Closure | None, work: Callable[[Closure], Any]) -> Any:
        if closure is None:
            raise RuntimeError(f"this method evaluates the loss itself: call step({'full=...' if kind == 'full_gradient' else 'closure'})")
        grads = [p.grad for p in self.params]
        try:
            for i, (p, x) in enumerate(zip(self.params, at, strict=True)):
                if not x.is_set_to(p):  # else it is there
                    self.kept[i] = p.detach().clone() if self.kept[i] is None else self.kept[i]
                    p.detach().copy_(unseen(p, x))
                p.grad = None
            self.counts[kind] += 1
            with torch.enable_grad():
                result = work(self._noting(closure))
        finally:
            for p, x, g in zip(self.params, self.kept, grads, strict=True):
                if x is not None:
                    p.detach().copy_(x)
                p.grad = g
        return result

    def _noting(self, closure: Closure) -> Closure:
        def noted() -> Any:
            loss = closure()
            if self.loss is None and loss is not None:
                self.loss = loss.detach() if isinstance(loss, Tensor) else loss
            return loss

        return noted
