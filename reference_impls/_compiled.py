"""What `compile=True` runs: the same rule, traced once for each kind of tensor and split where that pays.

1. The rule is followed up to its next request, or to its end, into one graph of plain tensor operations.
2. What depends on single numbers alone (step number, hyperparameters, totals) is computed beside the graph: inside a fused loop it would
   be computed again for every element.
3. What is due only now and then (`refreshed`) runs eagerly, and only when it is due.
4. torch.compile fuses the rest, which writes parameters and state in place. Tensors whose graphs read alike share what is compiled.

Small tensors of one shape are stacked and stepped together (`torch.func.vmap`). Where a rule works element by element, shapes are
flattened, and some large tensors of one shape take one call side by side. A rule that asks is followed from its beginning for each
request: it is pure, and only what the request needs is computed.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import get_proxy_mode, make_fx

from reference_impls._base import SMALL
from reference_impls._requests import Draw, Objective, answer
from reference_impls._state import Names, State, checked, seen, settled, tracing

BUNDLE = 8  # so many large tensors of one shape take one call, where a rule works element by element; half of them if it asks
BLOCK = 4096  # loops over rows of a length known beforehand are tighter
PACKED = "numbers"  # one tensor of all single numbers: fewer arguments make a call cheaper
aten = torch.ops.aten


class Job:
    """One tensor of a step: parameter, gradient, hyperparameters, and state, which is written in place. Alike ones share their `kind`."""

    def __init__(self, p: Tensor, g: Tensor | None, h: Names, state: State) -> None:
        self.kind = kind(p, h)
        self.theta, self.g = (torch.view_as_real(x) if x is not None and x.is_complex() else x for x in (p, g))
        self.h, self.state = h, state
        self.slots = {name: x for name, x in state.items() if name != "t"}
        self.asked: Any = None
        self.replies: list[Any] = []


def kind(p: Tensor, h: Names) -> Any:
    return id(h), p.shape, p.dtype, p.device


def step(owner: Any, jobs: Sequence[Job], objective: Objective | None, room: Counter[Any]) -> None:
    """One step of all jobs. `room` counts the optimizer's tensors of each kind, whether or not they have a gradient now."""
    clock = [job.state["t"] for job in jobs]
    batches = list(_batches(owner, jobs, torch.stack(clock).tolist(), room))
    memo: dict[Any, Any] = {}
    asking = True
    while asking:
        stages = [batch.stage(owner) for batch in batches]
        asking = stages[0].request is not None
        if any(stage.request != stages[0].request for stage in stages):
            raise RuntimeError("the tensors of a model must ask alike")
        # all calls are made ready before the first: between large kernels, the interpreter finds its caches empty
        ready = [stage.ready(batch.inputs, batch.t, memo) for batch, stage in zip(batches, stages, strict=True)]
        for batch, stage, call in zip(batches, stages, ready, strict=True):
            batch.take(stage, call())
        if asking:
            assert objective is not None
            for job, reply in zip(jobs, answer([job.asked for job in jobs], objective), strict=True):
                job.replies.append(reply)
    torch._foreach_add_(clock, 1.0)


# --- which tensors step together


