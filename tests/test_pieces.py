"""Graphs that are cut where there is work on whole matrices take the rule's own steps, and little of them is compiled."""

import operator
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._inductor.exc import InductorError
from torch.nn import Parameter

from reference_impls import _compiled, _graphs, _pieces
from reference_impls._base import ReferenceOptimizer
from reference_impls._compiled import Stage
from reference_impls._matrices import newton_schulz
from reference_impls._pieces import Chain, kernels
from reference_impls.adamw import AdamW
from reference_impls.muon import Muon
from reference_impls.prodigy import Prodigy
from reference_impls.shampoo import Shampoo
from reference_impls.soap import SOAP

F64 = torch.float64
SIDE = 5  # thinner products become sums


def method(rule):
    class Method(ReferenceOptimizer):
        buffers, elementwise = ("a", "b"), False

        def __init__(self, params, lr: float = 0.1, *, compile: bool = False):
            super().__init__(params, compile, lr=lr)

        def update(self, theta, g, s, h):
            return rule(theta, g, s, h)

    return Method


def tensors(seed, shapes):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, dtype=F64, generator=generator) for shape in shapes]


def played(cls, backend, shapes, steps=3, **hyper):
    """Parameters and state after some steps, eager and compiled by a backend that gets each graph."""
    cls = type(cls.__name__, (cls,), {"backend": staticmethod(backend)})
    runs, optimizers = [], []
    for how in (False, True):
        xs = [Parameter(x) for x in tensors(99, shapes)]
        optimizer = cls(xs, **hyper, compile=how)
        for seed in range(steps):
            for x, g in zip(xs, tensors(seed, shapes), strict=True):
                x.grad = g
            optimizer.step()
        runs.append([[x.detach() for x in xs], [dict(optimizer.state[x]) for x in xs]])
        optimizers.append(optimizer)
    return runs, optimizers[1]


def as_it_is(graph, _):
    return graph.forward


def triangle(x):
    """A matrix that solves well."""
    return torch.tril(torch.tanh(x), -1) + 2 * torch.eye(SIDE, dtype=F64)


ONE = {
    "half": lambda x: x / 2,
    "turned": lambda x: x.mT,
    "bent": torch.tanh,
    "rows": lambda x: x - x.mean(-1, keepdim=True),
    "turned on itself": lambda x: torch.tanh(x).mT @ torch.tanh(x) / SIDE,
    "unit": lambda x: x / (1 + torch.linalg.matrix_norm(x, keepdim=True)),
}
TWO = {
    "sum": operator.add,
    "product": lambda x, y: torch.tanh(x) * y,
    "matrix product": lambda x, y: torch.tanh(x) @ y,
    "solution": lambda x, y: torch.linalg.solve_triangular(triangle(x), y, upper=False),
}
PLACE = st.integers(0, 30)
LINE = st.tuples(st.sampled_from([*ONE, *TWO, *["matrix product"] * 3]), PLACE, PLACE)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(LINE, min_size=3, max_size=14), PLACE, PLACE, PLACE, st.integers(1, 2))
def test_any_rule_of_matrices_takes_the_same_steps(lines, theta_at, a_at, b_at, count):
    """Whatever is read after it was written, and in whatever order."""

    def rule(theta, g, s, h):
        seen = [theta, g, s.a, s.b]
        for name, i, j in lines:
            x, y = seen[i % len(seen)], seen[j % len(seen)]
            seen.append(ONE[name](x) if name in ONE else TWO[name](x, y))
        s.a, s.b = seen[a_at % len(seen)], seen[b_at % len(seen)]
        return seen[theta_at % len(seen)]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_graphs, "LONG", 2)
        (alone, together), _ = played(method(rule), as_it_is, [(SIDE, SIDE)] * count)
    torch.testing.assert_close(together, alone, rtol=1e-9, atol=1e-12)


def grams(optimizer):
    graphs = [stage.graph for stage in optimizer._stages.values() if isinstance(stage, Stage)]
    return [n for graph in graphs for n in graph.nodes if n.target is _graphs.gram]


