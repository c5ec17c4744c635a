"""What `compile=True` runs: the same rule, traced once for each kind of tensor and split where that pays.

1. The rule is followed up to its next request, or to its end, into one graph of plain tensor operations.
2. What depends on single numbers alone (step number, hyperparameters, totals) is computed beside the graph: inside a fused loop it would
   be computed again for every element.
3. What is done at some steps only (`refreshed`) makes graphs of its own: one for steps without, one for steps with it. The latter is
   compiled only if it works element by element: decompositions of matrices gain nothing.
4. Products and decompositions of matrices run as they are (`_pieces.cut`).
5. torch.compile fuses the rest, which writes parameters and state in place. Tensors whose graphs, or parts of them, read alike share what
   is compiled. Where a rule looks at whole tensors, the graph of a very small part of all entries (`MINOR`) runs as it is.

Small tensors of one shape are stacked and stepped together (`torch.func.vmap`); so are some large ones, if the rule multiplies matrices in
every step. Where a rule works element by element, shapes are flattened, and some large tensors of one shape take one call side by side;
where it takes sums over tensors, too, if they stay in the cache until it reads them again.
A rule that asks is followed from its beginning for each request: it is pure, and only what the request needs is computed. Where it may
branch on a reply (`Whether`), there is a graph for each answer.
Where a step does the same as the last one, with other gradients and numbers, it takes the same calls (`Repeat`).
"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import chain, repeat
from operator import attrgetter, is_, is_not
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import get_proxy_mode, make_fx

from reference_impls import _graphs
from reference_impls._pieces import PACKED, Call, Piece, cut, pick
from reference_impls._requests import Draw, Inner, Objective, answers
from reference_impls._state import Names, State, checked, seen, settled, tracing

BUNDLE = 8  # so many large tensors of one shape take one call, side by side or stacked; half of them if the rule asks
NEAR = 1 << 19  # tensors side by side that are summed over have together at most so many entries: they are read more than once
STACK = 1 << 21  # large tensors that are stacked have together at most so many entries: stacks of more took longer
SMALL = 1 << 14  # up to so many elements, copying a tensor into a stack costs less than calls of its own
MANY = 20  # so many small tensors take one call side by side if they have no state: copies in a stack would be most of the step
BLOCK = 4096  # loops over rows of a length known beforehand are tighter
MINOR = 256  # a rule that looks at whole tensors is not compiled for so small a part of them: compiling takes seconds
FEW = 16  # so many numbers that all tensors share, or that are constant, are worked on beside the graph
STILL = "still"  # replies that are the parameters themselves
_GRADIENT, _FORM, _DTYPE = attrgetter("grad"), attrgetter("layout"), attrgetter("dtype")
aten = torch.ops.aten


class Now:
    """What belongs to one step alone, an item for each tensor: gradients, hyperparameters, step numbers, what is asked and replied.

    Complex gradients are pairs of reals.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.gs: Sequence[Tensor | None] = ()
        self.hs: Sequence[Names] = ()
        self.ts: Sequence[float] = []
        self.asked: dict[str, list[Any]] = {}  # by the names of the request's fields
        self.replies: list[Sequence[Any]] = []  # of each request
        # of each request: STILL, or a bool, or how the reply is laid out that all tensors have, or None: each has its own
        self.alike: list[Any] = []


class Clock:
    """The step numbers of tensors on one device, which are from now on parts of one tensor.

    On a CPU it is an array of Python's: between large kernels, that takes a tenth of the time to read and to write.
    """

    def __init__(self, jobs: "Sequence[Job]") -> None:
        self.jobs, self.column, self.memory = jobs, torch.stack([job.state["t"] for job in jobs]), None
        if self.column.device.type == "cpu" and self.column.dtype == torch.float64:
            self.memory = array("d", self.column.tolist())
            self.column = torch.frombuffer(self.memory, dtype=torch.float64)
        for job, part in zip(jobs, self.column.unbind(), strict=True):
            job.state["t"] = part

    def read(self) -> Sequence[float]:
        """The step numbers, until the next `tick`."""
        return self.column.tolist() if self.memory is None else self.memory

    def tick(self) -> None:
        """Count a step."""
        if self.memory is None:
            self.column.add_(1)
        else:
            self.memory[:] = array("d", [t + 1 for t in self.memory])


class Job:
    """One tensor, number so and so of its optimizer's. Alike ones share their `kind`."""

    def __init__(self, number: int, p: Tensor, h: Names, state: State) -> None:
        self.number, self.p, self.state, self.kind = number, p, state, kind(p, h)
        self.place = p.detach()
        self.theta = _real(self.place)
        self.kept: Tensor | None = None  # what theta was, while the parameter is elsewhere
        self.slots = {name: x for name, x in state.items() if name != "t"}


def kind(p: Tensor, h: Names) -> Any:
    return id(h), p.shape, p.dtype, p.device


def _real(x: Tensor) -> Tensor:
    return torch.view_as_real(x) if x.is_complex() else x


def _layout(x: Tensor) -> Any:
    return x.shape, x.stride(), x.dtype


def _layouts(gs: Sequence[Tensor | None]) -> list[Any]:
    return [x for g in gs for x in ((None,) if g is None else (g.dtype, g.is_contiguous() or g.stride()))]


def step(owner: Any, params: Sequence[Tensor], gs: Sequence[Tensor | None], hs: Sequence[Names],
         everyone: tuple[Sequence[Tensor], Sequence[Names]], objective: Objective | None) -> None:  # fmt: skip
    """One step of these parameters with these gradients and hyperparameters, in place, as their state is.

    `everyone` are the optimizer's tensors, whether or not they have a gradient now.
    """

    def planned() -> Plan:
        owner._plan = Plan(owner, params, gs, hs, Counter(map(kind, *everyone)))
        return owner._plan

    memo: dict[Any, Any] = {}
    plan: Plan = owner._plan
    if plan is None or not plan.again(owner, params, gs, hs):
        plan = planned()
    elif plan.rests(memo):
        assert objective is not None
        objective.inner(plan.now.gs)
        plan.rest()
        return
    elif not (plan.begin() and plan.stays()):
        plan = planned()
        memo.clear()
    request: Any = True
    while request is not None:
        stages = plan.stages(owner, memo)
        if own := {name for stage in stages for name in stage.own}:
            owner._own |= own  # no number of all tensors after all
            replies, plan = plan.now.replies, planned()
            memo.clear()
            for each in replies:
                plan.hear(owner, each)
            continue
        request = stages[0].request
        if any(stage.request != request for stage in stages):
            raise RuntimeError("the tensors of a model must ask alike")
        # all calls are made ready before the first: between large kernels, the interpreter finds its caches empty
        ready = [stage.ready(batch, memo) for batch, stage in zip(plan.batches, stages, strict=True)]
        if request is not None:
            ask, constants, names = request
            plan.now.asked = {name: [None] * len(plan.jobs) for name in names}
        for batch, stage, call in zip(plan.batches, stages, ready, strict=True):
            batch.take(stage, (call() if call else None) or [])
        if request is not None:
            assert objective is not None
            if any(stage.moves for stage in stages):
                objective.kept = [job.kept for job in plan.jobs]
            columns = {**plan.now.asked, **{name: [value] * len(plan.jobs) for name, value in constants}}
            plan.hear(owner, answers(ask, columns, objective))
    plan.repeat = Repeat.of(owner, plan)
    plan.end()


