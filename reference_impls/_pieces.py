"""Parts of a graph as functions that write in place, compiled or as they are, and the places where a graph is cut into them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import ismethod
from operator import itemgetter
from types import FunctionType
from typing import Any, ClassVar

import torch
from torch import Tensor, fx

from reference_impls import _graphs

PACKED = "numbers"  # one tensor of all single numbers: fewer arguments make a call cheaper
# tensors that share single numbers alone have loops of their own: one loop over many memory streams is slower; sizes are the guards' work
OPTIONS = {"score_fusion_memory_threshold": 1024, "size_asserts": False}
KERNEL = "cpp_fused"  # how inductor begins the names of its kernels
PLAIN = {"clear", "size", "torch", "empty_strided_cpu", "reinterpret_tensor"}  # other names of code that calls kernels alone
DTYPES = {name for name, x in vars(torch).items() if isinstance(x, torch.dtype)}
ROOM = 1 << 24  # a piece keeps so many bytes for what is in between, no more
AGAIN = {"realize_reads_threshold": 16}  # what reads so little is computed again for each use, before it is stored
aten = torch.ops.aten

Call = Callable[[], Any]
Pairs = Sequence[tuple[fx.Node, fx.Node]]  # places, and the values that they take


def cut(nodes: Sequence[fx.Node], known: Sequence[fx.Node], gives: list[fx.Node], copies: Pairs, backend: Any,
        packed: Sequence[fx.Node]) -> "Piece | Chain":  # fmt: skip
    """The values that `gives` names and `copies`, of a graph's `nodes`: one piece, or a chain where there is work on whole matrices.

    That runs as it is, whatever is compiled. Without it, most of what is left reads alike, for all shapes, for both sides of a matrix and
    each time that a rule comes back to it, and is compiled once.
    """
    values = {n for _, n in copies}
    again = _graphs.again(nodes, known, values)
    turns = _graphs.turns(nodes, known, again, values)
    last = max((turns.get(n, 0) for n in _graphs.needed([*gives, *(n for pair in copies for n in pair)], set(known))), default=0)
    if backend is None or not last:
        return Piece(nodes, known, gives, copies, backend, packed)
    demanded, pending, links = set(gives), list(copies), []
    for turn in range(last, -1, -1):
        stored = {n for n, made in turns.items() if made < turn and n not in again}.union(known)
        targets = [n for n in nodes if n in demanded and turns[n] == turn]
        # a place takes its value as soon as that is there, unless what it held is still read
        here: list[tuple[fx.Node, fx.Node]] = []
        while True:
            needed = _graphs.needed([*targets, *(n for pair in here for n in pair)], stored)
            due = [(p, n) for p, n in pending if turns.get(n, 0) == turn or p in needed]
            if not due:
                break
            here, pending = [*here, *due], [pair for pair in pending if pair not in due]
        # what is written is there to be read, too
        held = {n: p for p, n in here if n in targets and turns[n] == turn and n not in again and _graphs.alike(p, n)}
        demanded |= needed & stored - set(known)
        items = [*(n for n in targets if n not in held), *here]
        for group in [items] if items and turn % 2 else _apart(items, stored):
            written = [x for x in group if isinstance(x, tuple)]
            piece = Piece(nodes, [*stored], [x for x in group if isinstance(x, fx.Node)], written, None if turn % 2 else backend, packed)
            links.append((piece, {n: p for p, n in written if held.get(n) is p}))
    return Chain(links[::-1], gives)


def _apart(items: Sequence[Any], stored: set[fx.Node]) -> list[list[Any]]:
    """Values and copies (pairs) in groups that share nothing but single numbers that are there already."""
    places = {item[0] for item in items if isinstance(item, tuple)}

    def reached(item: Any) -> set[fx.Node]:
        found = _graphs.needed(item if isinstance(item, tuple) else [item], stored)
        return {n for n in found if n in places or (n.op == "call_function" and n not in stored) or _graphs.size(n) > 1}

    groups: list[tuple[list[Any], set[fx.Node]]] = []
    for item in items:
        near = [group for group in groups if not group[1].isdisjoint(reached(item))]
        groups = [group for group in groups if group not in near]
        groups.append(([*(x for group in near for x in group[0]), item], reached(item).union(*(group[1] for group in near))))
    return [group[0] for group in groups]


class Piece:
    """A part of a graph as a function, from the values that it `takes` to those that it `gives`; `copies` are written in place."""

    shared: ClassVar[dict[Any, "Compiled"]] = {}  # by what torch.compile gets to read

    def __init__(self, nodes: Sequence[fx.Node], known: Sequence[fx.Node], gives: list[fx.Node], copies: Pairs = (), backend: Any = None,
                 packed: Sequence[fx.Node] = ()) -> None:  # fmt: skip
        needed = _graphs.needed([*gives, *(n for pair in copies for n in pair)], set(known))
        self.gives = gives
        inputs = [n for n in nodes if n in needed and (n in known or n.op == "placeholder")]
        self.takes: list[Any] = [n for n in inputs if n not in packed]
        graph = fx.Graph()
        new = {n: graph.placeholder(f"x{i}") for i, n in enumerate(self.takes)}  # names that depend on nothing: alike pieces read alike
        memory = [_graphs.memory(n) for n in self.takes]
        if len(self.takes) < len(inputs):
            self.takes.append(PACKED)
            numbers = graph.placeholder(PACKED)
            new |= {n: graph.call_function(aten.select.int, (numbers, 0, packed.index(n))) for n in inputs if n in packed}
        for n in nodes:
            if n in needed and n not in new:
                args, kwargs = (fx.node.map_arg(x, new.__getitem__) for x in (n.args, n.kwargs))
                new[n] = graph.create_node(n.op, n.target, args, kwargs, "y")
        values = [graph.call_function(aten.clone.default, (new[n],)) if _graphs.memory(n) in memory else new[n] for _, n in copies]
        for (place, _), value in zip(copies, values, strict=True):
            graph.call_function(aten.copy_.default, (new[place], value))
        graph.output([new[n] for n in gives])
        owner = next((n.graph.owning_module for n in nodes), None)
        code = fx.GraphModule(owner or {}, graph)
        fixed = any(n.op == "get_attr" for n in graph.nodes)
        self.text = id(self) if fixed else code.code  # what is computed
        self.run = self.guarded = code.forward
        self.apart: Callable[[], Piece] | None = None  # the same without `copies`: it gives what they take as well
        self.direct: Callable[..., Call] | None = None  # makes calls without guards
        self.kernels: Kernels | None = None  # if they look at nothing but where the inputs lie
        if not gives and not copies:
            self.run = self.guarded = lambda *_: []
        elif backend is not None and (copies or _graphs.works([n for n in nodes if n in needed and n not in inputs])):
            little = _graphs.sums_of_little([n for n in nodes if n in needed and n not in inputs], inputs)
            key = (code.code, backend)
            if key not in self.shared or fixed:
                self.shared[key] = Compiled(code.forward, backend, {**OPTIONS, **(AGAIN if little else {})})
            self.compiled = self.shared[key]
            self.run, self.guarded = self._first, self.compiled.guarded
            if copies:
                taken = [n for _, n in copies]
                self.apart = lambda: Piece(nodes, known, [*gives, *taken], (), backend, packed)
                self.copies = copies

    def __call__(self, env: Mapping[Any, Any]) -> Sequence[Any]:
        """The values."""
        return self.ready([env[n] for n in self.takes])() or []

    def ready(self, inputs: Sequence[Any]) -> Call:
        """A call that gives the values, or None for none. Only the first one needs guards, and one where tensors share memory."""
        if len(set(map(Tensor.data_ptr, inputs))) < len(inputs):
            return partial(self.guarded, *inputs)
        return self.direct(*inputs) if self.direct else partial(self.run, *inputs)

    def _first(self, *inputs: Tensor) -> Sequence[Any]:
        if self.direct is not None:  # by now
            return self.direct(*inputs)() or []
        try:
            outs, self.direct, self.kernels = self.compiled.noted(inputs)
            self.run = self.guarded  # for later calls, unless there are direct ones
        except Exception as error:  # inductor cannot always write in place what depends on a reduction (PyTorch's issue 188228)
            if self.apart is None or type(error).__name__ != "InductorError":
                raise
            self.run = self.guarded = partial(self._copying, self.apart())
            return self.run(*inputs)
        self.apart = None
        return outs

    def _copying(self, apart: "Piece", *inputs: Tensor) -> Sequence[Any]:
        env = dict(zip(self.takes, inputs, strict=True))
        outs, memory = list(apart(env)), {x.untyped_storage().data_ptr() for x in inputs}
        # values first: one place may take what another one holds
        values = [x.clone() if x.untyped_storage().data_ptr() in memory else x for x in outs[len(self.gives) :]]
        torch._foreach_copy_([env[p] for p, _ in self.copies], values)
        return outs[: len(self.gives)]


class Chain:
    """Pieces one after the other, each with the values that are `held` in places afterwards."""

    def __init__(self, links: Sequence[tuple[Piece, Mapping[fx.Node, fx.Node]]], gives: list[fx.Node]) -> None:
        self.gives = gives
        self.links: list[tuple[Piece, Mapping[fx.Node, fx.Node], list[Any]]] = []  # and the values that nobody takes afterwards
        kept = set[Any](gives)
        for piece, held in reversed(links):
            over = {*piece.takes, *piece.gives, *held} - kept
            kept |= over
            self.links.insert(0, (piece, held, list(over)))
        made = {n for piece, held in links for n in (*piece.gives, *held)}
        self.takes: list[Any] = list(dict.fromkeys(n for piece, _ in links for n in piece.takes if n not in made))

    def __call__(self, env: Mapping[Any, Any]) -> Sequence[Any]:
        """The values."""
        env = dict(env)
        for piece, held, over in self.links:
            env.update(zip(piece.gives, piece(env), strict=True))
            for n, place in held.items():
                env[n] = env[place]
            for n in over:
                del env[n]
        return [env[n] for n in self.gives]


class Compiled:
    """torch.compile of a function. Its guards and wrappers take longer than a small kernel, so a call notes where it ended."""

    def __init__(self, function: Callable[..., Any], backend: Any, patches: Mapping[str, Any]) -> None:
        inner = torch._dynamo.lookup_backend(backend)

        def entered(run: Callable[[list[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
            def noting(inputs: Sequence[Any]) -> Any:
                given = list(inputs)
                outs = run(list(inputs))  # inductor empties the list
                self.last = run, given, outs
                return outs

            return noting

        def code(graph: Any, examples: Any, **options: Any) -> Any:
            from torch._inductor.compile_fx import compile_fx_inner

            made = compile_fx_inner(graph, examples, **options)
            if run := getattr(made, "current_callable", None):
                made.current_callable = entered(run)  # type: ignore[union-attr]
            return made

        def compiling(graph: Any, examples: Any) -> Callable[..., Any]:
            if backend == "inductor":
                with torch._functorch.config.patch(enable_autograd_cache=False):  # what comes from there is not noted
                    return inner(graph, examples, inner_compile=code, config_patches=patches)
            run = inner(graph, examples)
            note = entered(lambda inputs: run(*inputs))
            return lambda *inputs: note(inputs)

        self.last: Any = None
        options: dict[str, Any] = {"fullgraph": True, "dynamic": True, "isolate_recompiles": True, "recompile_limit": 64}
        self.function = torch.compile(function, backend=compiling, **options)

    def guarded(self, *inputs: Tensor) -> Sequence[Tensor]:
        """The values of a call, whatever the inputs."""
        outs = self.function(*inputs)
        self.last = None  # it would keep the tensors
        return outs

    def noted(self, inputs: Sequence[Tensor]) -> tuple[Sequence[Tensor], Callable[..., Call] | None, "Kernels | None"]:
        """The values of a call; what makes calls without guards, of other inputs that are laid out alike (None if nothing does); the
        kernels, if these look at nothing but where the inputs lie.
        """
        outs = self.function(*inputs)
        if self.last is None:  # nothing to compute
            return outs, None, None
        (run, given, inner), self.last = self.last, None
        places = [next((i for i, x in enumerate(inputs) if x is y), None) for y in given]
        order = [next((i for i, x in enumerate(inner) if x is y), None) for y in outs]
        other = any(i is None and isinstance(y, Tensor) for i, y in zip(places, given, strict=True))
        if other or None in order or len(inner) != len(outs):  # more is done than what was noted
            return outs, None, None
        fixed = [y if i is None else None for i, y in zip(places, given, strict=True)]  # lengths
        made = kernels(run, given, inputs)

        def called(*inputs: Tensor) -> list[Tensor]:
            values = run([y if i is None else inputs[i] for i, y in zip(places, fixed, strict=True)])
            return [values[i] for i in order]

        def call(*inputs: Tensor) -> Call:
            if made is None:
                return partial(called, *inputs)
            run, outs = made(inputs)
            return run if not outs else partial(_then, run, [outs[i] for i in order])

        return outs, call, made


def _then(run: Call, outs: Sequence[Tensor]) -> Sequence[Tensor]:
    run()
    return outs


class Kernels:
    """The calls that inductor's code comes to (`kernels`): each takes some of the inputs, `fresh` room, `views` and what is `fixed`."""

    def __init__(self, calls: Sequence[tuple[Callable[..., None], Sequence[int]]], outs: Sequence[int], fresh: Sequence[Any],
                 views: Sequence[tuple[int, Any]], fixed: Sequence[Tensor], names: Mapping[str, Any]) -> None:  # fmt: skip
        self.calls, self.outs, self.fresh, self.views, self.fixed, self.names = calls, outs, fresh, views, fixed, names
        self.steps = [(kernel, pick(places)) for kernel, places in calls]

    def __call__(self, inputs: Sequence[Tensor]) -> tuple[Call, list[Tensor]]:
        """A call, and the tensors that it will write and give."""
        pool = [*inputs, *(self.names["empty_strided_cpu"](*layout) for layout in self.fresh)]
        for i, layout in self.views:
            pool.append(self.names["reinterpret_tensor"](pool[i], *layout))
        pool += self.fixed
        ready = [partial(kernel, *picked(pool)) for kernel, picked in self.steps]
        return ready[0] if len(ready) == 1 else partial(_all, ready), [pool[i] for i in self.outs]


