"""What a rule does to one piece, done again to others: rewritten, the result is the same; what cannot be done again, is not."""

import copy
import pickle

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn import Parameter

from reference_impls import SGD, Adam, AdamW, HeavyBall, Lion, _eager
from reference_impls._base import Buffer, NonNegative, ReferenceOptimizer
from reference_impls._recorded import Program

F64 = torch.float64


@pytest.fixture
def programs(monkeypatch):
    """Every program that runs, from two pieces on."""
    seen, run = [], Program.run
    monkeypatch.setattr(Program, "run", lambda self, pieces: seen.append(self) or run(self, pieces))
    monkeypatch.setattr(_eager, "MANY", {"small": 2, "large": 2})
    return seen


def rows(seed, count=3, shape=(4, 3)):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=F64) for _ in range(count)]


def method(rule, buffers=("a", "b")):
    class Toy(ReferenceOptimizer):
        def __init__(self, params, c: NonNegative = 0.5, *, compile: bool = False):
            super().__init__(params, compile, c=c)

        def update(self, theta, g, s, h):
            return rule(theta, g, s, h)

    Toy.buffers = buffers
    return Toy


def played(make, steps=4, **hyper):
    """The ends of two runs: three tensors in one optimizer, and each in its own."""
    ends = []
    for groups in ([[0, 1, 2]], [[0], [1], [2]]):
        xs = [Parameter(x) for x in rows(9)]
        optimizers = [make([xs[i] for i in group], **hyper) for group in groups]
        for seed in range(steps):
            for x, g in zip(xs, rows(seed), strict=True):
                x.grad = g
            for optimizer in optimizers:
                optimizer.step()
        ends.append(
            [[x.detach() for x in xs], [optimizer.state[x] for optimizer in optimizers for x in optimizer.param_groups[0]["params"]]]
        )
    return ends


def swap(theta, g, s, h):
    s.a, s.b = s.b + g, s.a
    s.a, s.b = s.b, s.a
    return theta - h.c * s.a + s.b


def handed_on(theta, g, s, h):
    s.a, s.b = s.b, s.a
    s.b = s.b + g
    return theta + s.a


def twice(theta, g, s, h):
    s.a = s.b = g * g
    return theta - s.a


def old_theta(theta, g, s, h):
    s.a, s.b = theta, s.a
    return theta - h.c * (g + s.b)


def as_it_is(theta, g, s, h):
    s.a, s.b = g, s.b * 1.0 + 0.0
    return s.a


def products(theta, g, s, h):
    s.a = 0.9 * s.a + (h.c * g) * (-g) / 2 - 3 * (s.b / 4)
    s.b = -(s.b - g) / (2 + s.a**2)
    return 0.5 * theta - 2 * (g * s.a) / (1 + abs(s.b)) + (1 - theta)


def functions(theta, g, s, h):
    s.a = torch.where(g > 0, torch.maximum(s.a, g), torch.sign(s.b)) * (g * s.a < 1).to(g.dtype)
    s.b = torch.lerp(s.b, g.clamp(-1, 1), 0.3) + torch.sqrt(g.abs()) + theta.new_ones(()) * torch.tensor(2.0)
    return theta - torch.clone(s.b) * torch.copysign(s.a, g).square() / s.t


def many_reads(theta, g, s, h):
    m = 0.5 * g
    s.a = m + s.a
    s.b = m - s.b * m
    return theta - m + torch.cos(m) - m * s.a


def by_nothing(theta, g, s, h):
    s.a = 0.0 * s.a + g + 0 * theta
    s.b = g - 0.0 * s.b
    return theta - 0.0 * s.a


RULES = [swap, handed_on, twice, old_theta, as_it_is, products, functions, many_reads, by_nothing]


@pytest.mark.parametrize("rule", RULES)
def test_what_is_done_again_is_the_same(rule, programs):
    together, alone = played(method(rule))
    assert programs
    torch.testing.assert_close(together, alone, rtol=1e-13, atol=1e-14)
    places = [x.data_ptr() for state in together[1] for x in state.values()] + [x.data_ptr() for x in together[0]]
    assert len(set(places)) == len(places)


NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 2, 0.5, -3e-3]).map(lambda x: lambda seen: x)
LEAVES = st.sampled_from(["theta", "g", "a", "b", "new a"]).map(lambda name: lambda seen: seen[name]) | NUMBERS
ONE = [lambda x: -x, abs, lambda x: x**2, lambda x: (x * x + 1) ** 0.5, lambda x: x / 2, lambda x: 1 - x]
TWO = [
    lambda x, y: x + y,
    lambda x, y: x - y,
    lambda x, y: x * y,
    lambda x, y: x / (1 + y * y),
    lambda x, y: torch.maximum(torch.as_tensor(x, dtype=F64), torch.as_tensor(y, dtype=F64)),
]
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(st.sampled_from(ONE), inner).map(lambda pair: lambda seen: pair[0](pair[1](seen)))
        | st.tuples(st.sampled_from(TWO), inner, inner).map(lambda each: lambda seen: each[0](each[1](seen), each[2](seen)))
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS, st.permutations(["a", "b"]))
def test_any_sums_and_products_are_the_same(programs, one, two, three, order):
    def rule(theta, g, s, h):
        seen = {"theta": theta, "g": g, "a": s.a, "b": s.b, "new a": s.a}
        seen["new a"] = one(seen) + 0 * g
        last = two(seen) + 0 * g
        s.a, s.b = (seen["new a"], last) if order[0] == "a" else (last, seen["new a"])
        return three(seen) + 0 * theta

    together, alone = played(method(rule), steps=2)
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-6)


def branching(theta, g, s, h):
    s.a = g if g[0, 0] > 0 else s.a
    return theta - s.a


def reading(theta, g, s, h):
    return theta - g * g.max().item()


def listing(theta, g, s, h):
    s.a = torch.stack([g, theta]).sum(0)
    return theta - s.a


def in_pairs(theta, g, s, h):
    s.a, _ = torch.sort(g, -1)
    return theta - s.a


def in_another_view(theta, g, s, h):
    s.a = g.view(-1).view(4, 3)
    return theta - s.a


def constant(theta, g, s, h):
    s.a = torch.ones(4, 3, dtype=F64)
    return theta - s.a


def in_place(theta, g, s, h):
    s.a = torch.add(g, 1).mul_(2)
    return theta - s.a


@pytest.mark.parametrize("rule", [branching, reading, listing, in_pairs, in_another_view, constant, in_place])
def test_what_cannot_be_done_again_is_done_by_the_rule(rule, programs):
    together, alone = played(method(rule))
    assert not programs
    torch.testing.assert_close(together, alone, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("cls", "hyper", "wanted"),
    [
        (SGD, {"lr": 0.1}, "add_"),
        (SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}, "add add add_"),
        (Adam, {}, "mul_ add_ mul_ addcmul_ mul sqrt_ add_ addcdiv_"),
        (HeavyBall, {"lr": 0.1, "momentum": 0.9}, "add copied add_ add_"),
    ],
)
def test_it_is_as_one_writes_it_by_hand(cls, hyper, wanted, programs):
    played(cls, **hyper)
    names = [function.func.__name__ for function, *_ in programs[-1].steps]
    assert sorted(names) == sorted(wanted.split())
    assert programs[-1].stores == []
    assert sum(x is not None and x.dim() > 0 for x in programs[-1].memory) <= 1


def test_a_multiple_by_0_adds_nothing_and_other_numbers_that_float32_cannot_hold_are_left_to_torch(programs):
    for factor, wanted in ((0.0, 1.0), (1e300, float("-inf")), (1e-300, 1.0)):
        xs = [Parameter(torch.ones(5)) for _ in range(2)]
        optimizer = method(lambda theta, g, s, h: theta - h.c * g, ())(xs, c=factor)
        for x in xs:
            x.grad = torch.ones(5)
        optimizer.step()
        assert all(torch.equal(x.detach(), torch.full((5,), wanted)) for x in xs)
    assert len(programs) == 3


def test_a_rule_that_looks_at_no_number_runs_once_for_equal_settings(programs, monkeypatch):
    calls = []
    update = Lion.update
    monkeypatch.setattr(Lion, "update", lambda self, *rest: calls.append(1) or update(self, *rest))
    xs = [Parameter(x) for x in rows(9)]
    optimizer = Lion(xs)

    def steps(count, method=optimizer):
        calls.clear()
        for seed in range(count):
            for group in method.param_groups:
                for x, g in zip(group["params"], rows(seed), strict=True):
                    x.grad = g
            method.step()
        return len(calls)

    assert steps(3) == 1
    optimizer.param_groups[0]["lr"] = 0.5
    assert steps(3) == 1
    optimizer.param_groups[0]["lr"] = torch.tensor(0.5)  # may change within
    assert steps(3) == 3
    optimizer.param_groups[0]["lr"] = 0.25
    steps(1)
    for other in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert steps(2, other) == 1
    assert len(optimizer._programs) == 1


