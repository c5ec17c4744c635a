"""Rewrites of graphs before they are compiled: the same values, in the form that inductor makes fast loops of."""

import functools
import math
import operator
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import make_fx

EIGHT = 8  # rows whose entries are reduced together
WIDER = 8  # what is used by tensors of so many times its entries is computed beforehand
LONG = 512  # a matrix of so many rows times its own transpose is computed by halves
FAR = 700  # exp of more leaves what a float can hold
INVERSE_ROOT = 0x54A23400  # minus a third of the bits of a float: those of its inverse cube root, within 3.5 per cent on either side
LITTLE = {"add", "sub", "mul", "neg", "abs", "minimum", "maximum"}  # operations that take no longer than to read; so do whole powers
THIN = 4  # a product of so few columns and rows is a sum that fuses with what comes after it
aten = torch.ops.aten
PRODUCTS = aten.mm.default, aten.bmm.default


def _remainder(x: float, y: float) -> float:
    return x % y if y else math.nan


def _quotient(x: float, y: float) -> float:
    return x / y if y else float(torch.tensor(x, dtype=torch.float64) / y)


def _root(x: float) -> float:
    return math.sqrt(x) if x >= 0 else math.nan


def _power(x: float, y: float) -> float:
    return float(x**y) if x > 0 and abs(y * math.log(x)) < FAR else float(torch.tensor(x, dtype=torch.float64) ** y)


def _power_of_tensors(x: float, y: float) -> float:
    """Which differs from a tensor's to a number: that one to 1 / 2 is a root."""
    return _power(x, y) if 0 < x < math.inf else float(torch.pow(*torch.tensor([x, y], dtype=torch.float64)))


def _exp(x: float) -> float:
    return math.exp(x) if x < FAR else float(torch.tensor(x, dtype=torch.float64).exp())


def _log(x: float) -> float:
    return math.log(x) if x > 0 else math.nan if x else -math.inf


def _cos(x: float) -> float:
    return math.cos(x) if math.isfinite(x) else math.nan


def _maximum(x: float, y: float) -> float:
    return y if x < y or math.isnan(y) else x  # of two zeros the first one


def _minimum(x: float, y: float) -> float:
    return y if y < x or math.isnan(y) else x


def _clamp(x: float, low: float | None = None, high: float | None = None) -> float:
    x = x if low is None else _maximum(x, low)
    return x if high is None else _minimum(x, high)


ON_NUMBERS: Mapping[Any, Callable[..., float]] = {
    getattr(getattr(aten, name), overload): function
    for name, function in {
        "add": operator.add, "sub": operator.sub, "rsub": lambda x, y: y - x, "mul": operator.mul, "div": _quotient, "pow": _power,
        "remainder": _remainder, "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt,
        "ge": operator.ge, "neg": operator.neg, "reciprocal": partial(_quotient, 1.0), "sqrt": _root, "exp": _exp, "log": _log, "cos": _cos,
        "maximum": _maximum, "minimum": _minimum, "clamp": _clamp, "where": lambda c, x, y: x if c else y,
        "bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_not": operator.not_, "logical_not": operator.not_, "abs": abs,
        "scalar_tensor": float, "ones_like": lambda _: 1.0,
        "select": lambda x, _, i: x[i],
    }.items()
    for overload in getattr(aten, name).overloads()
    if overload in ("Tensor", "Scalar", "Tensor_Tensor", "Tensor_Scalar", "default", "self", "int")
}  # fmt: skip

ON_NUMBERS = {**ON_NUMBERS, aten.pow.Tensor_Tensor: _power_of_tensors}

DIGITS = torch.float64, torch.float32, torch.int64, torch.bool
KINDS = {"dtype", "layout", "device", "pin_memory", "memory_format"}  # of a new number
SHARP = {"exp", "log", "cos", "pow", "remainder"}  # what in float32 is not the rounded result of what it is in float64


def unbound(graph: fx.Graph) -> None:
    """Take the parts of a tensor one by one, so that every value of the graph is one tensor."""
    for n in graph.find_nodes(op="call_function", target=aten.unbind.int):
        for part in list(n.users):
            with graph.inserting_before(part):
                one = graph.call_function(aten.select.int, (n.args[0], n.args[1] if len(n.args) > 1 else 0, part.args[1]))
            one.meta = dict(part.meta)
            part.replace_all_uses_with(one)
            graph.erase_node(part)


def unviewed(graph: fx.Graph) -> None:
    """Leave out views that show all of a tensor as it is."""
    for n in list(graph.nodes):
        if view(n) and alike(n, n.args[0]):
            n.replace_all_uses_with(n.args[0])
            graph.erase_node(n)