def kernels(run: Any, given: Sequence[Any], inputs: Sequence[Tensor]) -> Kernels | None:
    """What inductor's code comes to that was called with `given`, of which the tensors are among the `inputs`.

    Room for what is in between is made once. None if the code does more than to make room and to call kernels.

    A call of that code takes as long as a small kernel does, because the kernel before left nothing of it in the caches.
    """
    if not ismethod(run) or not all(name in PLAIN | DTYPES or name.startswith(KERNEL) for name in run.__code__.co_names):
        return None
    code, names = run.__code__, run.__globals__  # the code of a function without branches
    calls: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
    rooms: list[Tensor] = []
    views: list[tuple[Tensor, Tensor, tuple[Any, ...]]] = []  # each with what it shows, and how

    def room(*layout: Any) -> Tensor:
        rooms.append(names["empty_strided_cpu"](*layout))
        return rooms[-1]

    def view(base: Tensor, *layout: Any) -> Tensor:
        views.append((names["reinterpret_tensor"](base, *layout), base, layout))
        return views[-1][0]

    def noting(name: str) -> Callable[..., None]:
        return lambda *args: calls.append((names[name], args))

    noted = {**names, "empty_strided_cpu": room, "reinterpret_tensor": view}
    noted |= {name: noting(name) for name in code.co_names if name.startswith(KERNEL)}
    outs = FunctionType(code, noted)(run.__self__, list(given))  # computes nothing
    lasting = {id(x) for x in outs}
    for shown, base, _ in reversed(views):
        lasting |= {id(base)} if id(shown) in lasting else set()
    fresh = [x for x in rooms if id(x) in lasting]
    if len({id(x) for x in inputs}) < len(inputs):
        return None
    # what each call has of its own: the inputs, room for what it gives, and views of these
    own = {id(x): i for i, x in enumerate([*inputs, *fresh])}
    seen = []
    for shown, base, layout in views:
        if id(base) in own:
            own[id(shown)] = len(own)
            seen.append((own[id(base)], layout))
    if any(id(x) not in own for x in outs) or sum(x.nbytes for x in rooms if id(x) not in own) > ROOM:
        return None
    fixed = [x for _, args in calls for x in args if id(x) not in own]
    at = {**own, **{id(x): len(own) + i for i, x in enumerate(fixed)}}
    calling = [(kernel, [at[id(x)] for x in args]) for kernel, args in calls]
    return Kernels(calling, [at[id(x)] for x in outs], [(tuple(x.shape), x.stride(), x.dtype) for x in fresh], seen, fixed, names)


def pick(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """What takes the items at these places."""
    return itemgetter(*places) if len(places) > 1 else lambda pool: [pool[i] for i in places]


def _all(calls: Sequence[Call]) -> None:
    for call in calls:
        call()