@pytest.mark.parametrize("shapes", [[(8, 6)], [(6, 8)], [(8, 8)] * 3], ids=["tall", "wide", "stack"])
@pytest.mark.parametrize(
    ("product", "count"),
    [
        (lambda x, y, h: x @ x.mT, 1),
        (lambda x, y, h: x.mT @ x, 1),
        (lambda x, y, h: h.lr * x @ x.mT, 1),
        (lambda x, y, h: x.mT @ (x * h.lr), 1),
        (lambda x, y, h: (x @ x.mT) @ (x @ x.mT), 2),
        (lambda x, y, h: x @ y.mT, 0),
        (lambda x, y, h: x @ (y * x).mT, 0),
        (lambda x, y, h: x[:5, :5] @ x[:5, 1:6].mT, 0),
        (lambda x, y, h: x[:5, :5] @ x[:5, :5], 0),
    ],
)
def test_a_matrix_times_its_own_transpose_is_computed_by_halves(monkeypatch, shapes, product, count):
    """And nothing else is, in whatever way it is scaled, and where there are many."""
    monkeypatch.setattr(_graphs, "LONG", 3)

    def rule(theta, g, s, h):
        s.a = s.a + g
        return theta - product(s.a, theta, h).sum() * g

    (alone, together), optimizer = played(method(rule), as_it_is, shapes)
    torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-12)
    assert len(grams(optimizer)) == count


@pytest.mark.parametrize("shape", [(9, 4), (3, 10, 4), (2, 2), (8, 0)])
def test_what_is_computed_by_halves_is_symmetric(monkeypatch, shape):
    monkeypatch.setattr(_graphs, "LONG", 3)
    (x,) = tensors(0, [shape])
    found = _graphs.gram(x)
    assert torch.equal(found, found.mT)
    torch.testing.assert_close(found, x @ x.mT, rtol=1e-12, atol=1e-14)


def test_products_in_half_precision_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(_graphs, "LONG", 3)

    def rule(theta, g, s, h):
        x = g.to(torch.bfloat16)
        return theta - (x @ x.mT).sum()

    (alone, together), optimizer = played(method(rule), as_it_is, [(5, 5)])
    torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-12)
    assert not grams(optimizer)


def chains(optimizer):
    stages = [stage for stage in optimizer._stages.values() if isinstance(stage, Stage)]
    cases = [case for stage in stages for case in (stage.cases.values() if stage.dues else [stage])]
    return [case.main for case in cases if isinstance(case.main, Chain)]


@pytest.mark.parametrize("cls", [Muon, Shampoo, SOAP])
def test_work_on_whole_matrices_is_not_compiled(cls):
    seen = []

    def backend(graph, _):
        seen.extend(graph.graph.nodes)
        return graph.forward

    runs, optimizer = played(cls, backend, [(4, 5), (5, 4)])
    torch.testing.assert_close(*runs, rtol=1e-10, atol=1e-12)
    assert len(chains(optimizer)) >= 2
    assert len([n for n in seen if n.op == "call_function"]) > 8
    assert not [n for n in seen if _graphs.whole(n)]


def test_what_a_rule_comes_back_to_is_compiled_once():
    """More steps of Newton and Schulz, and matrices that are tall, make no graph more."""
    counts = []
    for steps, shapes in ((2, [(5, 6)]), (5, [(5, 6)]), (5, [(5, 6), (6, 5)])):
        seen = []

        def backend(graph, _, seen=seen):
            seen.append(graph)
            return graph.forward

        def rule(theta, g, s, h, steps=steps):
            s.a = s.a + g
            return theta - h.lr * newton_schulz(s.a, (1.5, -0.5, 0.1), steps)

        runs, _ = played(method(rule), backend, shapes)
        torch.testing.assert_close(*runs, rtol=1e-10, atol=1e-12)
        assert not any(n.target is torch.ops.aten.eye.default for graph in seen for n in graph.graph.nodes)  # made once, and then read
        counts.append(len(seen))
    assert counts[0] == counts[1] > 2
    assert counts[2] <= 2 * counts[0]


def test_large_matrices_are_stacked_while_they_are_not_too_many_entries(monkeypatch):
    monkeypatch.setattr(_compiled, "SMALL", 10)
    monkeypatch.setattr(_compiled, "STACK", 60)
    runs, optimizer = played(Muon, as_it_is, [(5, 6)] * 5 + [(10, 10)] * 2)
    torch.testing.assert_close(*runs, rtol=1e-10, atol=1e-12)
    assert [batch.rows for batch in optimizer._plan.batches] == [2, 2, 0, 0, 0]