class Batch:
    """Tensors that take one call: one, or some side by side, or a stack of `rows` of them along a new first axis.

    In a stack, the last one is repeated if some are missing.
    """

    def __init__(self, owner: Any, jobs: list[Job], t: float, rows: int, flat: bool, numbers: Sequence[Tensor], fixed: Any) -> None:
        self.jobs, self.t, self.rows, self.flat, self.fixed = jobs, t, rows, flat, fixed
        self.stacks = owner._stacks.setdefault(id(jobs[0].state), {}) if rows else {}
        self.heard = 0  # replies among the inputs
        self.inputs: list[Tensor] = []
        self.roles: tuple[str, ...] = ()
        for group in [jobs] if rows else [[job] for job in jobs]:
            self.theta = self._gather([j.theta for j in group], "theta")
            self.slots = [self._slot(name) if rows else self._gather([x]) for name, x in group[0].slots.items()]
            g = [] if group[0].g is None else [self._gather([j.g for j in group], "g")]
            self.inputs += [self.theta, *g, *self.slots]
            self.roles += ("theta", *["g"] * len(g), *["slot"] * len(self.slots))
        self.inputs += [jobs[0].state["t"], *numbers]
        self.roles += ("t", *["number"] * len(numbers))

    def stage(self, owner: Any) -> "Stage":
        """What the rule does up to its next request, traced when it is first met."""
        for k in range(self.heard, len(self.jobs[0].replies)):
            column = [j.replies[k] for j in self.jobs]
            if not isinstance(column[0], Tensor):
                raise TypeError(f"{type(owner).__name__} asks for what is no tensor, and cannot be compiled")
            own = len(self.jobs) == 1 or any(x is not column[0] for x in column)
            given = [column[0]] if not own else [self._gather(column)] if self.rows else [self._gather([x]) for x in column]
            self.inputs += given
            self.roles += ("reply" if own else "shared reply",) * len(given)
        self.heard = len(self.jobs[0].replies)
        seen = [x for role, x in zip(self.roles, self.inputs, strict=True) if role not in ("t", "number")]
        key = (self.rows, self.fixed, self.roles, self.theta.device, *[(x.shape, x.stride(), x.dtype) for x in seen])
        if key not in owner._stages:
            owner._stages[key] = Stage(owner, self)
            for x in self.inputs:
                if self.flat and not self.rows and x.dim() == 2:
                    torch._dynamo.mark_static(x, 1)
        return owner._stages[key]

    def take(self, stage: "Stage", outs: list[Tensor]) -> None:
        """Fill in what each job asks; or after the step, give each its own."""
        if stage.request is not None:
            ask, constants, names = stage.request
            for i, job in enumerate(self.jobs):
                own = [x[i] for x in outs] if self.rows else outs[i * len(names) : (i + 1) * len(names)]
                shape = job.theta.shape  # what is asked of a flat tensor is, too
                own = [x.view(shape) if self.flat and x.dim() and x.numel() == shape.numel() else x for x in own]
                job.asked = ask(**dict(constants), **dict(zip(names, own, strict=True)))
        elif self.rows:
            self._scatter(self.theta, [j.theta for j in self.jobs])
            for x, name in zip(self.slots, self.jobs[0].slots, strict=True):
                if len(self.jobs) < self.rows:
                    self._scatter(x, [j.slots[name] for j in self.jobs])

    def _gather(self, xs: Sequence[Tensor], name: str | None = None) -> Tensor:
        """The tensor, or all of them in one, whose memory is used again in the next step if it has a name."""
        if not self.rows:
            x = xs[0].detach()
            return x if not (self.flat and x.dim()) else x.view(-1, BLOCK) if x.numel() % BLOCK == 0 else x.view(-1)
        old = self.stacks.get(name)
        fits = old is not None and (old.shape, old.dtype, old.device) == ((self.rows, *xs[0].shape), xs[0].dtype, xs[0].device)
        stack = torch.stack([*xs, *xs[-1:] * (self.rows - len(xs))], out=old if fits else None)
        if name:
            self.stacks[name] = stack
        return self._flat(stack)

    def _slot(self, name: str) -> Tensor:
        """The slots of all jobs in one, of which from now on each job's own is a part."""
        slots, (stack, parts) = [j.slots[name] for j in self.jobs], self.stacks.get(f"slot {name}", (None, ()))
        if len(slots) < self.rows:
            return self._gather(slots)
        if len(parts) != len(slots) or any(x is not y for x, y in zip(slots, parts, strict=True)):
            stack = torch.stack(slots)
            parts = list(stack.unbind())
            self.stacks[f"slot {name}"] = stack, parts
            for job, part in zip(self.jobs, parts, strict=True):
                job.state[name] = job.slots[name] = part
        return self._flat(stack)

    def _flat(self, stack: Tensor) -> Tensor:
        return stack.view(self.rows, -1) if self.flat and stack.dim() > 1 else stack

    def _scatter(self, stack: Tensor, into: list[Tensor]) -> None:
        torch._foreach_copy_(into, list(stack.view(self.rows, *into[0].shape).unbind()[: len(into)]))