# --- which tensors step together


class Plan:
    """How the tensors of a step lie together: made anew only when they are others, or elsewhere."""

    def __init__(self, owner: Any, params: Sequence[Tensor], gs: Sequence[Tensor | None], hs: Sequence[Names], room: Counter[Any]) -> None:
        self.now = Now()
        self.params, self.states = params, [*map(owner._started, params, hs)]
        self.keys, self.values = [*owner.state], [*owner.state.values()]
        self.jobs = [*map(Job, range(len(params)), params, hs, self.states)]
        self.places, self.thetas = [job.place for job in self.jobs], [job.theta for job in self.jobs]
        self.complex = any(x.is_complex() for x in (*self.params, *gs) if x is not None)
        devices: dict[Any, list[Job]] = {}
        alike: dict[int, list[Job]] = {}
        for job, h in zip(self.jobs, hs, strict=True):
            devices.setdefault(job.p.device, []).append(job)
            alike.setdefault(id(h), []).append(job)
        self.clocks = [*map(Clock, devices.values())]
        self.read(gs, hs)
        self.layouts = _layouts(self.now.gs)
        self.common = {key: Common(jobs, owner._own) for key, jobs in alike.items()}
        for common in self.common.values():
            common.batches = list(_batches(owner, common, room, self.now))
        self.batches = [batch for common in self.common.values() for batch in common.batches]
        # from now on, the state is kept where it is
        self.counts = list(map(len, self.states))
        self.lasting = [x for state in self.states for x in state.values()]
        slots = [x for state in self.states for name, x in state.items() if name != "t"]
        self.writing = [*slots, *(clock.column for clock in self.clocks)]
        self.memory = [x.data_ptr() for x in self.writing]
        self.trail: dict[Any, list[Stage]] = {}  # of all batches, by how the replies look to every one
        self.repeat: Repeat | None = None
        self.alike = False  # all tensors have the same step number and hyperparameters
        self.begin()

    def again(self, owner: Any, params: Sequence[Tensor], gs: Sequence[Tensor | None], hs: Sequence[Names]) -> bool:
        """Take in a later step, if the plan still serves: for the same tensors, in the same phase."""
        if not (len(params) == len(self.params) and all(map(is_, params, self.params)) and self.kept(owner)):
            return False
        self.read(gs, hs)
        self.alike = self.now.ts.count(self.now.ts[0]) == len(hs) == list(map(id, hs)).count(id(hs[0]))
        return (self.alike or all(batch.alike() for batch in self.batches)) and all(common.again() for common in self.common.values())

    def kept(self, owner: Any) -> bool:
        """Whether the state consists of the same tensors."""
        return (
            len(owner.state) == len(self.keys)
            and all(map(is_, owner.state, self.keys))
            and all(map(is_, owner.state.values(), self.values))
            and list(map(len, self.states)) == self.counts
            and all(map(is_, chain.from_iterable(map(dict.values, self.states)), self.lasting))
        )

    def rests(self, memo: dict[Any, Any]) -> bool:
        """Whether this step does nothing but hand the gradients to a wrapped optimizer: then no tensor needs to be looked at."""
        first, then = self.trail.get((), []), self.trail.get((STILL,), [])
        if not first or not then or first[0].request is None or first[0].request[0] is not Inner:
            return False
        rows = [*zip(self.batches, first, then, strict=True)]
        if self.alike:  # what rests for one rests for all that take the same stages
            rows = [*{row[1:]: row for row in rows}.values()]
        parts = self._parts()
        return all(x.idle and x.sources == ["g"] and batch.begin(parts) and y.rests(batch, memo) for batch, x, y in rows)

    def stays(self) -> bool:
        """Whether all is where it was, and the gradients are laid out like the first ones."""
        return self.lies() and _layouts(self.now.gs) == self.layouts

    def lies(self) -> bool:
        """Whether parameters and state are where they were; step numbers are parts of their clock, unless their `data` was set."""
        return all(map(Tensor.is_set_to, self.params, self.places)) and list(map(Tensor.data_ptr, self.writing)) == self.memory

    def repeats(self, owner: Any) -> bool:
        """Take a step by the calls of the last one, if they serve."""
        if self.repeat is None:
            return False
        if not self.repeat.serves(owner):
            self.repeat = None
            return False
        self.count()  # while the checks have all that in the caches
        self.repeat()
        self.rest()
        return True

    def hear(self, owner: Any, replies: Sequence[Any]) -> None:
        """Take in the replies to a request."""
        if isinstance(replies[0], bool):
            self.now.alike.append(replies[0])
            self.now.replies.append(replies)
            return
        shared = len(replies) > 1 and all(map(is_, replies, repeat(replies[0])))
        if not all(map(is_, replies, self.params)) and not all(isinstance(x, Tensor) for x in (replies[:1] if shared else replies)):
            raise TypeError(f"{type(owner).__name__} asks for what is no tensor, and cannot be compiled")
        still = all(map(Tensor.is_set_to, replies, self.thetas))
        self.now.alike.append(STILL if still else _layout(replies[0]) if shared else None)
        self.now.replies.append(replies)

    def stages(self, owner: Any, memo: dict[Any, Any]) -> "list[Stage]":
        """What each batch does up to the next request."""
        heard = tuple(self.now.alike)
        found = self.trail.get(heard) or [batch.stage(owner) for batch in self.batches]
        if None not in heard:
            self.trail[heard] = found
        rows = zip(self.batches, found, strict=True)
        return [stage if stage.dues is None else stage.chosen(owner, batch, memo) for batch, stage in rows]

    def end(self) -> None:
        """Write what the numbers of all tensors are by now, and count the step."""
        for common in self.common.values():
            common.settle()
        for batch in self.batches:
            batch.inputs = []
        self.count()
        self.rest()

    def count(self) -> None:
        """Count the versions of parameters and step numbers: neither compiled code nor `Clock` does."""
        torch.autograd.graph.increment_version([*self.params, *(clock.column for clock in self.clocks)])

    def rest(self) -> None:
        """Count the step, in which nothing else was written, and let go of what belongs to it alone."""
        self.now.clear()
        for clock in self.clocks:
            clock.tick()

    def read(self, gs: Sequence[Tensor | None], hs: Sequence[Names]) -> None:
        """Take in gradients and hyperparameters."""
        self.now.clear()
        self.now.gs = [g if g is None else _real(g) for g in gs] if self.complex else gs
        self.now.hs, self.now.ts = hs, self.clocks[0].read() if len(self.clocks) == 1 else [0.0] * len(self.jobs)
        for clock in self.clocks if len(self.clocks) > 1 else ():
            for job, t in zip(clock.jobs, clock.read(), strict=True):
                self.now.ts[job.number] = t

    def begin(self) -> bool:
        """Lay out the inputs of the step; False if it is another one, by what is fixed of the hyperparameters."""
        parts = self._parts()
        return all(batch.begin(parts) for batch in self.batches)

    def _parts(self) -> dict[int, tuple[list[Tensor], Any]]:
        return {i: _parts(vars(h)) for i, h in {id(h): h for h in self.now.hs}.items()}