def test_values_are_let_go():
    """A chain holds no value of a product after its last use."""

    def rule(theta, g, s, h):
        x = g
        for _ in range(4):
            x = torch.tanh(x @ g)
        return theta - x

    _, optimizer = played(method(rule), as_it_is, [(SIDE, SIDE)])
    (chain,) = chains(optimizer)
    held = []
    for piece, _, over in chain.links:
        held = [n for n in held if n not in over] + [n for n in piece.gives if n not in over]
        assert len(held) <= 1
    assert not held


@pytest.mark.parametrize("cls", [Muon, SOAP])
def test_what_cannot_be_compiled_in_place_is_copied(cls):
    """Each piece for itself: what is written before it is not written twice."""
    refused = []

    def backend(graph, _):
        if any("copy_" in str(n.target) for n in graph.graph.nodes):
            refused.append(graph)
            raise InductorError(RuntimeError("of no importance"), None)
        return graph.forward

    runs, _ = played(cls, backend, [(4, 5), (5, 4)])
    assert len(refused) > 1
    torch.testing.assert_close(*runs, rtol=1e-10, atol=1e-12)


def test_other_errors_are_not_hidden():
    def backend(graph, _):
        raise ArithmeticError

    with pytest.raises(Exception, match="ArithmeticError"):
        played(Muon, backend, [(4, 5)])


def nodes(optimizer, *targets):
    return [n for stage in optimizer._stages.values() if isinstance(stage, Stage) for n in stage.graph.nodes if n.target in targets]


def length(x, dim=None):
    return torch.linalg.vector_norm(x, dim=dim, keepdim=dim is not None)


@pytest.mark.parametrize(
    ("rule", "whole", "divisions"),
    [
        (lambda x, g, h: (x / length(x, 1) * g).sum(1, keepdim=True), {(6, 6): 2}, 0),
        (lambda x, g, h: (g * (x / (length(x) + h.lr))).sum(), {(6, 6): 2}, 0),
        (lambda x, g, h: (x / length(x, 1) * g).sum(1, keepdim=True) * (x / length(x) * g).sum(), {(6, 6): 2, (6, 1): 2}, 0),
        (lambda x, g, h: (x * g).sum(0) + (x * g).sum(), {(6, 6): 1, (6,): 1}, 0),
        (lambda x, g, h: length(x, 0) + length(x), {(6, 6): 1, (1, 6): 1}, 0),
        (lambda x, g, h: (x * g).sum(0) + (x / length(x) * g).sum(dtype=torch.float32), {(6, 6): 3}, 1),
        (lambda x, g, h: (1 / length(x, 1) * g).sum(1, keepdim=True), {(6, 6): 2}, 0),
        (lambda x, g, h: (x / length(x, 1) * g).sum(0, keepdim=True), {(6, 6): 2}, 1),
        (lambda x, g, h: (x / length(x, 1).flatten() * g).sum(1), {(6, 6): 2}, 1),
        (lambda x, g, h: torch.linalg.vector_norm(x, 1, 1, keepdim=True) + length(x), {(6, 6): 2}, 0),
        (lambda x, g, h: torch.linalg.vector_norm(x, 1) + length(x, 1), {(6, 6): 2}, 0),
    ],
    ids=[
        "by rows",
        "by all",
        "both",
        "sum of sums",
        "norm of norms",
        "other digits",
        "rows",
        "by what is summed",
        "elsewhere",
        "other powers",
        "of others",
    ],
)
def test_sums_are_taken_from_sums_where_that_is_the_same(rule, whole, divisions):
    """`whole`: the shapes that are summed, and how often; `divisions` of all entries."""
    (alone, together), optimizer = played(method(lambda theta, g, s, h: theta - rule(theta, g, h) * g), as_it_is, [(6, 6)])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-14)
    aten = torch.ops.aten
    sums = nodes(optimizer, aten.sum.default, aten.sum.dim_IntList, aten.linalg_vector_norm.default)
    shapes = [tuple(n.args[0].meta["val"].shape) for n in sums]
    assert {shape: shapes.count(shape) for shape in shapes} == whole
    assert sum(n.meta["val"].shape == (6, 6) for n in nodes(optimizer, aten.div.Tensor)) == divisions


