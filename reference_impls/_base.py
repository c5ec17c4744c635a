"""What every reference optimizer shares, so that a method's own file holds only the paper's maths.

A method subclasses `ReferenceOptimizer`, names its `buffers`, spells out `__init__` and writes `update`. That is the rule: a pure
function of tensors, out of place, in the paper's order and names. `step` runs it for every parameter; `init` and `apply` give it to
`torch.func` and `torch.compile`. A rule that must look beyond one tensor's gradient asks for it with `yield` (`_requests.py`).
"""

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from itertools import compress
from operator import attrgetter
from typing import Any, ClassVar, get_type_hints

import torch
import torch.optim.optimizer as optimizers
from torch import Tensor

from reference_impls._eager import step_alike
from reference_impls._hyper import Count, Decays, Fraction, NonNegative, Positive, Range, described, lifted, refusal, same
from reference_impls._requests import ClosureObjective, Objective, draw, gradients, lockstep
from reference_impls._state import Buffer, Names, State, checked, scalar, seen, settled, unseen

__all__ = ["Buffer", "Count", "Decays", "Fraction", "Names", "NonNegative", "Positive", "Range", "ReferenceOptimizer"]


_generates = cache(inspect.isgeneratorfunction)


class Help:
    """A method's docstring, written when it is read: the paper, the hyperparameters with their ranges, and the update rule."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __get__(self, instance: Any, cls: Any) -> str:
        lines = []
        for name, p in cls.hyperparameters().items():
            default = "" if p.default is inspect.Parameter.empty else f", default {p.default!r}"
            lines.append(f"    {name}: {described(p.annotation)}{default}")
        try:
            rule = inspect.getsource(cls.update)
        except (OSError, TypeError):  # typed at a prompt
            rule = ""
        return "\n".join([self.text, "", "Hyperparameters, with the range that each must lie in:", *lines, "",
                          "The update; marks such as [A1.m] name the equations of the catalog:", "", rule.rstrip()])  # fmt: skip


class ReferenceOptimizer(torch.optim.Optimizer):
    """Owns groups, checks, state and stepping. A subclass gives `__init__` (its signature is the method's data sheet) and `update`.

    Arithmetic and state are in the parameter's dtype, but at least float32; the result is rounded to the parameter once a step.
    `p.grad` is read and never written. A parameter whose gradient is None, or that is empty, is left alone with its state.
    """

    buffers: ClassVar[tuple[str | Buffer, ...]] = ()  # a plain name: zeros shaped as the parameter
    elementwise: ClassVar[bool] = True  # False: looks at whole tensors, so complex parameters are refused
    uses_gradient: ClassVar[bool] = True  # False: `update` gets None for `g` and asks for values instead
    compiles: ClassVar[bool] = True  # False: the record says why (`implementation.refuses`)
    backend: ClassVar[str] = "inductor"  # what `compile=True` hands to torch.compile
    optional: ClassVar[tuple[Buffer, ...]] = ()  # those of `buffers` that may be missing (`Buffer.scaled_by`): the rule reads 0
    draw = staticmethod(draw)  # who answers `Draw`; an object may be given another one

    def __init__(self, params: Any, compile: bool = False, **hyper: Any) -> None:
        if compile and not self.compiles:
            raise ValueError(f"{type(self).__name__} cannot be compiled; its record says why")
        self._compile, self._stages, self._plan, self._own, self._programs, self._lifted = compile, {}, None, set(), {}, {}
        self.evaluations: Counter[str] = Counter()  # what closures were asked for, by kind
        super().__init__(params, hyper)

    def __init_subclass__(cls) -> None:
        cls.optional = tuple(b for b in cls.buffers if isinstance(b, Buffer) and b.scaled_by)
        cls.__doc__ = Help(cls.__doc__ or sys.modules[cls.__module__].__doc__ or cls.__name__)

    # --- what a method writes

    def update(self, theta: Tensor, g: Tensor, s: Any, h: Any) -> Any:
        """Return the new theta and assign new tensors to the slots of `s`; `s.t` is the step, from 1 (a 0-d tensor).

        Nothing is written in place and no Python branch looks at a tensor (`torch.where` does). A rule with `yield` in it asks for
        more than this tensor's gradient: `norm = torch.sqrt((yield Total((g**2).sum())))`, or where to branch: `if (yield Whether(due)):`.
        """
        raise NotImplementedError

    def start(self, theta: Tensor, s: Any, h: Any) -> None:
        """Assign the slots that do not start at zero: `s.delta = s.delta + h.lr`."""

    def averaged(self, theta: Tensor, s: Any, h: Any) -> Tensor:
        """The point to evaluate and to keep, for a method that trains at another one (see `eval`)."""
        return theta

    # --- the rule as a pure function

    @classmethod
    def functional(cls, **hyper: Any) -> "ReferenceOptimizer":
        """An instance without parameters of its own, for `hyper`, `init` and `apply`."""
        return cls([torch.zeros(0)], **hyper)

    def hyper(self, **changes: Any) -> Names:
        """The first group's hyperparameters as `update` reads them; `changes` are not checked and may be batched tensors."""
        self._known(changes)
        return self._names({**self.param_groups[0], **changes})

    def init(self, theta: Tensor, h: Names) -> State:
        """The state before the first step: every slot that applies to `theta`, and the step number `t` = 0."""
        state = {b.name: b.zeros(theta, h) for b in self._slots(theta) if b.kept(h)}
        s = Names(state)
        self.start(theta, s, h)
        started = {k: v.clone() if v is theta else v for k, v in settled(state, s).items()}  # a slot that is theta has memory of its own
        return {**started, "t": scalar(0.0, theta.device)}

    def apply(self, theta: Tensor, g: Tensor | None, state: State, h: Names) -> tuple[Tensor, State]:
        """One step of one tensor, for a rule that asks for nothing: the new theta and the new state. Changes no argument."""
        state = self._complete(theta, state, h)
        s = self._read({**state, "t": state["t"] + 1})
        return checked(theta, self.update(theta, g, s, h)), settled(state, s)

    def apply_all(self, thetas: Sequence[Tensor], gs: Sequence[Tensor | None], states: Sequence[State], hs: Sequence[Names],
                  objective: Objective) -> tuple[list[Tensor], list[State]]:  # fmt: skip
        """One step of all tensors side by side, for a rule that asks: `objective` answers. Changes no argument."""
        states = list(map(self._complete, thetas, states, hs))
        slots = [self._read({**state, "t": state["t"] + 1}) for state in states]
        news = lockstep([self.update(*each) for each in zip(thetas, gs, slots, hs, strict=True)], objective)
        return list(map(checked, thetas, news)), list(map(settled, states, slots))

    # --- torch.optim.Optimizer

    @staticmethod
    def profile_hook_step(func: Callable[..., Any]) -> Callable[..., Any]:
        """`func` with torch's record for the profiler and its hooks, where there are any: without, they take as long as a small kernel."""
        hooked = torch.optim.Optimizer.profile_hook_step(func)

        @wraps(func)
        def step(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
            everyone = optimizers._global_optimizer_pre_hooks or optimizers._global_optimizer_post_hooks
            if everyone or self._optimizer_step_pre_hooks or self._optimizer_step_post_hooks or torch.autograd._profiler_enabled():
                return hooked(self, *args, **kwargs)
            return func(self, *args, **kwargs)

        return step

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group. An unknown name is a TypeError, a value out of range a ValueError; then nothing is added."""
        if isinstance(param_group, dict):
            self._known(param_group.keys() - {"params", "param_names", "initial_lr"})
            self._check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None, *, full: Callable[[], Any] | None = None,
             fisher: Callable[[], Any] | None = None) -> Any:  # fmt: skip
        """Take one step and return the closure's loss.

        The closure calls `backward` or only returns the loss. Gradients that have their graph, from `backward(create_graph=True)`, serve
        for a Hessian-vector product as well. `full` is one over all data, for methods that ask for `FullGradient`;
        `fisher` one on targets drawn from the model's own prediction, for methods that ask for `PerSample` or `Factors`.
        Sparse gradients, and complex parameters of a method that looks at whole tensors, are a TypeError.
        """
        if self._plan is not None and closure is None and self._plan.repeats(self):
            return None
        with torch.no_grad():
            return self._step(closure, full, fisher)

    def _step(self, closure: Callable[[], Any] | None, full: Callable[[], Any] | None, fisher: Callable[[], Any] | None) -> Any:
        params, hs = self._columns()
        if type(self).averaged is not ReferenceOptimizer.averaged and any("theta" in state for state in self.state.values()):
            raise RuntimeError("the parameters are the averaged ones now: call train() before step()")
        loss, gs = None, [*map(attrgetter("grad"), params)] if self.uses_gradient else [None] * len(params)
        if closure is not None and self.uses_gradient:
            loss, gs = self._evaluated(closure, params)
        everyone, moving = (params, hs), [g is not None for g in gs] if self.uses_gradient else [p.requires_grad for p in params]
        if not all(moving):
            params, gs, hs = ([*compress(column, moving)] for column in (params, gs, hs))
        self._admit(params, gs)
        objective = self._objective(params, gs, closure, full, fisher) if self._asks() and params else None
        if self._compile and params:
            from reference_impls import _compiled

            _compiled.step(self, params, gs, hs, everyone, objective)
            loss = objective.loss if objective and loss is None else loss
        elif not self._asks():
            jobs = [*zip(params, gs, hs, strict=True)]
            for p, g, h in step_alike(self, jobs) if self.elementwise else jobs:
                self._store(p, g, *self.apply(seen(p), seen(g), self._state(p, h), h))
        elif objective:
            thetas = [seen(p).clone() for p in params]
            states = [*map(self._state, params, hs)]
            results = self.apply_all(thetas, [None if g is None else seen(g) for g in gs], states, hs, objective)
            for p, g, theta, state in zip(params, gs, *results, strict=True):
                self._store(p, g, theta, state)
            loss = objective.loss if loss is None else loss
        return loss

    @torch.no_grad()
    def eval(self) -> None:
        """Show the averaged point in the parameters, for methods that have one; `train` puts the other one back, bit for bit."""
        for p, h in zip(*self._columns(), strict=True):
            state = self.state.get(p)
            if state and "theta" not in state and type(self).averaged is not ReferenceOptimizer.averaged:
                point = self.averaged(seen(p), Names(state), h)
                state["theta"] = p.detach().clone()
                p.copy_(unseen(p, point))

    @torch.no_grad()
    def train(self) -> None:
        """Put the training point back in the parameters after `eval`."""
        for p, state in self.state.items():
            if "theta" in state:
                p.copy_(state.pop("theta"))

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resume bit for bit. torch casts state to the parameter's dtype, which would round what is kept in float32 and float64.

        State that belongs to another method is a ValueError, before anything is changed.
        """
        loaded: dict[str, Any] = {}

        def before(_: Any, saved: dict[str, Any]) -> None:
            for group in saved["param_groups"]:
                self._check(group)
            for p, state in self._saved(saved):
                slots = {"t", *(b.name for b in self._slots(seen(p)))}
                if not slots - {b.name for b in self.optional} <= state.keys() - {"theta"} <= slots:
                    raise ValueError(f"{type(self).__name__} does not keep the state {', '.join(state)} for shape {tuple(p.shape)}")
            loaded.update(saved)

        def after(_: Any) -> None:
            for p, state in self._saved(loaded):
                self.state[p] = {k: v.detach().clone().to(p.device) for k, v in state.items()}

        hooks = self.register_load_state_dict_pre_hook(before), self.register_load_state_dict_post_hook(after, prepend=True)
        try:
            super().load_state_dict(state_dict)
        finally:
            for hook in hooks:
                hook.remove()

    def __getstate__(self) -> dict[str, Any]:
        compiled = {"_compile": self._compile, "_stages": {}, "_plan": None, "_own": set(), "_programs": {}, "_lifted": {}}
        return {**super().__getstate__(), "evaluations": self.evaluations, **compiled}

    # --- helpers

    def _asks(self) -> bool:
        return _generates(type(self).update)

    def _objective(self, params: Sequence[Tensor], given: Sequence[Tensor | None], *closures: Callable[[], Any] | None) -> ClosureObjective:
        closure, full, fisher = closures
        return ClosureObjective(params, closure, full, self.evaluations, getattr(self, "inner", None), self.draw, fisher, given)

    def _slots(self, theta: Tensor) -> list[Buffer]:
        return [b for b in (b if isinstance(b, Buffer) else Buffer(b) for b in self.buffers) if b.fits(theta)]

    def _complete(self, theta: Tensor, state: State, h: Names) -> State:
        """`state` with the optional slots that `h` asks for by now."""
        missing = [b for b in self.optional if b.name not in state and b.kept(h) and b.fits(theta)]
        return {**{b.name: b.zeros(theta, h) for b in missing}, **state} if missing else state

    def _read(self, state: State) -> Names:
        """`state` as the rule reads it."""
        return Names({**{b.name: 0.0 for b in self.optional}, **state})

    def _admit(self, params: Sequence[Tensor], gs: Sequence[Tensor | None]) -> None:
        if {g.layout for g in gs if g is not None} - {torch.strided}:
            raise TypeError(f"{type(self).__name__} takes no sparse gradients: ask the layer for dense ones (sparse=False)")
        if not self.elementwise and any(p.is_complex() for p in params):
            raise TypeError(f"{type(self).__name__} looks at whole tensors and is not defined for complex parameters")

    def _columns(self) -> tuple[list[Tensor], list[Names]]:
        """The parameters that have entries, and each one's hyperparameters."""
        params, hs = list[Tensor](), list[Names]()
        for group, h in zip(self.param_groups, self._grouped(), strict=True):
            some = [*compress(group["params"], map(Tensor.numel, group["params"]))]
            params += some
            hs += [h] * len(some)
        return params, hs

    def _grouped(self) -> list[Names]:
        """The hyperparameters of each group."""
        return [self._names(group, self._lifted.setdefault(i, {})) for i, group in enumerate(self.param_groups)]

    def _names(self, group: Mapping[str, Any], before: dict[str, tuple[Any, Any]] | None = None) -> Names:
        """The group's hyperparameters; for compiled runs as tensors, of which those whose values were there `before` are kept."""
        values = {name: group[name] for name in self.hyperparameters()}
        if not self._compile:
            return Names(values)
        absent = {b.scaled_by for b in self.optional if not b.kept(Names(values))}
        before = {} if before is None else before
        for name, value in values.items():
            if name not in before or not same(before[name][0], value):
                before[name] = tuple(value) if isinstance(value, list) else value, lifted(value)
        return Names({k: v if k in absent else before[k][1] for k, v in values.items()})

    def _started(self, p: Tensor, h: Names) -> State:
        """The state itself, for what writes in place, with all slots that `h` asks for."""
        state = self.state[p]
        if not state or self.optional:
            started = self._complete(seen(p), state, h) if state else self.init(seen(p), h)
            state.update((k, v.clone(memory_format=torch.contiguous_format)) for k, v in started.items() if k not in state)
        return state

    def _state(self, p: Tensor, h: Names) -> State:
        return dict(self.state.get(p) or self.init(seen(p), h))

    def _store(self, p: Tensor, g: Tensor | None, theta: Tensor, state: State) -> None:
        """Write the step's results; a slot that is a view of the parameter or of its gradient gets memory of its own."""
        foreign = {x.untyped_storage().data_ptr() for x in (p, g) if x is not None}
        self.state[p] = {k: v.clone() if v.untyped_storage().data_ptr() in foreign else v for k, v in state.items()}
        p.copy_(unseen(p, theta))

    def _evaluated(self, closure: Callable[[], Any], params: Sequence[Tensor]) -> tuple[Any, list[Tensor | None]]:
        """Loss and gradients of the closure alone: what was in `p.grad` before comes back where the closure leaves nothing."""
        kept = [p.grad for p in params]
        try:
            for p in params:
                p.grad = None
            self.evaluations["gradient"] += 1
            return gradients(closure, params)
        finally:
            for p, g in zip(params, kept, strict=True):
                p.grad = g if p.grad is None else p.grad

    def _saved(self, saved: Mapping[str, Any]) -> list[tuple[Tensor, State]]:
        ids = [i for group in saved["param_groups"] for i in group["params"]]
        params = [p for group in self.param_groups for p in group["params"]]
        return [(p, saved["state"][i]) for i, p in zip(ids, params, strict=False) if i in saved["state"]]

    @classmethod
    def hyperparameters(cls) -> dict[str, inspect.Parameter]:
        """Name -> parameter of `__init__`, in order: `.default` (`inspect.Parameter.empty`: the user chooses) and `.annotation`."""
        if "_hyperparameters" not in cls.__dict__:
            hints = get_type_hints(cls.__init__, include_extras=True)
            given = list(inspect.signature(cls.__init__).parameters.values())[2:]  # after self and what is optimized
            cls._hyperparameters = {p.name: p.replace(annotation=hints.get(p.name, Any)) for p in given if p.name != "compile"}
        return cls._hyperparameters

    def _known(self, names: Any) -> None:
        if unknown := sorted(set(names) - self.hyperparameters().keys()):
            raise TypeError(f"{type(self).__name__} has no hyperparameter {', '.join(unknown)}; it has {', '.join(self.hyperparameters())}")

    def _check(self, group: Mapping[str, Any]) -> None:
        for name, parameter in self.hyperparameters().items():
            if name not in group:
                raise ValueError(f"{type(self).__name__}: {name} is missing")
            if reason := refusal(parameter.annotation, group[name]):
                raise ValueError(f"{type(self).__name__}: {name} {reason}, found {group[name]!r}")