def _batches(owner: Any, jobs: Sequence[Job], ts: Sequence[float], room: Counter[Any]) -> Iterator[Batch]:
    parts = {id(h): _parts(vars(h)) for h in {id(job.h): job.h for job in jobs}.values()}
    alike: dict[Any, list[Job]] = {}
    for number, (job, t) in enumerate(zip(jobs, ts, strict=True)):
        stacked = job.theta.numel() <= SMALL and room[job.kind] > 1
        dense = owner.elementwise and (stacked or all(x is None or x.is_contiguous() for x in (job.theta, job.g, *job.slots.values())))
        key = (job.kind, None if job.g is None else job.g.dtype) if stacked or dense else number
        alike.setdefault((stacked, dense, t, key), []).append(job)
    # square matrices come last: torch.compile would take their sides for one length
    for (stacked, dense, t, _), group in sorted(alike.items(), key=lambda item: len(set(item[1][0].theta.shape)) < item[1][0].theta.dim()):
        own = parts[id(group[0].h)]
        if stacked:
            yield Batch(owner, group, t, room[group[0].kind], dense, *own)
            continue
        most = BUNDLE // 2 if owner._asks() else BUNDLE
        while group:
            count = most if len(group) >= most else 1
            yield Batch(owner, group[:count], t, 0, dense, *own)
            group = group[count:]


def _parts(h: Mapping[str, Any]) -> tuple[list[Tensor], Any]:
    """The tensors among hyperparameters, and the others, with None in the places of tensors."""
    numbers = [x for v in h.values() for x in (v if isinstance(v, tuple) else (v,)) if isinstance(x, Tensor)]
    fixed = tuple((k, None if isinstance(v, Tensor) else tuple(None if isinstance(x, Tensor) else x for x in v)
                   if isinstance(v, tuple) else v) for k, v in h.items())  # fmt: skip
    return numbers, fixed


# --- one stage of a rule for one kind of tensors