def choices(graph: fx.Graph, few: set[fx.Node]) -> list[fx.Node]:
    """Where one number decides between two tensors, of which a step needs only one."""
    return [n for n in graph.nodes if "refreshed" in n.meta and n not in few and n.args[0] in few and size(n.args[0]) == 1]


def choose(graph: fx.Graph, choices: Sequence[fx.Node], due: Sequence[bool]) -> bool:
    """Leave only the branches that are due, or those that are not; whether any is."""
    some = False
    for n, now in reversed(list(zip(choices, due, strict=True))):
        if not n.users:
            continue
        some |= now
        value = n.args[1 if now else 2]
        if shape(value) != shape(n):
            with graph.inserting_before(n):
                value = graph.call_function(aten.expand.default, (value, list(shape(n))))
            value.meta = dict(n.meta)
        n.replace_all_uses_with(value)
        graph.eliminate_dead_code()
    return some


def arithmetic(targets: Sequence[fx.Node]) -> Callable[[Mapping[fx.Node, float]], list[float]] | None:
    """The targets as a function of plain numbers, and lists of them: far cheaper than operations on tensors of one.

    None if there are other operations.
    """
    within = needed(targets, ())
    made = [n for n in targets[0].graph.nodes if n in within and n.op != "placeholder"] if targets else []
    if any(n.target not in ON_NUMBERS or {*n.kwargs} - KINDS or n.meta["val"].dim() or not _by_python(n) for n in made):
        return None
    single = [_dtype(n) == torch.float32 for n in made]
    words = [tuple(_single(x) if one and isinstance(x, float) else x for x in n.args) for n, one in zip(made, single, strict=True)]

    def computed(given: Mapping[fx.Node, Any]) -> list[float]:
        values = dict(given)
        for n, one, args in zip(made, single, words, strict=True):
            value = ON_NUMBERS[n.target](*(values[x] if isinstance(x, fx.Node) else x for x in args))
            values[n] = _single(value) if one and isinstance(value, float) else value
        return [values[n] for n in targets]

    return computed


def _by_python(n: fx.Node) -> bool:
    """Whether Python has the dtypes for it, and rounds as torch does."""
    dtypes = {n.meta["val"].dtype, *(i.meta["val"].dtype for i in n.all_input_nodes)}
    inverts = n.target is aten.bitwise_not.default and n.meta["val"].dtype != torch.bool
    return dtypes.issubset(DIGITS) and not inverts and (_dtype(n) != torch.float32 or n.target.overloadpacket.__name__ not in SHARP)


def _dtype(n: fx.Node) -> torch.dtype:
    """In which it is computed: a comparison in that of what it compares."""
    inputs = [i.meta["val"].dtype for i in n.all_input_nodes]
    return functools.reduce(torch.promote_types, inputs) if inputs and n.meta["val"].dtype == torch.bool else n.meta["val"].dtype  # type: ignore[no-any-return]