class Repeat:
    """The calls of a step, for a rule that asks for nothing and does the same in every step, in calls of kernels alone.

    Gradients, step numbers and hyperparameters may be others in the next step. Between large kernels, making calls ready anew takes as
    long as some of them do.
    """

    def __init__(self, owner: Any, plan: "Plan", stages: "Sequence[Stage]") -> None:
        self.plan, self.now, self.names = plan, plan.now, [*owner.hyperparameters()]
        self.groups = [list(group["params"]) for group in owner.param_groups]
        stepping = set(map(id, plan.params))
        self.counts = [sum(id(p) in stepping for p in group) for group in self.groups]
        self.others = [p for group in self.groups for p in group if id(p) not in stepping]
        self.dtypes = [g.dtype for g in plan.now.gs if g is not None]
        self.given: list[Any] = []  # hyperparameters as they are in the groups
        self.hs: list[Names] = []  # and for each tensor
        self.parts: dict[int, tuple[list[Tensor], Any]] = {}
        self.fits = False  # whether what is fixed of them is what it was
        self.written = {x.data_ptr() for x in plan.thetas}.union(plan.memory)
        self.pool: list[Any] = []  # what the calls take, after the gradients
        self.calls: list[tuple[Callable[..., object], Callable[[Sequence[Any]], Sequence[Any]]]] = []
        self.packs: dict[Any, Pack] = {}
        for batch, stage in sorted(zip(plan.batches, stages, strict=True), key=lambda each: not each[0].rows):
            self._add(batch, stage, len(plan.jobs))

    @classmethod
    def of(cls, owner: Any, plan: "Plan") -> "Repeat | None":
        """After a step: its calls, if they serve for a later one."""
        stages = plan.trail.get((), [])
        plain = not plan.complex and all(g is not None and g.is_contiguous() for g in plan.now.gs)
        serve = plain and stages and all(batch.repeats(stage) for batch, stage in zip(plan.batches, stages, strict=True))
        return cls(owner, plan, stages) if serve else None

    def _add(self, batch: "Batch", stage: "Stage", count: int) -> None:
        """Add a batch's calls, in a step of `count` gradients."""
        assert isinstance(stage.main, Piece)
        assert stage.main.kernels is not None
        gradients = {} if batch.rows else dict(zip(batch.grads, batch.numbers, strict=True))
        places = []  # of what the kernels take
        for i in stage.main_takes:
            if i in gradients:
                places.append(gradients[i])
                continue
            places.append(count + len(self.pool))
            if stage.names[i] != PACKED:
                self.pool.append(batch.bare[i] if i < len(batch.bare) else batch.inputs[i])
                continue
            key = (stage.counted.text, batch.t, *[id(batch.inputs[k]) for k in stage.counted_takes if k != stage.ticks])
            if key not in self.packs:
                self.packs[key] = Pack(batch, stage, len(self.pool))
                self.pool.append(None)
            self.packs[key].firsts.append(batch.numbers[0])
            places[-1] = count + self.packs[key].place
        places += range(count + len(self.pool), count + len(self.pool) + len(stage.main.kernels.fixed))
        self.pool += stage.main.kernels.fixed
        calls = [(kernel, pick([places[i] for i in taken])) for kernel, taken in stage.main.kernels.calls]
        if batch.rows:  # what belongs together finds itself in the caches
            thetas, nothing = [job.theta for job in batch.jobs], pick([])
            self.calls.append((partial(_stack, batch.stacks["g"]), pick(batch.numbers)))
            self.calls.append((partial(_stack, batch.stacks["theta"], *thetas), nothing))
            calls.append((partial(batch._scatter, "theta", thetas), nothing))
        self.calls += calls

    def serves(self, owner: Any) -> bool:
        """Take in a later step, if nothing but gradients, step numbers and values of hyperparameters is other than it was."""
        groups = [group["params"] for group in owner.param_groups]
        if list(map(len, groups)) != list(map(len, self.groups)) or not all(map(is_, chain(*groups), chain(*self.groups))):
            return False
        gs = list(map(_GRADIENT, self.plan.params))
        if not (
            all(map(is_not, gs, repeat(None)))
            and all(map(is_, map(_FORM, gs), repeat(torch.strided)))
            and all(map(Tensor.is_contiguous, gs))
            and all(map(is_, map(_DTYPE, gs), self.dtypes))
            and all(p.grad is None or not p.numel() for p in self.others)
            and self.plan.kept(owner)
            and self.plan.lies()
            and self.written.isdisjoint(map(Tensor.data_ptr, gs))
        ):
            return False
        self.plan.read(gs, self._hyper(owner))
        ts = self.now.ts
        return self.fits and (ts.count(ts[0]) == len(ts) or all(x.alike() for x in (*self.plan.batches, *self.packs.values())))

    def _hyper(self, owner: Any) -> list[Names]:
        """The hyperparameters of each tensor; the same objects as before, if nothing is new."""
        given = [group[name] for group in owner.param_groups for name in self.names]
        if not (self.hs and all(map(is_, given, self.given)) and list not in map(type, given)):
            hs = owner._grouped()
            self.given, self.hs = given, [*chain.from_iterable(map(repeat, hs, self.counts))]
            self.parts = {id(h): _parts(vars(h)) for h in hs}
            self.fits = all(self.parts[id(self.hs[batch.numbers[0]])][1] == batch.fixed for batch in self.plan.batches)
        return self.hs

    def __call__(self) -> None:
        """Take the step."""
        for pack in self.packs.values():
            pack.renew(self.parts, self.pool)
        pool = [*self.now.gs, *self.pool]
        for call, picked in self.calls:
            call(*picked(pool))


class Pack:
    """Single numbers that belong to one step, in one tensor: of which batch and stage, and its place in the pool of `Repeat`."""

    def __init__(self, batch: "Batch", stage: "Stage", place: int) -> None:
        self.batch, self.stage, self.place, self.ticks = batch, stage, place, stage.ticks in stage.counted_takes
        self.firsts: list[int] = []  # of the batches that share them
        self.parts: Any = None  # from what the numbers were computed
        self.takes: list[Tensor] = []
        self.seen: list[float] = []

    def alike(self) -> bool:
        """Whether those who share the numbers still share the step number."""
        return len({self.batch.now.ts[n] for n in self.firsts}) == 1

    def renew(self, parts: Mapping[int, tuple[list[Tensor], Any]], pool: list[Any]) -> None:
        """Compute the numbers anew, if what they depend on is not what it was."""
        clock = self.batch.now.ts[self.batch.numbers[0]] if self.ticks else 0.0
        if parts is not self.parts or [clock, *map(_version, self.takes)] != self.seen:
            self.batch.begin(parts)
            self.parts, self.takes = parts, [self.batch.inputs[i] for i in self.stage.counted_takes if i != self.stage.ticks]
            self.seen, pool[self.place] = [clock, *map(_version, self.takes)], self.stage._pack(self.batch)