class Stage:
    """A rule from its beginning to its next request (`request`: class, constants, names of tensors) or to its end (None)."""

    def __init__(self, owner: Any, batch: Batch) -> None:
        self.owner, self.batch, self.request = owner, batch, None
        self.plain = False  # true once `main` was compiled and is all there is to call
        self.apart: Callable[[], tuple[Piece, list[tuple[fx.Node, fx.Node]]]] | None = None
        self.roles = batch.roles
        rule = self._rule
        if batch.rows:
            rule = torch.func.vmap(rule, tuple(None if role in ("t", "number", "shared reply") else 0 for role in self.roles))
        with tracing(_mark):
            self.graph = make_fx(rule, tracing_mode="fake")(*batch.inputs).graph
        self._split(max(1, batch.rows), owner.backend)
        del self.owner, self.batch

    def ready(self, inputs: Sequence[Tensor], clock: float, memo: dict[Any, Any]) -> Callable[[], list[Tensor]]:
        """A call for the tensors of the request; at the end for none, and parameters and slots are written.

        `memo` is for numbers that tensors share.
        """
        env: dict[Any, Any] = dict(zip(self.places, inputs, strict=True))
        key = (id(self.aside), clock, *[id(env[n]) for n in self.watched])
        if key not in memo:
            values = dict(zip(self.aside.gives, self.aside(env), strict=True))
            memo[key] = {
                **values,
                PACKED: torch.stack([values[n] if n in values else env[n] for n in self.packed]) if self.packed else None,
            }
        env.update(memo[key])
        if self.plain:
            return self.main.ready(env)
        return partial(self._run, env)

    def _run(self, env: dict[Any, Any]) -> list[Tensor]:
        if self.first:
            env.update(zip(self.first.gives, self.first(env), strict=True))
        for n in self.lazy:
            value = self._now(n, env)
            env[n] = value.clone() if any(value is env[p] for p in self.overwritten) else value
        try:
            outs = self.main(env)
        except Exception as error:  # inductor cannot always write in place what depends on a reduction (PyTorch's issue 188228)
            if self.apart is None or type(error).__name__ != "InductorError":
                raise
            (self.main, self.copies), self.apart = self.apart(), None
            outs = self.main(env)
        self.plain = not (self.request or self.first or self.lazy or self.copies)
        env.update(zip(self.main.gives, outs, strict=True))
        if self.request is not None:
            return [env[n] for n in self.outs]
        # values first: one slot may take what another one holds
        values = [env[n].clone() if n in self.places else env[n] for _, n in self.copies]
        for (place, _), value in zip(self.copies, values, strict=True):
            if env[place] is not value:
                env[place].copy_(value)
        return []

    def _rule(self, *inputs: Tensor) -> list[Tensor]:
        """The rule as a function of all tensors that it sees."""
        job = self.batch.jobs[0]
        by_role: dict[str, list[Tensor]] = {name: [] for name in ("theta", "g", "slot", "t", "number")}
        heard: list[list[Tensor]] = []  # a reply for each tensor, or one for all
        for role, x in zip(self.roles, inputs, strict=True):
            if role in by_role:
                by_role[role].append(x)
            elif role == "reply" and heard and len(heard[-1]) < len(by_role["theta"]):
                heard[-1].append(x)
            else:
                heard.append([x] if role == "reply" else [x] * len(by_role["theta"]))
        names = [name for name in job.state if name != "t"]
        results: list[Tensor] = []
        for i, theta in enumerate(by_role["theta"]):
            numbers = iter(by_role["number"])
            slots = dict(zip(names, by_role["slot"][i * len(names) : (i + 1) * len(names)], strict=True))
            s, h = Names({**slots, "t": by_role["t"][0] + 1}), Names({k: _filled(v, numbers) for k, v in vars(job.h).items()})
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
        return [torch.zeros_like(given[k]) if isinstance(asked, Draw) else given[k] for k in names]  # of `like`, only shape and dtype count

    def _split(self, rows: int, backend: Any) -> None:
        """Cut the graph into `aside` (numbers), `first` and `main` (compiled), `lazy` (between them, when due), `copies` (at the end)."""
        self.graph.eliminate_dead_code()
        self.places = [n for n in self.graph.nodes if n.op == "placeholder"]
        few = {p for p, role in zip(self.places, self.roles, strict=True) if role not in ("theta", "g") and _size(p) <= rows}
        for n in self.graph.nodes:
            if n.op == "call_function" and n.all_input_nodes and few.issuperset(n.all_input_nodes) and _size(n) <= rows:
                few.add(n)
        _once(self.graph, few)
        _multiply(self.graph, few)
        nodes = [n for n in self.graph.nodes if n.op != "output"]
        self.outs = list(self.graph.output_node().args[0])

        lazy = {n for n in nodes if "refreshed" in n.meta and n not in few and n.args[0] in few and _size(n.args[0]) == 1}
        needed = _needed(self.outs, lazy)
        self.lazy = [n for n in nodes if n in lazy and n in needed]
        late = set(self.lazy)
        for n in nodes:
            if not late.isdisjoint(n.all_input_nodes):
                late.add(n)
        within = _needed([x for n in self.lazy for x in n.args[1:]], few)
        only = within - needed
        bridge = [n for n in nodes if n in within & needed - few - late and n.op != "placeholder"
                  and not (only | set(self.lazy)).isdisjoint(n.users)]  # fmt: skip

        frontier = [n for n in nodes if n in few and n.op != "placeholder" and not few.issuperset(n.users)]
        self.aside = Piece(nodes, [], frontier)
        slots = {p for p, role in zip(self.places, self.roles, strict=True) if role == "slot"}  # written in place, so not packed
        numbers = [n for n in nodes if n in few - slots and not few.issuperset(n.users)]
        self.packed = [n for n in numbers if n.meta["val"].dim() == 0 and n.meta["val"].dtype == torch.float64]
        clock = self.places[self.roles.index("t")]
        self.watched = [n for n in self.places if n is not clock and (n in self.aside.takes or n in self.packed)]
        known = [*frontier, *self.lazy]
        written = [p for p, role in zip(self.places, self.roles, strict=True) if role in ("theta", "slot")]
        pairs = [] if self.request else [(p, n) for p, n in zip(written, self.outs, strict=True) if p is not n]
        self.first, here = None, [(p, n) for p, n in pairs if n not in known]
        if bridge:  # what is lazy needs work of the others, which may not write yet what it reads
            here = []
            self.first = Piece(
                nodes,
                known,
                list(dict.fromkeys([*bridge, *(n for n in self.outs if n not in late and n not in known)])),
                [],
                backend,
                self.packed,
            )
            known += self.first.gives
        self.copies = [pair for pair in pairs if pair not in here]
        free = list(dict.fromkeys(n for n in self.outs if n not in known and n.op != "placeholder"))
        self.main = Piece(nodes, known, [] if pairs and not bridge else free, here, backend, self.packed)
        self.overwritten = [p for p, _ in here]
        if here:  # instead of `main` and `copies`, if it cannot be compiled
            self.apart = lambda: (Piece(nodes, known, free, [], backend, self.packed), pairs)

    def _now(self, target: fx.Node, env: dict[fx.Node, Any]) -> Any:
        """A node's value, computed eagerly, in the branch that is due only."""
        if target not in env and target.meta.get("refreshed"):
            due, new, old = target.args
            value = self._now(new if self._now(due, env) else old, env)
            like = target.meta["val"]
            env[target] = value.expand(like.shape).contiguous()
        elif target not in env:
            lazy = {n for n in self.graph.nodes if n.meta.get("refreshed") and n is not target}
            needed = _needed([target], env.keys() | lazy)
            for n in self.graph.nodes:
                if n in needed and n not in env:
                    env[n] = self._now(n, env) if n in lazy else n.target(*fx.map_arg(n.args, env.get), **fx.map_arg(n.kwargs, env.get))
        return env[target]