def _single(x: float) -> float:
    """The nearest number of float32."""
    try:
        return float(struct.unpack("f", struct.pack("f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)


def once(graph: fx.Graph) -> None:
    """Compute what is computed twice once, such as numbers that tensors side by side share."""
    first: dict[Any, fx.Node] = {}
    for n in list(graph.nodes):
        if n.op == "call_function" and (same := first.setdefault((n.target, n.args, tuple(n.kwargs.items())), n)) is not n:
            n.replace_all_uses_with(same)
            graph.erase_node(n)


def multiply(graph: fx.Graph, few: set[fx.Node]) -> None:
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


def by_eights(graph: fx.Graph) -> None:
    """Reduce columns by eights of their entries first: one row after the other is slow to read."""
    for n in list(graph.nodes):
        if n.target not in (aten.sum.dim_IntList, aten.mean.dim, aten.amax.default, aten.amin.default):
            continue
        x, dims = n.args[:2]
        lengths = x.meta["val"].shape
        if [d % len(lengths) for d in dims] != [len(lengths) - 2] or lengths[-2] % EIGHT or lengths[-2] <= EIGHT:
            continue
        with graph.inserting_before(n):
            eights = graph.call_function(aten.view.default, (x, [*lengths[:-2], lengths[-2] // EIGHT, EIGHT, lengths[-1]]))
            eights.meta["val"] = x.meta["val"].unflatten(-2, (-1, EIGHT))
            partial = graph.call_function(n.target, (eights, [-2]))
            partial.meta["val"] = eights.meta["val"].sum(-2)
        n.args = (partial, *n.args[1:])


def by_parts(graph: fx.Graph) -> None:
    """Divide sums instead of what is summed, and sum a tensor up from sums of its parts that are there: fewer looks at all of it."""
    for n in list(graph.nodes):
        if n.target not in (aten.sum.default, aten.sum.dim_IntList) or n.args[0].target is not aten.mul.Tensor:
            continue
        if n.kwargs or len(n.args[0].users) > 1:
            continue
        kept = len(n.args) > 2 and n.args[2]
        for x, y in (n.args[0].args, n.args[0].args[::-1]):
            if getattr(x, "target", None) is not aten.div.Tensor or not all(isinstance(i, fx.Node) for i in x.args):
                continue
            by = x.args[1]
            same = not shape(by) or (kept and shape(by) == shape(n))  # for all that is summed
            if not same or shape(x.args[0]) != shape(n.args[0]):
                continue
            with graph.inserting_before(n):
                product = graph.call_function(aten.mul.Tensor, (x.args[0], y))
                total = graph.call_function(n.target, (product, *n.args[1:]))
                quotient = graph.call_function(aten.div.Tensor, (total, by))
                value = graph.call_function(aten._to_copy.default, (quotient,), {"dtype": n.meta["val"].dtype})
            product.meta, total.meta, value.meta = dict(n.args[0].meta), dict(n.meta), dict(n.meta)
            quotient.meta = {"val": n.meta["val"] / by.meta["val"]}
            n.replace_all_uses_with(value)
            graph.erase_node(n)
            break
    graph.eliminate_dead_code()
    once(graph)
    parts: dict[Any, fx.Node] = {}
    for n in (n for n in graph.nodes if not n.kwargs):
        if n.target is aten.sum.dim_IntList or (n.target is aten.linalg_vector_norm.default and len(n.args) > 2 and n.args[1] == 2):
            parts.setdefault((n.target, n.args[0]), n)
        elif len(n.args) == 1 and n.target in (aten.sum.default, aten.linalg_vector_norm.default):
            some = aten.sum.dim_IntList if n.target is aten.sum.default else n.target
            n.args = (parts.get((some, n.args[0]), n.args[0]),)


def stored(graph: fx.Graph, few: Collection[fx.Node]) -> None:
    """Compute what comes from sums before the loops that use it: inductor would do so for each entry, unless it is viewed as strided."""
    for n in list(graph.nodes):
        if n in few or n.op != "call_function" or not n.all_input_nodes or view(n) or not _by_entries(n):
            continue
        users = [u for u in n.users if u.op == "call_function" and isinstance(u.meta["val"], Tensor)]
        if any(_by_entries(u) and size(u) >= WIDER * size(n) for u in users):
            with graph.inserting_after(n):
                there = graph.call_function(aten.as_strided.default, (n, list(shape(n)), list(n.meta["val"].stride())))
            there.meta = dict(n.meta)
            for u in users:
                u.replace_input_with(n, there)


def by_logarithms(graph: fx.Graph) -> None:
    """A power that is neither whole nor a square root, by logarithms: half the time. A cube root in float32 without, as `cube_root`."""
    for n in graph.find_nodes(op="call_function", target=aten.pow.Tensor_Scalar):
        x, power = n.args
        if n.meta["val"].dim() and float(2 * power) != int(2 * power):
            cubic = power == 1 / 3 and n.meta["val"].dtype == x.meta["val"].dtype == torch.float32
            made = make_fx(cube_root if cubic else partial(_by_logarithm, power))(x.meta["val"]).graph
            with graph.inserting_before(n):
                value = graph.graph_copy(made, dict.fromkeys(made.find_nodes(op="placeholder"), x))
            n.replace_all_uses_with(value)
            graph.erase_node(n)


def _by_logarithm(power: float, x: Tensor) -> Tensor:
    return torch.exp(torch.log(x) * power)


def cube_root(x: Tensor) -> Tensor:
    """Of float32, within 6e-7 of it, or 3e-14 away where `x` is too small for a normal number: two steps of third order for z = 1 / root.

    A float's bits are its exponent, followed by its digits, and so nearly its logarithm. What is left to do, r = x z^3, goes to 1 with z:
    z' = z f and r' = r f^3, f = 1 + d / 3 + 2 d^2 / 9, d = 1 - r. The square is completed, because inductor follows each use of a value
    anew, and those of a value that was computed from it.
    """
    size = x.abs()
    z = (INVERSE_ROOT - size.view(torch.int32) * (1 / 3)).to(torch.int32).view(torch.float32)
    r = size * z * z**2  # from the left: z^3 may be more than float32 holds
    for _ in range(2):
        f = ((r - 7 / 4) ** 2 + 63 / 16) * (2 / 9)
        z, r = z * f, r * f**3
    return (size * z**2).masked_fill(x < 0, torch.nan)


def by_outer_products(graph: fx.Graph) -> None:
    """Write a product of a few columns with as many rows as the sum of their outer products: nothing of its size is stored."""
    for n in graph.find_nodes(op="call_function", target=aten.mm.default):
        a, b = n.args
        if not 1 <= (count := shape(a)[1]) <= THIN:
            continue
        total = None
        with graph.inserting_before(n):
            for i in range(count):
                ends = [graph.call_function(aten.slice.Tensor, (x, dim, i, i + 1)) for x, dim in ((a, 1), (b, 0))]
                for end, x, dim in zip(ends, (a, b), (1, 0), strict=True):
                    end.meta["val"] = x.meta["val"].narrow(dim, i, 1)
                term = graph.call_function(aten.mul.Tensor, tuple(ends))
                term.meta = dict(n.meta)
                total = term if total is None else graph.call_function(aten.add.Tensor, (total, term))
                total.meta = dict(n.meta)
        n.replace_all_uses_with(total)
        graph.erase_node(n)


def by_halves(graph: fx.Graph) -> None:
    """Compute a long product of a matrix with its own transpose without what is above the diagonal, and scale it afterwards.

    On the CPU alone, for which it was timed, and not in half precision, where it takes longer.
    """
    for n in list(graph.nodes):
        if n.target not in PRODUCTS or shape(n)[-1] < LONG:
            continue
        if n.meta["val"].device.type != "cpu" or n.meta["val"].dtype not in (torch.float32, torch.float64):
            continue
        (a, by), (b, also_by) = map(_unscaled, n.args)
        if not (_transposed(a, b) or (a is b and a.target is gram)):
            continue
        with graph.inserting_before(n):
            value = graph.call_function(gram, (a,))
            value.meta = dict(n.meta)
            for number in (by, also_by):
                if number is not None:
                    value = graph.call_function(aten.mul.Tensor, (value, number))
                    value.meta = dict(n.meta)
        n.replace_all_uses_with(value)
    graph.eliminate_dead_code()


def gram(x: Tensor) -> Tensor:
    """X X^T of a matrix or of each one of a stack, symmetric to the last bit."""
    out = x.new_empty(*x.shape[:-1], x.shape[-2])
    _fill_gram(x, out)
    return out


def _fill_gram(x: Tensor, out: Tensor) -> None:
    if (rows := x.shape[-2]) < LONG:
        out.copy_(x @ x.mT)
        return
    one, other = slice(rows // 2), slice(rows // 2, rows)
    for half in (one, other):
        _fill_gram(x[..., half, :], out[..., half, half])
    below = x[..., other, :] @ x[..., one, :].mT
    out[..., other, one].copy_(below)
    out[..., one, other].copy_(below.mT)


def _unscaled(n: fx.Node) -> tuple[fx.Node, fx.Node | None]:
    """A matrix and the number that it is multiplied by, if it is."""
    if n.target is aten.mul.Tensor and len(n.all_input_nodes) == 2:
        number, x = sorted(n.all_input_nodes, key=lambda i: i.meta["val"].dim())
        if number.meta["val"].dim() == 0 and alike(x, n):
            return x, number
    return n, None


def _transposed(a: fx.Node, b: fx.Node) -> bool:
    """Whether one matrix shows the other one's transpose."""
    x, y = a.meta["val"], b.meta["val"]
    return _shown(a) is _shown(b) and x.shape == y.mT.shape and x.stride() == y.mT.stride() and x.storage_offset() == y.storage_offset()


def needed(targets: Sequence[fx.Node], stop: Any) -> set[fx.Node]:
    """The targets and all that they are computed from, not beyond what is in `stop`."""
    found, pending = set[fx.Node](), list(targets)
    while pending:
        n = pending.pop()
        if n not in found:
            found.add(n)
            if n not in stop:
                pending += n.all_input_nodes
    return found


def turns(
    nodes: Sequence[fx.Node], known: Collection[fx.Node], again: Collection[fx.Node], values: Collection[fx.Node]
) -> dict[fx.Node, int]:
    """When each value is computed: work on `whole` matrices at odd turns, all else at even ones. Views count with what they show.

    As soon as can be; but what looks at a tensor entry by entry, and is not wanted before a later turn, only then, if that tensor is kept
    anyway. `again` is what needs not be kept, `values` what is written somewhere.
    """
    found: dict[fx.Node, int] = {}
    for n in nodes:
        if n.op != "placeholder" and n not in known:
            latest = max((found.get(i, 0) for i in n.all_input_nodes), default=0)
            found[n] = latest if view(n) else latest + (latest % 2 != whole(n))
    users = {n: {u for u in _users(n) if u in found} for n in nodes}
    for n in reversed(nodes):
        if n in found and users[n] and n not in values and not view(n) and _by_entries(n):
            first = min(found[u] for u in users[n])
            shown = {_shown(i) for i in n.all_input_nodes} - set(again)
            if first > found[n] and first % 2 == 0 and all(any(found[u] > found[i] for u in users[i] - {n}) for i in shown):
                found[n] = first
    return found | {n: found[_shown(n)] for n in found if view(n) and _shown(n) in found}


def again(nodes: Sequence[fx.Node], known: Collection[fx.Node], values: Collection[fx.Node]) -> set[fx.Node]:
    """What is rather computed again than kept: views, and what only looks at inputs entry by entry, but for `values`."""
    free = {n for n in nodes if n.op == "placeholder"}.union(known)
    for n in nodes:
        alone = n not in values and n.op == "call_function" and (view(n) or _by_entries(n))
        if n.op == "get_attr" or (alone and free.issuperset(n.all_input_nodes)):
            free.add(n)
    return free.union(n for n in nodes if view(n))


def sums_of_little(nodes: Sequence[fx.Node], stop: Collection[fx.Node]) -> bool:
    """Whether entries are summed up, or the largest one is sought, and what is looked at takes little: then it need not be stored."""
    sums = [n for n in nodes if n.op == "call_function" and n.all_input_nodes and not (view(n) or whole(n) or _by_entries(n))]
    seen, pending = set[fx.Node](), [i for n in sums for i in n.all_input_nodes]
    while pending:
        n = pending.pop()
        if n not in seen and n not in stop and n.op == "call_function" and n not in sums:
            power = n.target is aten.pow.Tensor_Scalar and float(n.args[1]).is_integer()
            if not (view(n) or power or n.target.overloadpacket.__name__ in LITTLE):  # type: ignore[union-attr]
                return False
            seen.add(n)
            pending += n.all_input_nodes
    return bool(sums)


def _by_entries(n: fx.Node) -> bool:
    if n.target is aten.eye.default:  # loops that compare places are slow
        return False
    return n.target is aten._to_copy.default or not n.all_input_nodes or torch.Tag.pointwise in getattr(n.target, "tags", ())


def _shown(n: fx.Node) -> Any:
    while view(n):
        n = n.all_input_nodes[0]
    return n


def _users(n: fx.Node) -> set[fx.Node]:
    return {v for u in n.users for v in (_users(u) if view(u) else [u])}


def works(nodes: Sequence[fx.Node]) -> bool:
    """Whether any of these nodes, in order, reads entries: views do not, and neither does what is given beforehand."""
    given = set[fx.Node]()
    for n in nodes:
        name = n.target.overloadpacket.__name__ if isinstance(n.target, torch._ops.OpOverload) else ""
        if n.op == "get_attr" or name.startswith("new_") or given.issuperset(n.all_input_nodes):
            given.add(n)
        elif not view(n):
            return True
    return False


def whole(n: fx.Node) -> bool:
    """Whether it is a product, a decomposition or a solution, of which torch.compile makes no loop."""
    if n.target is operator.getitem:
        return whole(n.all_input_nodes[0])
    name = n.target.overloadpacket.__name__ if isinstance(n.target, torch._ops.OpOverload) else ""
    return n.target in (*PRODUCTS, gram) or ("linalg" in name and "norm" not in name)


def view(n: fx.Node) -> bool:
    """Whether it is a tensor that shows (a part of) its only input."""
    shows = n.target is aten._unsafe_view.default or (isinstance(n.target, torch._ops.OpOverload) and n.target.is_view)
    return shows and isinstance(n.meta["val"], Tensor)


def alike(a: Any, b: Any) -> bool:
    """Whether two values are laid out alike."""
    x, y = a.meta["val"], b.meta["val"]
    return bool(x.shape == y.shape and x.dtype == y.dtype and x.stride() == y.stride())


def size(n: fx.Node) -> int:
    return int(n.meta["val"].numel())


def shape(n: fx.Node) -> torch.Size:
    return torch.Size(n.meta["val"].shape)


def memory(n: fx.Node) -> int:
    return int(n.meta["val"].untyped_storage()._cdata)