def _version(x: Tensor) -> float:
    """Changes when the tensor is written to; not a number, where that is not counted."""
    return math.nan if x.is_inference() else x._version


def _stack(out: Tensor, *xs: Tensor) -> None:
    with torch.no_grad():
        torch.stack(xs, out=out)


class Common:
    """Tensors with the same hyperparameters, and the slots of one number each (`names`) in which all of them keep the same.

    What is computed from such numbers is computed once for all (`numbers`). Each name has one tensor (`columns`), of which all slots of
    the name are parts from now on.
    """

    def __init__(self, jobs: list[Job], own: Collection[str]) -> None:
        self.jobs, self.batches = jobs, list[Batch]()
        self.names: list[str] = []
        self.columns: list[Tensor] = []
        numbers = [{(name, x.dtype) for name, x in job.slots.items() if not x.dim()} for job in jobs]
        together = len({job.p.device for job in jobs}) == 1
        for name, _ in sorted(set.intersection(*numbers), key=str) if together else ():
            column = torch.stack([job.slots[name] for job in jobs])
            if name not in own and self._same([column]):
                self.names.append(name)
                self.columns.append(column)
                for job, part in zip(jobs, column.unbind(), strict=True):
                    job.state[name] = job.slots[name] = part
        self.again()

    def again(self) -> bool:
        """Take in a later step, if the numbers are still the same for all."""
        self.numbers = [column[0].clone() for column in self.columns]
        return self._same(self.columns)

    @staticmethod
    def _same(columns: Sequence[Tensor]) -> bool:
        return all(row.count(row[0]) == len(row) for row in (column.tolist() for column in columns))

    def settle(self) -> None:
        """Write what the numbers are after the step."""
        for name, column in zip(self.names, self.columns, strict=True):
            values = [batch.after.get(name) for batch in self.batches]
            if values[0] is not None and values.count(values[0]) == len(values):
                column.fill_(values[0])
                continue
            for batch, value in zip(self.batches, values, strict=True):
                for job in batch.jobs if value is not None else ():
                    job.slots[name].fill_(value)