def test_tensors_that_share_memory_or_have_another_class_are_stepped_by_themselves(programs):
    class Marked(torch.Tensor):
        pass

    for kind in ("its own gradient", "a class"):
        ends = []
        for alone in (False, True):
            xs = [Parameter(x) for x in rows(9)]
            if kind == "a class":
                xs = [x.detach().as_subclass(Marked).requires_grad_() for x in xs]
            optimizers = [AdamW([x]) for x in xs] if alone else [AdamW(xs)]
            for _ in range(2):
                for x, g in zip(xs, rows(1), strict=True):
                    x.grad = x.data if kind == "its own gradient" else g
                for optimizer in optimizers:
                    optimizer.step()
            ends.append([x.detach() for x in xs])
        torch.testing.assert_close(*ends, rtol=0, atol=0)
    assert not programs


def test_state_of_another_shape_is_an_error_and_not_resized(programs):
    xs = [Parameter(x) for x in rows(9)]
    optimizer = AdamW(xs)
    for x, g in zip(xs, rows(1), strict=True):
        x.grad = g
    optimizer.step()
    optimizer.state[xs[1]]["m"] = torch.zeros(1, 3, dtype=F64)
    with pytest.raises(RuntimeError, match="slot m"):
        optimizer.step()


def test_a_slot_that_is_not_always_kept_comes_with_its_factor(monkeypatch):
    """SGD keeps its velocity from the first step with a momentum on, eager and compiled, and then does what torch's does."""
    monkeypatch.setattr(SGD, "backend", "eager")
    ends = []
    for cls, more in ((SGD, {"compile": False}), (SGD, {"compile": True}), (torch.optim.SGD, {})):
        xs = [Parameter(x) for x in rows(9, 10)]
        optimizer, slots = cls(xs, lr=0.1, momentum=0, **more), []
        for seed, momentum in enumerate((0, 0.0, 0.9, 0.9, 0.5, 0.0)):
            optimizer.param_groups[0]["momentum"] = momentum
            for x, g in zip(xs, rows(seed, 10), strict=True):
                x.grad = g
            optimizer.step()
            slots.append({"b" in optimizer.state[x] for x in xs})
            if seed in (1, 3):
                fresh = cls(xs, lr=0.1, **more)
                fresh.load_state_dict(copy.deepcopy(optimizer.state_dict()))
                optimizer = fresh
        ends.append([x.detach() for x in xs])
        assert cls is torch.optim.SGD or slots == [{False}] * 2 + [{True}] * 4
    torch.testing.assert_close(ends[0], ends[1], rtol=1e-13, atol=1e-14)
    torch.testing.assert_close(ends[0], ends[2], rtol=1e-13, atol=1e-14)


def test_a_slot_that_is_always_kept_may_not_be_missing():
    always = type("Always", (SGD,), {"buffers": ("b",)})([Parameter(torch.ones(2))], lr=0.1)
    saved = {"state": {0: {"t": torch.tensor(1.0)}}, "param_groups": [{**always.state_dict()["param_groups"][0], "params": [0]}]}
    with pytest.raises(ValueError, match="does not keep the state"):
        always.load_state_dict(saved)
    SGD([Parameter(torch.ones(2))], lr=0.1).load_state_dict(saved)


def test_an_optional_slot_is_the_same_under_the_pure_rule():
    rule = SGD.functional(lr=0.1)
    theta, g = torch.ones(3), torch.ones(3)
    state = rule.init(theta, rule.hyper())
    assert state.keys() == {"t"}
    theta, state = rule.apply(theta, g, state, rule.hyper(momentum=0.9))
    assert state.keys() == {"t", "b"}
    rates = torch.tensor([0.0, 0.5])
    swept = torch.func.vmap(lambda m: rule.init(torch.ones(3), rule.hyper(momentum=m))["b"])(rates)
    assert swept.shape == (2, 3)
    assert Buffer("b", scaled_by="momentum").kept(rule.hyper(momentum=0.5))