class Piece:
    """A part of a graph as a function, from the values that it `takes` to those that it `gives`; `copies` are written in place."""

    shared: ClassVar[dict[Any, "Compiled"]] = {}  # by what torch.compile gets to read

    def __init__(self, nodes: Sequence[fx.Node], known: Sequence[fx.Node], gives: list[fx.Node],
                 copies: Sequence[tuple[fx.Node, fx.Node]] = (), backend: Any = None, packed: Sequence[fx.Node] = ()) -> None:  # fmt: skip
        needed = _needed([*gives, *(n for pair in copies for n in pair)], set(known))
        self.gives = gives
        inputs = [n for n in nodes if n in needed and (n in known or n.op == "placeholder")]
        self.takes: list[Any] = [n for n in inputs if n not in packed]
        graph = fx.Graph()
        new = {n: graph.placeholder(n.name) for n in self.takes}
        memory = [_memory(n) for n in self.takes]
        if len(self.takes) < len(inputs):
            self.takes.append(PACKED)
            numbers = graph.placeholder(PACKED)
            new |= {n: graph.call_function(aten.select.int, (numbers, 0, packed.index(n))) for n in inputs if n in packed}
        for n in nodes:
            if n in needed and n not in new:
                new[n] = graph.node_copy(n, new.__getitem__)
        values = [graph.call_function(aten.clone.default, (new[n],)) if _memory(n) in memory else new[n] for _, n in copies]
        for (place, _), value in zip(copies, values, strict=True):
            graph.call_function(aten.copy_.default, (new[place], value))
        graph.output([new[n] for n in gives])
        owner = next((n.graph.owning_module for n in nodes), None)
        code = fx.GraphModule(owner or {}, graph)
        self.run = self.guarded = code.forward
        if not gives and not copies:
            self.run = self.guarded = lambda *_: []
        elif backend is not None:
            key = (code.code, backend)
            if key not in self.shared or any(n.op == "get_attr" for n in graph.nodes):
                products = any(n.target in (aten.mm.default, aten.bmm.default) for n in graph.nodes)
                self.shared[key] = Compiled(code.forward, backend, dynamic=None if products else True)
            self.compiled = self.shared[key]
            self.run, self.guarded = self._first, self.compiled.guarded

    def __call__(self, env: dict[Any, Any]) -> Sequence[Any]:
        """The values."""
        return self.ready(env)()

    def ready(self, env: dict[Any, Any]) -> Callable[[], Sequence[Any]]:
        """A call. All are of one stage, so only the first needs torch.compile's guards, and one where tensors share memory."""
        inputs = [env[n] for n in self.takes]
        return partial(self.guarded if len({x.data_ptr() for x in inputs}) < len(inputs) else self.run, *inputs)

    def _first(self, *inputs: Tensor) -> Sequence[Any]:
        outs, self.run = self.compiled.noted(inputs)
        return outs