def test_what_comes_from_sums_is_computed_before_the_loops_that_use_it():
    def rule(theta, g, s, h):
        share = torch.sqrt(g.abs().sum(1, keepdim=True)) + h.lr
        return theta - g / share * (length(theta) + 1) ** 0.25

    (alone, together), optimizer = played(method(rule), as_it_is, [(9, 8)])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-14)
    stored = nodes(optimizer, torch.ops.aten.as_strided.default)
    assert sorted(tuple(n.meta["val"].shape) for n in stored) == [(), (9, 1)]
    loops = [n for n in nodes(optimizer, torch.ops.aten.div.Tensor, torch.ops.aten.mul.Tensor) if n.meta["val"].shape == (9, 8)]
    assert {i for n in loops for i in n.all_input_nodes if i.meta["val"].numel() < 72} == set(stored)


def test_cube_roots_are_exact_to_the_digits_of_float32():
    x = torch.logspace(-37, 38, 100_001, dtype=F64).float()
    exact = x.double() ** (1 / 3)
    assert ((_graphs.cube_root(x) - exact) / exact).abs().max() < 6e-7
    special = torch.tensor([0.0, -0.0, 1.0, torch.inf, -torch.inf, torch.nan, -8.0, 1e-42])
    expected = torch.tensor([0.0, 0.0, 1.0, torch.inf, torch.nan, torch.nan, torch.nan, 1e-14])
    torch.testing.assert_close(_graphs.cube_root(special), expected, rtol=1e-6, atol=3e-14, equal_nan=True)


@pytest.mark.parametrize(
    ("dtype", "power", "count", "close"),
    [(torch.float32, 1 / 3, 0, (1e-5, 1e-6)), (torch.float32, 0.3, 1, (1e-5, 1e-6)), (F64, 1 / 3, 1, (1e-12, 1e-14))],
)
def test_powers_are_taken_by_logarithms_and_cube_roots_of_float32_without(dtype, power, count, close):
    def rule(theta, g, s, h):
        return theta - (g.to(dtype).abs() ** power).to(F64)

    (alone, together), optimizer = played(method(rule), as_it_is, [(5, 4)])
    torch.testing.assert_close(together, alone, rtol=close[0], atol=close[1])
    assert len(nodes(optimizer, torch.ops.aten.log.default)) == count
    assert 1 / 3 not in [n.args[1] for n in nodes(optimizer, torch.ops.aten.pow.Tensor_Scalar)]


CODE = """
class Runner:
    def call(self, args):
        arg0, arg1, arg2 = args
        args.clear()
        buf0 = empty_strided_cpu((arg0, 2), (2, 1), torch.float64)
        cpp_fused_sum_0(arg1, arg2, buf0)
        buf1 = empty_strided_cpu((arg0, 2), (2, 1), torch.float64)
        cpp_fused_twice_1(buf0, reinterpret_tensor(buf1, (1, 2), (2, 1), 0))
        cpp_fused_twice_1(reinterpret_tensor(buf0, (2, 2), (2, 1), 2), reinterpret_tensor(buf1, (2, 2), (2, 1), 2))
        cpp_fused_twice_1(arg1, reinterpret_tensor(arg1, (arg0, 2), (2, 1), 0))
        MORE
        return (buf1, reinterpret_tensor(buf1, (2, ), (2, ), 1), arg2)
"""


def runner(more="buf2 = buf0; del buf0  # reuse"):
    """Code as inductor writes it, with functions for kernels, and all rooms that it made."""
    rooms = []

    def empty(*layout):
        rooms.append(torch.empty_strided(layout[0], layout[1], dtype=layout[2]).fill_(torch.nan))
        return rooms[-1]

    names = {
        "torch": torch,
        "empty_strided_cpu": empty,
        "reinterpret_tensor": lambda x, *layout: torch.as_strided(x, *layout),
        "cpp_fused_sum_0": lambda x, y, out: out.copy_(x + y),
        "cpp_fused_twice_1": lambda x, out: out.copy_(2 * x[: len(out)]),
        "extern_kernels": torch,
    }
    exec(CODE.replace("MORE", more), names)
    return names["Runner"]().call, rooms