class Batch:
    """Tensors that take one call: one, or some side by side, or a stack of `rows` of them along a new first axis.

    In a stack, the last one is repeated if some are missing.
    """

    def __init__(self, jobs: list[Job], common: Common, rows: int, flat: bool, now: Now, numbers: Sequence[Tensor], fixed: Any) -> None:
        self.jobs, self.common, self.rows, self.flat, self.now, self.fixed = jobs, common, rows, flat, now, fixed
        self.h, self.t = now.hs[jobs[0].number], now.ts[jobs[0].number]
        self.numbers = [job.number for job in jobs]
        self.stacks: dict[str, Tensor] = {}
        self.parts: dict[str, list[Tensor]] = {}  # of stacks, one for each job
        self.stages: dict[Any, Stage] = {}  # by what is known of the replies
        self.minor = False  # its entries are few among all
        self.heard = 0  # replies among the inputs
        self.replied: tuple[Any, ...] = ()  # how they are laid out
        self.told: dict[int, bool] = {}  # the replies that are none of tensors: there is a graph for each answer
        self.moved: int | None = None  # the reply that is theta itself, where a wrapped optimizer took it
        self.inputs: list[Any] = []
        self.stale: set[str] = set()  # inputs with these roles are not up to date
        self.after: dict[str, float] = {}  # what common numbers are after the step
        self.roles: tuple[str, ...] = ()
        self.groups = [jobs] if rows else [[job] for job in jobs]
        self.lasting: list[Any] = []  # the inputs of every step, with None for what each brings
        self.bare: list[Any] = []  # the first of them, without views; of a stack none
        for group in self.groups:
            slots = [self._slot(name) if rows else self._gather([x]) for name, x in group[0].slots.items()]
            g = [None] * (now.gs[group[0].number] is not None)
            self.lasting += [self._gather([j.theta for j in group], "theta"), *g, *slots]
            self.roles += ("theta", *["g"] * len(g), *["slot"] * len(slots))
            self.bare += [] if rows else [group[0].theta, *g, *group[0].slots.values()]
        self.written = {x.data_ptr() for x in self.bare if x is not None}
        if len(self.written) < sum(x is not None for x in self.bare):
            self.bare = []
        self.grads = [i for i, role in enumerate(self.roles) if role == "g"]
        self.roles += ("t", *["number"] * len(numbers), *["common"] * len(common.names))
        self.lasting.append(jobs[0].state["t"])

    def alike(self) -> bool:
        """Whether the tensors still share their step number and hyperparameters."""
        first, hs, ts = self.numbers[0], self.now.hs, self.now.ts
        return all(ts[n] == ts[first] and hs[n] is hs[first] for n in self.numbers)

    def begin(self, parts: Mapping[int, tuple[list[Tensor], Any]]) -> bool:
        """Lay out the inputs of a step with these `_parts` of hyperparameters: tensors, and all else, which must be what it was."""
        self.h, self.t = self.now.hs[self.numbers[0]], self.now.ts[self.numbers[0]]
        numbers, fixed = parts[id(self.h)]
        self.heard, self.told, self.moved, self.after = 0, {}, None, {}
        self.inputs = [*self.lasting, *numbers, *self.common.numbers]
        self.roles, self.replied = self.roles[: len(self.inputs)], ()
        self.stale = {"g", "theta", "slot"}
        return bool(fixed == self.fixed)

    def load(self, roles: Collection[str]) -> None:
        """Bring the inputs with these roles up to date."""
        self.hear()
        due = self.stale.intersection(roles)
        self.stale -= due
        if "g" in due:
            for i, group in zip(self.grads, self.groups, strict=bool(self.grads)):
                self.inputs[i] = self._gather([g for j in group if (g := self.now.gs[j.number]) is not None], "g")
        if self.rows and "theta" in due:
            self._gather([j.theta for j in self.jobs], "theta")
        if self.rows and "slot" in due and len(self.jobs) < self.rows:
            for name in self.jobs[0].slots:
                self._slot(name)

    def unviewed(self) -> list[Any]:
        """The inputs without views, for a call that looks at nothing but where they lie; none in a stack, or if written memory is read."""
        self.hear()
        inputs = [*self.bare, *self.inputs[len(self.bare) :]]
        for i, n in zip(self.grads, self.numbers, strict=False):
            inputs[i] = self.now.gs[n]
        read = [*(inputs[i] for i in self.grads), *inputs[len(self.lasting) :]]
        return inputs if self.bare and self.written.isdisjoint(map(Tensor.data_ptr, read)) else []

    def hear(self) -> None:
        """Take the replies among the inputs."""
        for k in range(self.heard, len(self.now.replies)):
            if isinstance(self.now.alike[k], bool):
                self.told[k] = self.now.alike[k]
                continue
            column = [self.now.replies[k][n] for n in self.numbers]
            own = self.now.alike[k] is None
            if self.now.alike[k] is STILL or (own and all(x.is_set_to(job.theta) for x, job in zip(column, self.jobs, strict=True))):
                self.moved = k
                self.stale.add("theta")
                continue
            given = [self._gather(column)] if own and self.rows else [self._gather([x]) for x in column] if own else column[:1]
            self.inputs += given
            self.roles += ("reply" if own else "shared reply",) * len(given)
            self.replied += tuple(map(_layout, given))
        self.heard = len(self.now.replies)

    def stage(self, owner: Any) -> "Stage":
        """What the rule does up to its next request, traced when it is first met."""
        self.hear()
        key = self.roles, *self.told.items(), self.moved, self.replied
        if key not in self.stages:
            self.load(self.stale)
            self.stages[key] = self._shared(owner)
        return self.stages[key]

    def _shared(self, owner: Any) -> "Stage":
        """The stage of all batches alike."""
        seen = [x for role, x in zip(self.roles, self.inputs, strict=True) if role not in ("t", "number", "common")]
        precision = torch.get_float32_matmul_precision()
        layouts = [*map(_layout, seen)]
        told = *self.told.items(), self.moved
        key = (self.rows, self.minor, self.fixed, *self.common.names, self.roles, *told, precision, self.lasting[0].device, *layouts)
        if key not in owner._stages:
            owner._stages[key] = Stage(owner, self)
            for x in self.inputs:
                if self.flat and not self.rows and x.dim() == 2:
                    torch._dynamo.mark_static(x, 1)
        return owner._stages[key]

    def repeats(self, stage: "Stage") -> bool:
        """Whether the step is one call of kernels, for which only gradients and single numbers change."""
        if not stage.plain or stage.dues or stage.request or stage.later.names or stage.aside.gives or self.heard or self.common.names:
            return False
        found = stage.main.kernels if isinstance(stage.main, Piece) else None
        numbers = not stage.packed or stage.counted.compute is not None
        known = numbers and all(i < len(self.lasting) or stage.names[i] == PACKED for i in stage.main_takes)
        there = len(self.grads) == len(self.groups) and (len(self.jobs) == self.rows if self.rows else bool(self.bare))
        return bool(found and not found.fresh and not found.views and known and there)

    def take(self, stage: "Stage", outs: list[Tensor]) -> None:
        """Fill in what each job asks; or after the step, give each its own."""
        if stage.request is not None:
            given: dict[str, list[Any]] = {"theta": [job.theta for job in self.jobs], "place": [job.place for job in self.jobs]}
            given["g"] = [self.now.gs[n] for n in self.numbers]
            count = stage.sources.count(None)
            own = iter([x.unbind() for x in outs] if self.rows else [outs[k::count] for k in range(count)])
            for column, source in zip(self.now.asked.values(), stage.sources, strict=True):
                values = given[source] if source else list(map(self._shaped, next(own), given["theta"])) if self.flat else next(own)
                for n, x in zip(self.numbers, values, strict=False):
                    column[n] = x
        elif self.rows and not stage.idle:
            self._scatter("theta", [j.theta for j in self.jobs])
            for name in self.jobs[0].slots if len(self.jobs) < self.rows else stage.scattered:
                self._scatter(f"slot {name}", [j.slots[name] for j in self.jobs])

    @staticmethod
    def _shaped(x: Tensor, theta: Tensor) -> Tensor:
        """What is asked of a flat tensor is flat, too."""
        return x.view(theta.shape) if x.dim() and x.numel() == theta.numel() else x

    def keeps(self) -> list[Tensor]:
        """Memory for what each theta was, while the parameters are elsewhere."""
        for job in self.jobs:
            if job.kept is None:
                job.kept = torch.empty_like(job.theta)
        return [self._gather([job.kept]) for job in self.jobs if job.kept is not None]

    def _gather(self, xs: Sequence[Tensor], name: str | None = None) -> Tensor:
        """The tensor, or all of them in one, whose memory is used again in the next step if it has a name."""
        if not self.rows:
            x = xs[0].detach() if xs[0].requires_grad else xs[0]
            return x if not (self.flat and x.dim()) else x.view(-1, BLOCK) if x.numel() % BLOCK == 0 else x.view(-1)
        stack = torch.stack([*xs, *xs[-1:] * (self.rows - len(xs))], out=self.stacks.get(name))
        if name:
            self.stacks[name] = stack
        return stack.view(self.rows, -1) if self.flat and stack.dim() > 1 else stack

    def _slot(self, name: str) -> Tensor:
        """The slots of all jobs in one; if none is missing, each job's own is from now on a part of it, unless it is a common number."""
        stack = self._gather([j.slots[name] for j in self.jobs], f"slot {name}")
        if len(self.jobs) == self.rows and name not in self.common.names:
            for job, part in zip(self.jobs, self.stacks[f"slot {name}"].unbind(), strict=True):
                job.state[name] = job.slots[name] = part
        return stack

    def _scatter(self, name: str, into: list[Tensor]) -> None:
        if name not in self.parts:
            self.parts[name] = list(self.stacks[name].unbind()[: len(into)])
        torch._foreach_copy_(into, self.parts[name])