class Compiled:
    """torch.compile of a function. Its guards take longer than a small kernel, so a call notes where it ended."""

    def __init__(self, function: Callable[..., Any], backend: Any, dynamic: bool | None) -> None:
        inner = torch._dynamo.lookup_backend(backend)

        def noting(graph: Any, examples: Any) -> Callable[..., Any]:
            run = inner(graph, examples)

            def entered(*given: Any) -> Any:
                outs = run(*given)
                self.last = run, given, outs
                return outs

            return entered

        self.last: Any = None
        self.function = torch.compile(
            function, fullgraph=True, dynamic=dynamic, backend=noting, isolate_recompiles=True, recompile_limit=64
        )

    def guarded(self, *inputs: Tensor) -> Sequence[Tensor]:
        """The values of a call, whatever the inputs."""
        outs = self.function(*inputs)
        self.last = None  # it would keep the tensors
        return outs

    def noted(self, inputs: Sequence[Tensor]) -> tuple[Sequence[Tensor], Callable[..., Any]]:
        """The values of a call, and a function that takes inputs of these shapes, strides and dtypes to them without guards."""
        outs = self.function(*inputs)
        if self.last is None:  # nothing to compute
            return outs, self.guarded
        (run, given, inner), self.last = self.last, None
        places = [next((i for i, x in enumerate(inputs) if x is y), None) for y in given]
        order = [next((i for i, x in enumerate(inner) if x is y), None) for y in outs]
        if None in order:  # an output that is no value of the graph
            return outs, self.guarded
        fixed = [y if i is None else None for i, y in zip(places, given, strict=True)]  # lengths, mostly

        def direct(*inputs: Tensor) -> list[Tensor]:
            values = run(*[y if i is None else inputs[i] for i, y in zip(places, fixed, strict=True)])
            return [values[i] for i in order]

        return outs, direct


# --- graphs


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
    """Note on the last `where` of the graph that one of its branches is seldom due."""
    mode = get_proxy_mode()
    assert mode is not None
    node = next(n for n in reversed(mode.tracer.graph.nodes) if n.target is aten.where.self)
    node.meta["refreshed"] = True
    return chosen


def _once(graph: fx.Graph, few: set[fx.Node]) -> None:
    """Compute the numbers that tensors side by side share once."""
    first: dict[Any, fx.Node] = {}
    for n in list(graph.nodes):
        if n in few and n.op == "call_function" and (same := first.setdefault((n.target, n.args, tuple(n.kwargs.items())), n)) is not n:
            n.replace_all_uses_with(same)
            graph.erase_node(n)
            few.remove(n)


def _multiply(graph: fx.Graph, few: set[fx.Node]) -> None:
    """Divide by a float64 number once, and multiply the elements by its reciprocal."""
    inverse: dict[fx.Node, fx.Node] = {}
    for n in list(graph.nodes):
        if n.target is not aten.div.Tensor or n in few or n.args[1] not in few or n.args[1].meta["val"].dtype != torch.float64:
            continue
        number = n.args[1]
        if number not in inverse:
            with graph.inserting_after(number if number.op != "placeholder" else list(graph.find_nodes(op="placeholder"))[-1]):
                inverse[number] = graph.call_function(aten.reciprocal.default, (number,))
            inverse[number].meta = {"val": number.meta["val"].reciprocal()}
            few.add(inverse[number])
        with graph.inserting_before(n):
            product = graph.call_function(aten.mul.Tensor, (n.args[0], inverse[number]))
        product.meta = dict(n.meta)
        n.replace_all_uses_with(product)
        graph.erase_node(n)


def _needed(targets: Sequence[fx.Node], stop: Any) -> set[fx.Node]:
    """The targets and all that they are computed from, not beyond what is in `stop`."""
    found, pending = set[fx.Node](), list(targets)
    while pending:
        n = pending.pop()
        if n not in found:
            found.add(n)
            if n not in stop:
                pending += n.all_input_nodes
    return found


def _size(n: fx.Node) -> int:
    return int(n.meta["val"].numel())


def _memory(n: fx.Node) -> int:
    return int(n.meta["val"].untyped_storage()._cdata)