def test_calls_of_kernels_alone_do_what_the_code_around_them_does():
    run, rooms = runner()
    given = [3, *tensors(1, [(3, 2)] * 2)]
    kept = weakref.ref(given[1])
    made = kernels(run, given, given[1:])
    assert torch.equal(given[1], tensors(1, [(3, 2)])[0]), "nothing is computed beforehand"
    del given
    assert kept() is None
    found = []
    for seed in (2, 3):
        (x, y), (u, v) = tensors(seed, [(3, 2)] * 2), tensors(seed, [(3, 2)] * 2)
        call, outs = made([x, y])
        call()
        expected = run([3, u, v])
        torch.testing.assert_close([*outs, x], [*expected, u], rtol=0, atol=0)
        assert outs[2] is y
        assert outs[0].data_ptr() == outs[1].data_ptr() - 8
        found.append(outs)
    assert found[0][0].data_ptr() != found[1][0].data_ptr(), "what is given is room of its own, each time"
    assert len(rooms) == 2 + 2 + 2 * 2, "what is in between is not, but in the code"
    assert not torch.equal(found[0][0], found[1][0])


@pytest.mark.parametrize("more", ["extern_kernels.mm(buf0, buf1)", "torch.mm(buf0, buf1)", "print(buf0)"])
def test_code_that_calls_more_than_kernels_is_run_as_it_is(more):
    given = tensors(1, [(3, 2)] * 2)
    assert kernels(runner(more)[0], [3, *given], given) is None
    assert kernels(lambda inputs: inputs, [1], []) is None


def test_much_room_is_not_kept(monkeypatch):
    given = [3, *tensors(1, [(3, 2)] * 2)]
    monkeypatch.setattr(_pieces, "ROOM", 3 * 2 * 8)
    assert kernels(runner()[0], given, given[1:]) is not None
    monkeypatch.setattr(_pieces, "ROOM", 3 * 2 * 8 - 1)
    assert kernels(runner()[0], given, given[1:]) is None


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
@pytest.mark.parametrize("cls", [AdamW, Prodigy])
def test_calls_without_guards_meet_what_lies_otherwise(cls):
    """Gradients that are one tensor, or laid out otherwise, and state that was moved."""
    shapes, runs = [*[(128, 160)] * 3, (9,), (9,)], []
    for how in (False, True):
        xs = [Parameter(x.float()) for x in tensors(99, shapes)]
        optimizer = cls(xs, **({"lr": 0.1} if cls is AdamW else {"d0": 0.1}), compile=how)
        for seed in range(9):
            gs = [g.float() for g in tensors(seed, shapes)]
            gs[1] = gs[0] if seed == 4 else gs[1].T.contiguous().T if seed == 5 else gs[1]
            for x, g in zip(xs, gs, strict=True):
                x.grad = g
            if seed == 7:  # the plan is that of the step before
                for x in (xs[2], xs[3]):
                    optimizer.state[x]["m"].data = optimizer.state[x]["m"].clone()
            if seed == 8:
                xs[0].data = xs[0].detach().clone()
            optimizer.step()
            if how and seed in (3, 7):
                assert any(stage.plain and stage.main.kernels for stage in optimizer._stages.values())
        runs.append([*(x.detach() for x in xs), *(optimizer.state[x]["m"] for x in xs)])
    torch.testing.assert_close(*runs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("rule", "little"),
    [
        (lambda x, g: x - (torch.minimum(x, g) + g**2).amax(-1, keepdim=True), True),
        (lambda x, g: x - (x * g).T.sum(0) * g, True),
        (lambda x, g: x - (x / (g.abs() + 1)).sum() * g, False),
        (lambda x, g: x - torch.sqrt(g**2 + 1).amax(-2) * g, False),
        (lambda x, g: x - (g**2 + 1) ** 0.5 * ((g**2 + 1) ** 0.5).sum(-1), False),
        (lambda x, g: x - torch.tanh(x) * g, False),
    ],
    ids=["largest", "sum", "of quotients", "of roots", "of half powers", "none"],
)
def test_what_is_summed_is_not_stored_where_it_takes_little(monkeypatch, rule, little):
    seen, made = [], _pieces.Compiled
    monkeypatch.setattr(_pieces, "Compiled", lambda *args: seen.append(args[-1]) or made(*args))
    monkeypatch.setattr(_pieces.Piece, "shared", {})
    (alone, together), _ = played(method(lambda theta, g, s, h: rule(theta, g)), as_it_is, [(6, 6)])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=1e-14)
    assert [_pieces.AGAIN.items() <= options.items() for options in seen] == [little]