def _batches(owner: Any, common: Common, room: Counter[Any], now: Now) -> Iterator[Batch]:
    alike: dict[Any, list[Job]] = {}
    entries = sum(job.theta.numel() for job in common.jobs)
    for number, job in enumerate(common.jobs):
        alone = room[job.kind] == 1
        work = "other" if alone else _work(owner, job, now)
        small = job.theta.numel() <= SMALL
        stateless = owner.elementwise and not job.slots and not owner._asks()
        stacked = not alone and ((small and not stateless) or work == "products")
        g, t = now.gs[job.number], now.ts[job.number]
        contiguous = all(x is None or x.is_contiguous() for x in (job.theta, g, *job.slots.values()))
        dense = owner.elementwise and (stacked or contiguous)
        key = (job.kind, None if g is None else g.dtype) if stacked or (contiguous and work in ("entries", "sums")) else number
        alike.setdefault((stacked, dense, t, key), []).append(job)
    # square matrices come last: torch.compile would take their sides for one length
    for (stacked, dense, _, _), group in sorted(alike.items(), key=lambda item: len(set(item[1][0].theta.shape)) < item[1][0].theta.dim()):
        parts = _parts(vars(now.hs[group[0].number]))
        small = group[0].theta.numel() <= SMALL
        most = BUNDLE // 2 if owner._asks() else BUNDLE
        if not small and (stacked or not owner.elementwise):
            most = max(1, min(most, (STACK if stacked else NEAR) // group[0].theta.numel()))
        if small and not stacked:
            most = min(MANY, len(group))
        while group:
            count = len(group) if small and stacked else most if len(group) >= most else 1
            rows = 0 if count == 1 or not stacked else room[group[0].kind] if small else count
            batch = Batch(group[:count], common, rows, dense, now, *parts)
            batch.minor = not (owner.elementwise or owner._asks()) and MINOR * sum(job.theta.numel() for job in batch.jobs) < entries
            yield batch
            group = group[count:]


def _work(owner: Any, job: Job, now: Now) -> str:
    """What a rule does with a tensor: it works on "entries" alone, or takes "sums" over it, or "products" of matrices in every step.

    All else is "other"; so is what is not looked at, in rules that ask and of small tensors.
    """
    if owner.elementwise:
        return "entries"
    if owner._asks() or job.theta.numel() <= SMALL:
        return "other"
    key = "work", job.theta.shape, job.theta.dtype
    if key not in owner._stages:
        parts = _parts(vars(now.hs[job.number]))
        twin = Job(job.number, job.p, now.hs[job.number], dict(job.state))
        batch = Batch([twin], Common([twin], owner._own), 0, False, now, *parts)
        batch.begin({id(batch.h): parts})
        batch.load(batch.stale)
        stage = Stage(owner, batch)
        products = not stage.dues and any(n.target is aten.mm.default for n in stage.graph.nodes)
        owner._stages[key] = "products" if products else "other" if any(map(_graphs.whole, stage.graph.nodes)) else "sums"
    return str(owner._stages[key])


def _parts(h: Mapping[str, Any]) -> tuple[list[Tensor], Any]:
    """The tensors among hyperparameters, and the others, with None in the places of tensors."""
    numbers = [x for v in h.values() for x in (v if isinstance(v, tuple) else (v,)) if isinstance(x, Tensor)]
    fixed = tuple((k, None if isinstance(v, Tensor) else tuple(None if isinstance(x, Tensor) else x for x in v)
                   if isinstance(v, tuple) else v) for k, v in h.items())  # fmt: skip
    return numbers, fixed


# --- one stage of a rule for one kind of tensors


class Stage:
    """A rule from its beginning to its next request (`request`: class, constants, names of tensors) or to its end (None)."""

    def __init__(self, owner: Any, batch: Batch, case: "tuple[Stage, tuple[bool, ...]] | None" = None) -> None:
        self.owner, self.batch, self.request = owner, batch, None
        self.dues: Piece | None = None  # whether what is done now and then is due; then there is a stage for each case
        self.cases: dict[tuple[bool, ...], Stage] = {}
        self.own: set[str] = set()  # numbers that all tensors are taken to share, but will not
        self.idle = False  # there is nothing to compute
        self.uses: set[str] = set()  # roles of inputs
        self.sources: list[str | None] = []  # of what is asked: "g", "theta" or "place", or None if it is computed
        self.moves: list[fx.Node] = []  # where the thetas are kept, if the parameters themselves take the values to ask at
        self.later = Counted([], [])  # what common numbers are after the step
        self.scattered: set[str] = set()  # common numbers that are written like other slots
        self.plain = False  # true once `main` was compiled and is all there is to call
        self.roles = batch.roles
        if case:
            whole, due = case
            self.request, self.graph = whole.request, fx.Graph(whole.graph.owning_module)
            self.graph.output(self.graph.graph_copy(whole.graph, {}))
            self._split(max(1, batch.rows), due)
        else:
            rule = self._rule
            if batch.rows:
                rule = torch.func.vmap(rule, tuple(None if role in ("t", "number", "common", "shared reply") else 0 for role in self.roles))
            with tracing(_mark):
                self.graph = make_fx(rule, tracing_mode="fake")(*batch.inputs).graph
            self._split(max(1, batch.rows), None)
        del self.owner, self.batch

    def chosen(self, owner: Any, batch: Batch, memo: dict[Any, Any]) -> "Stage":
        """The stage for what is due now. `memo` is for what tensors share."""
        due = self.due(batch, memo)
        if due not in self.cases:
            batch.hear()
            self.cases[due] = Stage(owner, batch, (self, due))
        return self.cases[due]

    def rests(self, batch: Batch, memo: dict[Any, Any]) -> bool:
        """Whether the step ends here and nothing is computed now, where numbers alone decide that."""
        if self.dues is None:
            return self.idle and self.request is None
        case = None if self.decide is None or self.decided_alone else self.cases.get(self.due(batch, memo))
        return case is not None and case.rests(batch, memo)

    def due(self, batch: Batch, memo: dict[Any, Any]) -> tuple[bool, ...]:
        """Whether each thing that is done now and then is due."""
        assert self.dues is not None
        shared = id(self), batch.t, id(batch if self.decided_alone else batch.common)
        if shared not in memo:
            batch.load({"slot"} if self.decided_alone else ())
            key = (self.dues.text, batch.t, *[id(batch.inputs[i]) for i in self.deciding])
            if key not in memo:
                if self.decide:
                    memo[key] = tuple(map(bool, self.decide(self._given(batch, self.deciding))))
                else:
                    memo[key] = tuple(map(bool, self.dues(dict(zip(self.places, batch.inputs, strict=True)))))
            memo[shared] = memo[key]
        return tuple(memo[shared])

    def ready(self, batch: Batch, memo: dict[Any, Any]) -> Call | None:
        """A call that gives what is computed of the request, or at the end writes parameters and slots. None if there is nothing to do.

        `memo` is for numbers that tensors share.
        """
        if self.idle:
            return None
        direct = self.main.direct if self.plain and isinstance(self.main, Piece) and self.main.kernels else None
        bare = batch.unviewed() if direct else []
        if not bare:
            batch.load(self.uses if self.request else {*self.uses, "theta", "slot"})  # at the end, stacks are scattered
        pool = [*(bare or batch.inputs), *(batch.keeps() if self.moves else ())]

        def known(kind: Any, indices: Sequence[int], compute: Callable[[], Any]) -> Any:
            key = (kind, *[batch.t if i == self.ticks else id(pool[i]) for i in indices])
            if key not in memo:
                memo[key] = compute()
            return memo[key]

        if self.aside.gives:
            pool += known(self.aside.text, self.aside_takes, lambda: self.aside.run(*[pool[i] for i in self.aside_takes]))
        if self.later.names:
            after = partial(self._numbers, self.later, self.later_takes, batch)
            batch.after = known((self.later.names, self.later.text), self.later_takes, after)
        if self.counted.compute:  # what is packed may read like what is aside
            pool.append(known((PACKED, self.counted.text), self.counted_takes, partial(self._pack, batch)))
        elif self.packed:
            pool.append(known(PACKED, self.packing, lambda: torch.stack([pool[i] for i in self.packing])))
        if self.plain and isinstance(self.main, Piece):
            inputs = [pool[i] for i in self.main_takes]
            return direct(*inputs) if bare and direct else self.main.ready(inputs)
        return partial(self._run, dict(zip(self.names, pool, strict=True)))

    def _pack(self, batch: Batch) -> Tensor:
        return torch.tensor([*self._numbers(self.counted, self.counted_takes, batch).values()], dtype=torch.float64)

    def _numbers(self, counted: "Counted", takes: Sequence[int], batch: Batch) -> dict[Any, float]:
        assert counted.compute is not None
        return dict(zip(counted.names, counted.compute(self._given(batch, takes)), strict=True))

    def _given(self, batch: Batch, indices: Sequence[int]) -> dict[fx.Node, Any]:
        """The step number and these inputs, as Python computes with them."""
        return {self.clock: batch.t, **{self.places[i]: batch.inputs[i].tolist() for i in indices if i != self.ticks}}

    def _run(self, env: dict[Any, Any]) -> list[Tensor]:
        outs = self.main(env)
        self.plain = not self.copies and (self.request is None or self.outs == self.main.gives)
        env.update(zip(self.main.gives, outs, strict=True))
        # values first: one slot may take what another one holds
        values = [env[n].clone() if n in self.places else env[n] for _, n in self.copies]
        pairs = [(env[place], value) for (place, _), value in zip(self.copies, values, strict=True) if env[place] is not value]
        if pairs:
            torch._foreach_copy_(*map(list, zip(*pairs, strict=True)))
        return [] if self.request is None else [env[n] for n in self.outs]

    def _rule(self, *inputs: Tensor) -> list[Tensor]:
        """The rule as a function of all tensors that it sees."""
        state, hyper = self.batch.jobs[0].state, vars(self.batch.h)
        by_role: dict[str, list[Tensor]] = {name: [] for name in ("theta", "g", "slot", "t", "number", "common")}
        heard: list[list[Any]] = []  # a reply for each tensor, or one for all
        for role, x in zip(self.roles, inputs, strict=True):
            if role in by_role:
                by_role[role].append(x)
            elif role == "reply" and heard and len(heard[-1]) < len(by_role["theta"]):
                heard[-1].append(x)
            else:
                heard.append([x] if role == "reply" else [x] * len(by_role["theta"]))
        others: dict[int, list[Any]] = {k: [answer] * len(by_role["theta"]) for k, answer in self.batch.told.items()}
        if self.batch.moved is not None:
            others[self.batch.moved] = [seen(theta) for theta in by_role["theta"]]
            by_role["theta"] = [torch.empty_like(theta) for theta in by_role["theta"]]
        for k in sorted(others):
            heard.insert(k, others[k])
        names = [name for name in state if name != "t"]
        results: list[Tensor] = []
        for i, theta in enumerate(by_role["theta"]):
            numbers = iter(by_role["number"])
            slots = dict(zip(names, by_role["slot"][i * len(names) : (i + 1) * len(names)], strict=True))
            slots.update(zip(self.batch.common.names, by_role["common"], strict=True))
            s, h = self.owner._read({**slots, "t": by_role["t"][0] + 1}), Names({k: _filled(v, numbers) for k, v in hyper.items()})
            wide = seen(theta)
            result = self.owner.update(wide, seen(by_role["g"][i]) if by_role["g"] else None, s, h)
            if self.owner._asks():
                asked, result = _asked(result, (row[i] for row in heard))
                if asked is not None:
                    results += self._wanted(asked)
                    continue
            results += [checked(wide, result).to(theta.dtype), *settled(slots, s).values()]
        return results

    def _wanted(self, asked: Any) -> list[Tensor]:
        given = {f.name: getattr(asked, f.name) for f in fields(asked)}
        names = tuple(k for k, v in given.items() if isinstance(v, Tensor))
        self.request = (type(asked), tuple((k, v) for k, v in given.items() if k not in names), names)
        if isinstance(asked, Draw):  # of `like`, only shape and dtype count
            return [torch.zeros((), dtype=asked.like.dtype, device=asked.like.device).expand(asked.like.shape)]
        return [given[k] for k in names]

    def _split(self, rows: int, due: Sequence[bool] | None) -> None:
        """Cut the graph into `aside` (numbers), `main` (compiled, unless something unusual is due) and `copies` (at the end)."""
        _graphs.unbound(self.graph)
        _graphs.unviewed(self.graph)
        _graphs.once(self.graph)
        self.graph.eliminate_dead_code()
        if any(n.target is aten.empty_like.default for n in self.graph.nodes):
            raise RuntimeError("the old theta is gone after the inner step: the rule may not read it")
        self.places = [n for n in self.graph.nodes if n.op == "placeholder"]
        self.ticks = self.roles.index("t")
        self.clock = self.places[self.ticks]
        few = self._few(rows)
        choices = _graphs.choices(self.graph, few)
        if choices and due is None:
            self.dues = Piece(list(self.graph.nodes), [], [n.args[0] for n in choices])
            self.decide = _graphs.arithmetic(self.dues.gives)
            self.deciding = [i for i, p in enumerate(self.places) if p in self.dues.takes and self.roles[i] != "t"]
            self.decided_alone = not {"number", "common"}.issuperset(self.roles[i] for i in self.deciding)
            return
        unusual = _graphs.choose(self.graph, choices, due or ()) and not self.owner.elementwise
        backend = None if unusual or self.batch.minor else self.owner.backend
        few = self._few(rows)
        _graphs.multiply(self.graph, few)
        _graphs.by_parts(self.graph)
        _graphs.by_eights(self.graph)
        _graphs.by_logarithms(self.graph)
        _graphs.by_outer_products(self.graph)
        _graphs.by_halves(self.graph)
        _graphs.stored(self.graph, few)
        self.outs = list(self.graph.output_node().args[0])
        written = [p for p, role in zip(self.places, self.roles, strict=True) if role in ("theta", "slot")]
        if self.request:
            pairs = self._moves()
            asked = self.outs = self._computed()
        else:
            common = self._share()
            pairs, asked = [(p, n) for p, n in zip(written, self.outs, strict=True) if p is not n], []
            self.later = self._later([(common[p], n) for p, n in pairs if p in common])
            pairs = [(p, n) for p, n in pairs if common.get(p) not in self.later.names]
            self.scattered = {common[p] for p, _ in pairs if p in common}
        pairs = self._copied(pairs, few)
        nodes = [n for n in self.graph.nodes if n.op != "output"]
        inputs = few.intersection(self.places)
        varying = {n for n in few if not inputs.isdisjoint(_graphs.needed([n], ()))}  # the others are constants of the graph
        read = {*asked, *(n for _, n in pairs)}
        numbers = [n for n in nodes if n in varying and (n in read or not few.issuperset(u for u in n.users if u.op != "output"))]
        frontier = [n for n in numbers if n not in inputs]
        slots = {p for p, role in zip(self.places, self.roles, strict=False) if role == "slot"}  # written in place, so not packed
        self.packed = [n for n in numbers if n not in slots and n.meta["val"].dim() == 0 and n.meta["val"].dtype == torch.float64]
        self.counted = Counted(nodes, self.packed)
        self.aside = Piece(nodes, [], [n for n in frontier if not self.counted.compute or n not in self.packed or n in read])
        # torch.compile loses what is written to a float64 input of one number
        here = [(p, n) for p, n in pairs if n not in frontier and p.meta["val"].dim()]
        self.copies = [pair for pair in pairs if pair not in here]

        missing = [n for n in dict.fromkeys([*asked, *(n for _, n in self.copies)]) if n not in frontier and n.op != "placeholder"]
        self.main = cut(nodes, frontier, missing, here, backend, self.packed)
        self.names = [*self.places, *self.moves, *self.aside.gives, *[PACKED] * bool(self.packed)]  # of all that is at hand
        at = {name: i for i, name in enumerate(self.names)}
        parts = self.main, self.aside, self.counted, self.later
        self.main_takes, self.aside_takes, self.counted_takes, self.later_takes = ([at[n] for n in x.takes] for x in parts)
        self.packing = [] if self.counted.compute else [at[n] for n in self.packed]
        self.idle = not pairs and not asked and not self.later.names
        used = {*(n for x in parts for n in x.takes), *self.packed, *asked, *(n for _, n in self.copies)}
        self.uses = {role for p, role in zip(self.places, self.roles, strict=False) if p in used}

    def _later(self, numbers: Sequence[tuple[str, fx.Node]]) -> "Counted":
        """What common numbers are after the step, where Python can compute that; no names where it cannot."""
        after = {name: _one(n) for name, n in numbers}
        if any(after[name] is not _one(n) for name, n in numbers):
            return self.later
        found = Counted(list(self.graph.nodes), list(after.values()), list(after))
        return found if found.compute else self.later

    def _copied(self, pairs: Sequence[tuple[fx.Node, fx.Node]], few: set[fx.Node]) -> list[tuple[fx.Node, fx.Node]]:
        """With an input that is written to as another one's value, as 1 times it: inductor takes a clone for the written input itself."""
        memory = {_graphs.memory(p) for p, _ in pairs}
        clashes = {n for p, n in pairs if n not in few and _graphs.memory(n) in memory - {_graphs.memory(p)}}
        if not clashes:
            return list(pairs)
        ones = []
        with self.graph.inserting_before(self.graph.output_node()):
            for target, value in ((aten.add.Tensor, self.clock.meta["val"] + 1), (aten.div.Tensor, self.clock.meta["val"] + 1)):
                ones.append(self.graph.call_function(target, (self.clock, 1) if not ones else (ones[0], ones[0])))
                ones[-1].meta = {"val": value}
                few.add(ones[-1])
            products = {n: self.graph.call_function(aten.mul.Tensor, (n, ones[1])) for n in sorted(clashes)}
        for n, product in products.items():
            product.meta = dict(n.meta)
        return [(p, products.get(n, n) if _graphs.memory(n) != _graphs.memory(p) else n) for p, n in pairs]

    def _few(self, rows: int) -> set[fx.Node]:
        """The single numbers of the graph, and those that it keeps for each row of a stack."""
        most = {"theta": 0, "g": 0, "shared reply": FEW}
        few = {p for p, role in zip(self.places, self.roles, strict=True) if _graphs.size(p) <= most.get(role, rows)}
        for n in self.graph.nodes:
            one = n.op == "call_function" and isinstance(n.meta["val"], Tensor) and few.issuperset(n.all_input_nodes)
            if one and _graphs.size(n) <= (rows if n.all_input_nodes else FEW):
                few.add(n)
        return few

    def _share(self) -> dict[fx.Node, str]:
        """Leave alone the numbers of all tensors that do not change, and find those that are computed from one tensor.

        The places of the others, with their names.
        """
        roles = dict(zip(self.places, self.roles, strict=True))
        own = [p for p in self.places if roles[p] in ("theta", "slot")]
        shared = dict(zip(self.batch.common.names, (p for p in self.places if roles[p] == "common"), strict=True))
        slots = [name for name in self.batch.jobs[0].state if name != "t"]
        for i, name in enumerate(["theta", *slots] * len(self.batch.groups)):
            if name in shared:
                if {"theta", "g", "slot", "reply"} & {roles.get(n) for n in _graphs.needed([self.outs[i]], ())}:
                    self.own.add(name)
                self.outs[i] = own[i] if _one(self.outs[i]) is shared[name] else self.outs[i]
        return {p: name for p, name in zip(own, ["theta", *slots] * len(self.batch.groups), strict=True) if name in shared}

    def _computed(self) -> list[fx.Node]:
        """What is asked, without what is the parameters or gradients as they are (`sources`)."""
        assert self.request is not None
        given = {role: [p for p, r in zip(self.places, self.roles, strict=False) if r == role] for role in ("g", "theta")}
        count = len(self.request[2])
        for k, name in enumerate(self.request[2]):
            column = self.outs[k::count]
            same = next((role for role, nodes in given.items() if column == nodes), None)
            self.sources.append("place" if self.moves and name == "at" else same)
        return [n for i, n in enumerate(self.outs) if self.sources[i % count] is None]

    def _moves(self) -> list[tuple[fx.Node, fx.Node]]:
        """What is asked at some point of the parameters, they take that themselves, and what they were is kept: places and values."""
        assert self.request is not None
        names = self.request[2]
        thetas = [p for p, role in zip(self.places, self.roles, strict=True) if role == "theta"]
        if "at" not in names or self.batch.rows or any(job.p.dtype not in (torch.float32, torch.float64) for job in self.batch.jobs):
            return []
        first, count = names.index("at"), len(names)
        others = [n for i, n in enumerate(self.outs) if i % count != first]
        at = self.outs[first::count]
        if at == thetas or not set(thetas).isdisjoint(others):
            return []
        for theta in thetas:
            with self.graph.inserting_after(self.places[-1]):
                self.moves.append(self.graph.placeholder(f"kept_{theta.name}"))
            self.moves[-1].meta = {"val": torch.empty_like(theta.meta["val"])}
        return [*zip(self.moves, thetas, strict=True), *zip(thetas, at, strict=True)]


class Counted:
    """Numbers of a graph, with names, that Python computes (`compute`, None if it cannot) from those that it `takes`; `text` tells how."""

    def __init__(self, nodes: Sequence[fx.Node], targets: list[fx.Node], names: Sequence[Any] | None = None) -> None:
        piece = Piece(nodes, [], targets)
        self.takes, self.text, self.names = piece.takes, piece.text, tuple(targets if names is None else names)
        on_cpu = all(n.meta["val"].device.type == "cpu" for n in self.takes)
        self.compute = _graphs.arithmetic(targets) if on_cpu and targets else None


# --- following a rule


def _one(n: fx.Node) -> fx.Node:
    """The number that is the same in each row of a stack."""
    return n.args[0] if n.target is aten.expand.default else n  # type: ignore[return-value]


def _asked(rule: Any, replies: Iterator[Tensor]) -> tuple[Any, Any]:
    """What a rule asks after these replies, or None and its result."""
    try:
        asked = next(rule)
        for reply in replies:
            asked = rule.send(reply)
    except StopIteration as end:
        return None, end.value
    return asked, None


def _filled(value: Any, numbers: Iterator[Tensor]) -> Any:
    """A hyperparameter with the next tensors in the places of its own."""
    if isinstance(value, tuple):
        return tuple(_filled(x, numbers) for x in value)
    return next(numbers) if isinstance(value, Tensor) else value


def _mark(chosen: Tensor) -> Tensor:
    """Note on the last `where` of the graph that a step needs only one of its branches."""
    mode = get_proxy_mode()
    assert mode is not None
    node = next(n for n in reversed(mode.tracer.graph.nodes) if n.target is aten.where.self)
    node.meta["refreshed"] = True
    return chosen
