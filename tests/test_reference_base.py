"""What the base of the reference implementations promises, shown on small methods and toy rules."""

import copy
import inspect
import io
import operator
import pickle
import pydoc
import re
import subprocess
import sys
import weakref
from functools import partial
from typing import Annotated, Literal

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch._inductor.utils import run_and_get_code
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import Parameter
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

import reference_impls
from reference_impls import (
    LARS,
    LOMO,
    SAM,
    SGD,
    SOAP,
    SWATS,
    Adafactor,
    AdaHessian,
    Adam,
    AdamW,
    DAdaptSGD,
    HeavyBall,
    Lion,
    Lookahead,
    Nadam,
    NovoGrad,
    Prodigy,
    RAdam,
    Ranger,
    Rprop,
    SGDScheduleFree,
    _compiled,
    _eager,
    _graphs,
)
from reference_impls._base import Buffer, Count, Decays, NonNegative, Range, ReferenceOptimizer
from reference_impls._compiled import Plan, Stage
from reference_impls._hyper import refusal
from reference_impls._matrices import inverse_root, newton_schulz
from reference_impls._pieces import Chain
from reference_impls._recorded import Program
from reference_impls._requests import Draw, FullGradient, FunctionObjective, Gradient, Hvp, Inner, Total, Value, Whether, draw
from reference_impls.wrappers._base import Wrapper

F64 = torch.float64
SHAPES = ((), (7,), (4, 5), (3, 2, 3, 3))
EVERY = [reference_impls.load(i) for i in reference_impls.ids()]
# those that look at nothing but a tensor's gradient; the others are played by test_reference.py, on a loss or around another method
LOCAL = [cls for cls in EVERY if not inspect.isgeneratorfunction(cls.update)]
ALL = [cls for cls in LOCAL if cls.elementwise]


def required(cls):
    """Values for the hyperparameters that have no default."""
    missing = {name: p.annotation for name, p in cls.hyperparameters().items() if p.default is inspect.Parameter.empty}
    return {name: 2 if refusal(hint, 0.01) else 0.01 for name, hint in missing.items()}


def tensors(seed, dtype=F64, shapes=SHAPES):
    rng = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=rng, dtype=F64).to(dtype) for shape in shapes]


def steps(optimizer, seeds, dtype=F64):
    """Step with the gradients of these seeds; return the parameters."""
    params = [p for group in optimizer.param_groups for p in group["params"]]
    for seed in seeds:
        for p, g in zip(params, tensors(seed, dtype), strict=True):
            p.grad = g
        optimizer.step()
    return [p.detach().clone() for p in params]


def fresh(cls, dtype=F64, **hyper):
    return cls([Parameter(x) for x in tensors(99, dtype)], **{**required(cls), **hyper})


def same(xs, ys):
    return all(torch.equal(x, y) for x, y in zip(xs, ys, strict=True))


class Toy(ReferenceOptimizer):
    """A base for toy rules with one hyperparameter."""

    def __init__(self, params, lr: NonNegative = 0.1, *, compile: bool = False):
        super().__init__(params, compile, lr=lr)


# --- the package


def test_import_reads_no_method_and_no_torch():
    code = (
        "import sys, reference_impls as r; r.ids(); r.__all__\n"
        "print([m for m in sys.modules if m == 'torch' or m.startswith('reference_impls.')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_methods_are_found_by_name_and_by_id():
    assert len(EVERY) >= len(ALL) >= 12
    assert reference_impls.load("lion") is Lion
    assert {cls.__name__ for cls in EVERY} | {"ids", "load", "stub"} == set(reference_impls.__all__) == set(dir(reference_impls))
    with pytest.raises(LookupError, match="did you mean adamw"):
        reference_impls.load("adamww")
    with pytest.raises(AttributeError, match="Lien"):
        _ = reference_impls.Lien


@pytest.mark.parametrize("cls", EVERY)
def test_help_shows_paper_ranges_and_equations(cls):
    text = pydoc.render_doc(cls, renderer=pydoc.plaintext)
    lines = [line.strip(" |") for line in text.splitlines()]
    assert sys.modules[cls.__module__].__doc__.splitlines()[0] in lines
    for name, p in cls.hyperparameters().items():
        assert isinstance(p.annotation, type) or refusal(p.annotation, object())
        (line,) = (x for x in lines if x.startswith(f"{name}: "))
        ranges = [rule.text for rule in getattr(p.annotation, "__metadata__", ())]
        assert all(r in line for r in ranges)
    marks = re.findall(r"# (\[\w+\.\w+\] .*)", inspect.getsource(cls.update))
    assert marks
    assert all(any(mark in line for line in lines) for mark in marks)


def test_the_stub_names_every_class_for_editors(tmp_path):
    """It runs, and gives the same objects that the package gives."""
    names = {}
    exec(reference_impls.stub(), names)
    assert {cls.__name__: cls for cls in EVERY} == {k: v for k, v in names.items() if isinstance(v, type)}
    assert {k for k in names if not k.startswith("_")} == set(reference_impls.__all__)


# --- hyperparameters


@pytest.mark.parametrize(
    ("hint", "good", "bad"),
    [
        (
            NonNegative,
            [0, 0.0, 1e300, torch.tensor(0.1)],
            [-1, float("nan"), float("inf"), True, "1", None, torch.zeros(2), torch.tensor(-1.0)],
        ),
        (Decays, [(0.0, 0.5), [0.9, 0.999]], [(0.9, 1.0), (0.9,), 0.9, (0.1, 0.2, 0.3), ("a", "b")]),
        (Annotated[float, Range("(-inf, 0)")], [-0.5], [0.0, 1.0]),
        (Annotated[tuple[float, ...], Range("[0, 1]")], [(), (0.1, 1.0)], [(1.5,), 0.5]),
        (Count, [1, 7], [0, 1.0, True]),
        (bool, [True, False], [0, None, "yes"]),
        (Literal["a", "b"], ["a"], ["c"]),
        (NonNegative | None, [None, 0.1], [-0.1, "x"]),
    ],
)
def test_annotations_say_what_is_allowed(hint, good, bad):
    assert [refusal(hint, value) for value in good] == [None] * len(good)
    assert all(isinstance(refusal(hint, value), str) for value in bad)


def test_every_group_is_checked_and_a_refused_one_is_not_added():
    p, q = Parameter(torch.zeros(2)), Parameter(torch.zeros(3))
    with pytest.raises(ValueError, match=r"Adam: lr must lie in \[0, inf\), found -1\.0"):
        Adam([{"params": [p]}, {"params": [q], "lr": -1.0}])
    with pytest.raises(TypeError, match="Adam has no hyperparameter betaz; it has lr, betas, eps"):
        Adam([{"params": [p], "betaz": 3}])
    with pytest.raises(TypeError, match="wieght_decay"):
        Lion([p], wieght_decay=0.5)
    optimizer = Adam([p])
    for bad in ({"eps": -1.0}, {"eps": "small"}, {"nesterov": True}):
        with pytest.raises((TypeError, ValueError)):
            optimizer.add_param_group({"params": [q], **bad})
    assert len(optimizer.param_groups) == 1
    optimizer.add_param_group({"params": [q], "lr": 0.5, "initial_lr": 0.5})
    q.grad = torch.ones(3)
    optimizer.step()
    assert torch.allclose(q, torch.full((3,), -0.5))


@given(st.permutations(range(len(SHAPES))), st.integers(0, len(SHAPES)))
@settings(max_examples=25, deadline=None)
def test_order_and_split_of_groups_do_not_matter(order, cut):
    together = fresh(AdamW)
    params = [Parameter(x) for x in tensors(99)]
    groups = [{"params": [params[i] for i in part]} for part in (order[:cut], order[cut:]) if part]
    apart = AdamW(groups)
    for seed in range(3):
        for p, q, g in zip(together.param_groups[0]["params"], params, tensors(seed), strict=True):
            p.grad, q.grad = g, g.clone()
        together.step()
        apart.step()
    assert same(together.param_groups[0]["params"], params)


def test_schedulers_set_the_learning_rate():
    scheduled, by_hand = fresh(AdamW, lr=0.1), fresh(AdamW, lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(scheduled, 1, gamma=0.5)
    for seed in range(4):
        steps(scheduled, [seed])
        scheduler.step()
        by_hand.param_groups[0]["lr"] = 0.1 * 0.5**seed
        steps(by_hand, [seed])
    assert same(scheduled.param_groups[0]["params"], by_hand.param_groups[0]["params"])
    one_cycle = torch.optim.lr_scheduler.OneCycleLR(scheduled, 1.0, total_steps=10)
    steps(scheduled, [0])
    one_cycle.step()


# --- gradients and parameters


@pytest.mark.parametrize("cls", ALL)
def test_gradients_are_read_and_never_written(cls):
    optimizer = fresh(cls)
    params, grads = optimizer.param_groups[0]["params"], tensors(0)
    for p, g in zip(params, grads, strict=True):
        p.grad = g
    versions = [g._version for g in grads]
    optimizer.step()
    assert all(p.grad is g for p, g in zip(params, grads, strict=True))
    assert [g._version for g in grads] == versions
    assert same(grads, tensors(0))


@pytest.mark.parametrize("cls", ALL)
def test_state_owns_its_memory(cls):
    """A gradient that is zeroed in place, as zero_grad(set_to_none=False) does, changes nothing that is remembered."""
    one, two = fresh(cls), fresh(cls)
    for seed in range(4):
        a, b = steps(one, [seed]), steps(two, [seed])
        two.zero_grad(set_to_none=False)
        assert same(a, b)


def test_a_slot_that_is_theta_or_the_gradient_itself_is_copied():
    class Keeper(Toy):
        buffers = ("g", "before", "first")

        def start(self, theta, s, h):
            s.first = theta

        def update(self, theta, g, s, h):
            s.g, s.before = g, theta
            return theta - h.lr * g

    p = Parameter(torch.ones(3))
    optimizer = Keeper([p])
    p.grad = torch.full((3,), 2.0)
    optimizer.step()
    p.grad.zero_()
    assert [optimizer.state[p][k][0].item() for k in ("g", "before", "first")] == [2.0, 1.0, 1.0]
    p.grad = torch.ones(3)
    optimizer.step()
    assert optimizer.state[p]["first"][0] == 1.0
    assert torch.allclose(optimizer.state[p]["before"], torch.tensor(0.8))


@pytest.mark.parametrize("cls", ALL)
def test_without_a_gradient_nothing_moves(cls):
    moved, left, empty, point = (Parameter(torch.ones(s)) for s in ((3,), (2, 2), (0, 4), ()))
    optimizer = cls([moved, left, empty, point], **required(cls))
    moved.grad, empty.grad, point.grad = torch.ones(3), torch.zeros(0, 4), torch.tensor(2.0)
    optimizer.step()
    optimizer.step()  # some methods only look at the first gradient
    assert same([left], [torch.ones(2, 2)])
    assert left not in optimizer.state
    assert empty not in optimizer.state
    assert point.item() != 1.0
    assert point.dtype == torch.float32
    before = {k: v.clone() for k, v in optimizer.state[moved].items()}
    moved.grad = None
    optimizer.step()
    assert all(torch.equal(before[k], v) for k, v in optimizer.state[moved].items())


@pytest.mark.parametrize("cls", ALL)
def test_sparse_gradients_are_refused(cls):
    p, q = Parameter(torch.ones(3, 2)), Parameter(torch.ones(2))
    optimizer = cls([q, p], **required(cls))
    q.grad, p.grad = torch.ones(2), torch.ones(3, 2).to_sparse()
    with pytest.raises(TypeError, match="sparse"):
        optimizer.step()
    assert same([q], [torch.ones(2)]), "nothing moves when one gradient is refused"


@pytest.mark.parametrize("cls", ALL)
def test_complex_parameters_are_pairs_of_reals_or_refused(cls):
    z = Parameter(torch.complex(*tensors(1, shapes=((3,), (3,)))))
    optimizer = cls([z], **required(cls))
    if not cls.elementwise:
        z.grad = torch.ones_like(z)
        with pytest.raises(TypeError, match="complex"):
            optimizer.step()
        return
    pair = Parameter(torch.view_as_real(z.detach()).clone())
    twin = cls([pair], **required(cls))
    for seed in range(3):
        pair.grad = tensors(seed, shapes=((3, 2),))[0]
        z.grad = torch.view_as_complex(pair.grad)
        optimizer.step()
        twin.step()
    assert torch.equal(torch.view_as_real(z.detach()), pair)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_computes_in_float32_and_counts_on(dtype):
    half = fresh(Adam, dtype)
    steps(half, range(300), dtype)
    for p in half.param_groups[0]["params"]:
        state = half.state[p]
        assert p.dtype == dtype
        assert state["t"] == 300
        assert state["m"].dtype == state["v"].dtype == torch.float32
    rule = Adam.functional()
    p = half.param_groups[0]["params"][2]
    theta, state = p.detach().float(), half.state[p]
    wanted, _ = rule.apply(theta, tensors(300, dtype)[2].float(), state, rule.hyper())
    steps(half, [300], dtype)
    assert torch.equal(p.detach(), wanted.to(dtype))


# --- state


@pytest.mark.parametrize("dtype", [F64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("cls", ALL)
def test_resume_bit_for_bit_into_other_hyperparameters(cls, dtype):
    optimizer = fresh(cls, dtype)
    steps(optimizer, range(3), dtype)
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    other = {} if "lr" not in cls.hyperparameters() else {"lr": 0.7}
    resumed = cls([Parameter(p.detach().clone()) for p in optimizer.param_groups[0]["params"]], **{**required(cls), **other})
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for p, q in zip(optimizer.param_groups[0]["params"], resumed.param_groups[0]["params"], strict=True):
        assert {k: v.dtype for k, v in optimizer.state[p].items()} == {k: v.dtype for k, v in resumed.state[q].items()}
        assert all(optimizer.state[p][k].data_ptr() != v.data_ptr() for k, v in resumed.state[q].items())
    assert same(steps(optimizer, range(3, 6), dtype), steps(resumed, range(3, 6), dtype))


def test_the_state_of_another_method_is_refused_and_hooks_run():
    adam, lion, sgd = fresh(Adam), fresh(Lion), fresh(SGD)
    steps(adam, [0])
    steps(sgd, [0])
    with pytest.raises(ValueError, match="SGD: momentum is missing"):
        sgd.load_state_dict(adam.state_dict())
    wrong = {**adam.state_dict(), "param_groups": lion.state_dict()["param_groups"]}
    with pytest.raises(ValueError, match="does not keep the state m, v, t"):
        lion.load_state_dict(wrong)
    assert not lion.state
    seen = []
    target = fresh(Adam)
    target.register_load_state_dict_pre_hook(lambda _, d: {**d, "note": 1})
    target.register_load_state_dict_post_hook(lambda o: seen.append(o.state[o.param_groups[0]["params"][0]]["t"].item()))
    target.load_state_dict(adam.state_dict())
    assert seen == [1.0]
    assert len(target._optimizer_load_state_dict_pre_hooks) == 1


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies_go_on_by_themselves(clone):
    optimizer = fresh(AdamW)
    steps(optimizer, range(2))
    twin = clone(optimizer)
    assert same(steps(optimizer, range(2, 4)), steps(twin, range(2, 4)))
    twin.add_param_group({"params": [Parameter(torch.zeros(2))]})


def test_step_hooks_run():
    optimizer, calls = fresh(Lion), []
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    steps(optimizer, [0])
    assert calls == ["before", "after"]


def test_hooks_of_all_optimizers_run_and_the_profiler_sees_a_step():
    optimizer, calls = fresh(Lion), []
    registered = [
        register_optimizer_step_pre_hook(lambda *_: calls.append("before")),
        register_optimizer_step_post_hook(lambda *_: calls.append("after")),
    ]
    for hook in registered:
        steps(optimizer, [0])
        hook.remove()
    steps(optimizer, [0])
    assert calls == ["before", "after", "after"]
    with torch.profiler.profile() as profile:
        steps(optimizer, [0])
    assert "Optimizer.step#Lion.step" in {event.key for event in profile.key_averages()}


@pytest.mark.parametrize("backward", [True, False])
def test_a_closure_calls_backward_or_returns_the_loss(backward):
    p, q = Parameter(torch.ones(3)), Parameter(torch.ones(3))
    optimizer, plain = AdamW([p]), AdamW([q])

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        if backward:
            loss.backward()
        return loss

    for _ in range(3):
        assert torch.equal(optimizer.step(closure), (q**2).sum())
        q.grad = 2 * q.detach()
        plain.step()
    assert torch.equal(p, q)
    assert optimizer.evaluations == {"gradient": 3}


def test_a_closure_that_only_returns_the_loss_is_not_taken_for_an_old_gradient():
    p, q = Parameter(torch.ones(3)), Parameter(torch.full((2,), 5.0))
    optimizer = SGD([p, q], lr=0.1)
    old = [torch.full((3,), 100.0), torch.full((2,), 100.0)]
    p.grad, q.grad = old
    optimizer.step(lambda: (p**2).sum())
    assert torch.allclose(p, torch.full((3,), 0.8))
    assert torch.equal(q, torch.full((2,), 5.0)), "the loss does not depend on it"
    assert all(x.grad is g for x, g in zip((p, q), old, strict=True)), "what was there before is there again"

    def failing():
        raise RuntimeError("no loss")

    with pytest.raises(RuntimeError, match="no loss"):
        optimizer.step(failing)
    assert p.grad is old[0]

    def backward():
        loss = (p**2).sum()
        loss.backward()
        return loss

    optimizer.step(backward)
    assert torch.allclose(p, torch.full((3,), 0.64)), "its own gradient, without the old one"
    assert torch.allclose(p.grad, torch.full((3,), 1.6))


def test_mistakes_in_a_rule_are_named():
    class Lost(Toy):
        buffers = ("m",)

        def update(self, theta, g, s, h):
            s.mm = g
            return theta

    class Grown(Toy):
        buffers = ("m",)

        def update(self, theta, g, s, h):
            s.m = g.sum()
            return theta

    class Short(Toy):
        def update(self, theta, g, s, h):
            return theta.sum()

    for cls, error, text in (
        (Lost, AttributeError, "'mm' is not declared"),
        (Grown, RuntimeError, "slot m went from"),
        (Short, RuntimeError, "returned"),
    ):
        p = Parameter(torch.ones(3))
        p.grad = torch.ones(3)
        with pytest.raises(error, match=text):
            cls([p]).step()


def test_slots_have_the_shapes_that_they_name():
    class Shapes(Toy):
        buffers = (
            "m",
            Buffer("k", "scalar"),
            Buffer("r", ("rows", 1)),
            Buffer("a", ("rows", "rows"), "matrices"),
            Buffer("f", ("size", "rank")),
        )

        def __init__(self, params, rank: Count = 2):
            super(Toy, self).__init__(params, rank=rank)

    rule = Shapes.functional(rank=3)
    sizes = {k: tuple(v.shape) for k, v in rule.init(torch.zeros(6, 4, 5), rule.hyper()).items()}
    assert sizes == {"m": (6, 4, 5), "k": (), "r": (6, 4, 1), "a": (6, 4, 4), "f": (120, 3), "t": ()}
    assert "a" not in rule.init(torch.zeros(5), rule.hyper())


# --- the rule as a pure function


@pytest.mark.parametrize("cls", ALL)
def test_the_pure_rule_takes_the_optimizers_steps_and_changes_no_argument(cls):
    optimizer, rule = fresh(cls), cls.functional(**required(cls))
    wanted, h = steps(optimizer, range(4)), rule.hyper()
    for i, theta in enumerate(tensors(99)):
        state = rule.init(theta, h)
        for seed in range(4):
            g = tensors(seed)[i]
            before = [x.clone() for x in (theta, g, *state.values())]
            new, after = rule.apply(theta, g, state, h)
            assert same(before, [theta, g, *state.values()])
            theta, state = new, after
        assert torch.equal(theta, wanted[i])


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("shape", [(), (4, 5)])
def test_vmap_over_learning_rates_and_starts_equals_single_runs(cls, shape):
    rule = cls.functional(**required(cls))
    name = next(iter(cls.hyperparameters()))
    values = torch.tensor([0.01, 0.1, 0.9], dtype=F64)
    starts = torch.stack([tensors(i, shapes=(shape,))[0] for i in range(3)])
    gs = torch.stack([tensors(i, shapes=(shape,))[0] for i in range(4)])

    def run(value, theta, dtype=F64):
        h = rule.hyper(**{name: value})
        theta = theta.to(dtype)
        state = rule.init(theta, h)
        for g in gs.to(dtype):
            theta, state = rule.apply(theta, g, state, h)
        return theta

    batched = torch.func.vmap(run)(values, starts)
    singles = torch.stack([run(value.item(), start) for value, start in zip(values, starts, strict=True)])
    torch.testing.assert_close(batched, singles, rtol=1e-12, atol=1e-13)
    assert torch.func.vmap(lambda value, theta: run(value, theta, torch.float32))(values, starts).dtype == torch.float32


def follow(cls, monkeypatch, shapes, seeds, dtype=F64, skip=None, **hyper):
    """The same steps eager and compiled: both sets of parameters, the compiled optimizer, and the graphs that a backend was given."""
    graphs = []

    def backend(graph, _):
        graphs.append(graph)
        return graph.forward

    monkeypatch.setattr(cls, "backend", staticmethod(backend))
    params, twins = ([Parameter(x) for x in tensors(99, dtype, shapes)] for _ in range(2))
    eager, compiled = (cls(xs, **{**required(cls), **hyper}, compile=how) for xs, how in ((params, False), (twins, True)))
    for seed in seeds:
        for optimizer, xs in ((eager, params), (compiled, twins)):
            if "lr" in optimizer.defaults:
                optimizer.param_groups[0]["lr"] = 0.1 / (seed + 1)
            for i, (x, g) in enumerate(zip(xs, tensors(seed, dtype, shapes), strict=True)):
                x.grad = None if (seed, i) == skip else g
            optimizer.step()
    return params, twins, compiled, graphs


@pytest.mark.parametrize("cls", LOCAL)
def test_compiles_as_one_graph_once_for_all_steps(cls, monkeypatch):
    """The whole rule is one graph in the first four steps, and no scheduler makes another one; the next test shows later steps.

    It is cut into some where there is work on whole matrices.
    """
    earlier = follow(cls, monkeypatch, [(4, 5)], range(2))[-1]
    params, twins, compiled, graphs = follow(cls, monkeypatch, [(4, 5)], range(4))
    torch.testing.assert_close(params, twins, rtol=1e-12, atol=1e-14)
    assert len(graphs) == len(earlier) > 0
    nodes = [n for stage in compiled._stages.values() if isinstance(stage, Stage) for n in stage.graph.nodes]
    assert len(graphs) == 1 or any(map(_graphs.whole, nodes))
    assert copy.deepcopy(compiled)._compile


@pytest.mark.parametrize(("cls", "cases"), [(RAdam, 2), (Ranger, 3)])
def test_what_is_due_at_some_steps_makes_a_graph_of_its_own(cls, cases, monkeypatch):
    """Before and after the second moment counts; and where the slow weights take part."""
    params, twins, _, graphs = follow(cls, monkeypatch, [(4, 5)], range(14))
    torch.testing.assert_close(params, twins, rtol=1e-12, atol=1e-14)
    assert len(graphs) == cases


@pytest.mark.parametrize("cls", LOCAL)
def test_what_is_compiled_computes_no_element_in_double_precision(cls, monkeypatch):
    """Single numbers are float64, and must not widen what has axes: it would take twice as long."""
    for graph in follow(cls, monkeypatch, [(128, 144), *[(4, 5)] * 9], range(1), torch.float32)[3]:
        seen = [n.meta["example_value"] for n in graph.graph.nodes if isinstance(n.meta.get("example_value"), torch.Tensor)]
        assert seen
        assert all(x.numel() < 20 for x in seen if x.dtype == F64)


@pytest.mark.parametrize("cls", [AdamW, Adafactor, Prodigy, SOAP])
def test_equal_shapes_are_compiled_together(cls, monkeypatch):
    """Small tensors of one shape share one call, others' graphs are shared where they read alike; who has no gradient is left out."""
    shapes = [(4, 5)] * 4 + [(2, 2)] * 3 + [(7,), ()]
    params, twins, compiled, graphs = follow(cls, monkeypatch, shapes, range(14), skip=(3, 1))
    torch.testing.assert_close(params, twins, rtol=1e-11, atol=1e-13)
    assert [compiled.state[x]["t"].item() for x in twins[:3]] == [14, 13, 14]
    stages = set(compiled._stages.values())
    mains = [case.main for stage in stages for case in (stage.cases.values() if stage.dues else [stage])]
    pieces = sum(len(main.links) if isinstance(main, Chain) else 1 for main in mains)
    assert len(stages) < len(shapes) * (4 if cls is Prodigy else 1)  # before and after it asks, and with numbers that are common or not
    assert 0 < len(graphs) <= (pieces if cls is SOAP else len(stages))


@pytest.mark.parametrize(("cls", "counts"), [(AdamW, {8, 1}), (Prodigy, {4, 1}), (SAM, {4, 1}), (LARS, {3, 1}), (SOAP, {1})])
def test_large_tensors_of_one_shape_are_stepped_side_by_side(cls, counts, monkeypatch):
    """Eight a call, the others alone; also by a rule that asks, and where one has no gradient.

    Fewer, if the rule takes sums over them and would find them gone from the cache; none, if it works on whole matrices.
    """
    shapes = [(130, 130)] * 10
    monkeypatch.setattr(cls, "backend", "eager")
    monkeypatch.setattr(_compiled, "NEAR", 3 * 130 * 130)
    params, twins = ([Parameter(x) for x in tensors(99, shapes=shapes)] for _ in range(2))
    twice = ((params, False), (twins, True))
    optimizers = [cls(SGD(xs, lr=0.1) if cls is SAM else xs, **required(cls), compile=how) for xs, how in twice]
    for seed in range(4):
        for optimizer, xs in zip(optimizers, (params, twins), strict=True):
            for i, (x, g) in enumerate(zip(xs, tensors(seed, shapes=shapes), strict=True)):
                x.grad = None if (seed, i) == (2, 1) else g
            optimizer.step(*[lambda xs=xs: sum((x**4).sum() for x in xs)] * (cls is SAM))
    torch.testing.assert_close(params, twins, rtol=1e-11, atol=1e-13)
    stages = [stage for stage in optimizers[1]._stages.values() if isinstance(stage, Stage)]
    assert {sum(role == "theta" for role in stage.roles) for stage in stages} == counts


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 0.1, -0.3, 3.7, 1e-300, 1e300, -1e300, torch.inf, -torch.inf, torch.nan])
OF_NUMBERS = {
    "sum": operator.add, "difference": operator.sub, "rest": lambda x, _: 1 - x, "product": operator.mul, "quotient": operator.truediv,
    "power": operator.pow, "square": lambda x, _: x**2, "root": lambda x, _: x.sqrt(), "reciprocal": lambda x, _: x.reciprocal(),
    "negative": lambda x, _: -x, "exponential": lambda x, _: x.exp(), "logarithm": lambda x, _: x.log(), "cosine": lambda x, _: x.cos(),
    "larger": torch.maximum, "smaller": torch.minimum, "at least": lambda x, _: x.clamp(min=0.5), "at most": lambda x, _: x.clamp(max=2),
    "between": lambda x, y: x.clamp(y, 1 - y), "choice": lambda x, y: torch.where(x > y, y, 0), "one": lambda x, _: torch.ones_like(x),
    "size": lambda x, _: x.abs(), "neither": lambda x, y: torch.where(~(x > y), x, 1),
    "both": lambda x, y: torch.where((x > 0) & (y != 0), x, y), "either": lambda x, y: torch.where((x < 1) | (y == 2), 1, x),
}  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from(sorted(OF_NUMBERS)), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8)


@pytest.mark.parametrize("dtypes", [(F64, F64), (torch.float32, F64), (torch.float32, torch.float32)])
@settings(max_examples=200, deadline=None)
@given(steps=STEPS, a=NUMBERS, b=NUMBERS)
@example(steps=[("sum", 0, 1), ("difference", 2, 1)], a=0.1, b=3.7)
@example(steps=[("larger", 0, 1), ("smaller", 1, 0), ("reciprocal", 2, 0), ("reciprocal", 3, 0)], a=0.0, b=-0.0)
@example(steps=[("at least", 0, 0), ("power", 1, 2)], a=0.0, b=-torch.inf)
def test_python_computes_the_same_numbers_as_torch(dtypes, steps, a, b):
    """Where it says that it can: in float32 all but powers, logarithms and the like. torch's roots of float32 may be off by a bit."""

    def rule(*given):
        values = list(given)
        for name, i, j in steps:
            values.append(OF_NUMBERS[name](values[i % len(values)], values[j % len(values)]))
        return values[2:]

    given = [torch.tensor(x, dtype=dtype) for x, dtype in zip((a, b), dtypes, strict=True)]
    graph = make_fx(rule, tracing_mode="fake")(*given).graph
    targets, found = list(graph.output_node().args[0]), rule(*given)
    numbers = dict(zip(graph.find_nodes(op="placeholder"), [x.item() for x in given], strict=True))
    computed = {i: compute(numbers)[0] for i, n in enumerate(targets) if (compute := _graphs.arithmetic([n]))}
    sharp = [name in ("power", "square", "exponential", "logarithm", "cosine") for name, _, _ in steps]
    assert len(computed) >= len(targets) if dtypes[0] is F64 else len(computed) >= (sharp.index(True) if any(sharp) else len(targets))
    rooted = [name == "root" for name, _, _ in steps]
    for i, value in computed.items():
        if dtypes[0] is F64 or not any(rooted[: i + 1]):
            torch.testing.assert_close(torch.tensor(value, dtype=found[i].dtype), found[i], rtol=1e-14, atol=0, equal_nan=True)


@pytest.mark.parametrize("cls", [Prodigy, DAdaptSGD, SWATS, SGDScheduleFree])
def test_numbers_of_the_whole_model_are_written_once(cls, monkeypatch):
    """As long as they are common: also where tensors are stacked, and where one shape occurs once. Then, each tensor has its own again."""
    monkeypatch.setattr(cls, "backend", "eager")
    monkeypatch.setattr(_compiled, "SMALL", 30)
    shapes = [(4, 5)] * 3 + [(3, 2)] + [(9, 8)] * 9 + [(7,), ()]
    runs, scalars = [], {b.name for b in cls.buffers if isinstance(b, Buffer) and b.shape == "scalar"}
    for how in (False, True):
        xs = [Parameter(x) for x in tensors(99, torch.float32, shapes)]
        optimizer = cls(xs, **required(cls), compile=how)
        for seed in range(9):
            for i, (x, g) in enumerate(zip(xs, tensors(seed, torch.float32, shapes), strict=True)):
                x.grad = None if (seed, i) == (7, 5) else g
            if seed == 5:
                optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
            if seed == 6:
                for name in scalars:
                    optimizer.state[xs[4]][name].mul_(0.5)
            optimizer.step()
            if how and seed == 4:
                (common,) = optimizer._plan.common.values()
                assert set(common.names) == scalars
                places = [optimizer.state[x][name].untyped_storage().data_ptr() for name in sorted(scalars) for x in xs]
                assert len(set(places)) == len(scalars)
        runs.append([*(x.detach() for x in xs), *(v for x in xs for v in optimizer.state[x].values())])
    torch.testing.assert_close(*runs, rtol=2e-4, atol=1e-6)


def test_numbers_that_every_tensor_shares_are_no_work_of_the_device(monkeypatch):
    """AdamW's are computed once for all tensors, and by Python: torch makes one tensor of them."""
    xs = [Parameter(x) for x in tensors(99, shapes=[(150, 150)] * 3)]
    monkeypatch.setattr(AdamW, "backend", "eager")
    optimizer, seen, made = AdamW(xs, compile=True), [], torch.tensor
    for step in range(3):
        for x in xs:
            x.grad = torch.ones_like(x)
        if step == 2:
            monkeypatch.setattr(torch, "tensor", lambda *args, **kwargs: seen.append(args) or made(*args, **kwargs))
        optimizer.step()
    assert [len(numbers) for (numbers,) in seen] == [9]


@pytest.mark.parametrize("shapes", [[(150, 150)] * 2, [(4,)] * 2, [(150, 150), (4,), (4,)]])
def test_a_number_that_is_kept_may_be_the_only_one_that_is_used(shapes):
    """What is computed of it for the slot, by torch, reads like what is computed for the tensors, by Python."""

    class Halving(ReferenceOptimizer):
        buffers, backend = (Buffer("c", "scalar"),), "eager"

        def __init__(self, params, *, compile: bool = False):
            super().__init__(params, compile)

        def update(self, theta, g, s, h):
            s.c = s.c * 0.5 + 1
            return theta - s.c * g

    ends = []
    for how in (False, True):
        xs = [Parameter(x) for x in tensors(99, shapes=shapes)]
        optimizer = Halving(xs, compile=how)
        for seed in range(3):
            for x, g in zip(xs, tensors(seed, shapes=shapes), strict=True):
                x.grad = g
            optimizer.step()
        ends.append([*(x.detach() for x in xs), *(optimizer.state[x]["c"] for x in xs)])
    torch.testing.assert_close(*ends, rtol=1e-13, atol=1e-14)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
def test_a_compiled_step_is_seen_by_autograd():
    """Calls that go straight to the kernels leave out what counts the versions of a tensor that is written in place."""
    x = Parameter(torch.ones(200, 200))
    optimizer = AdamW([x], compile=True)
    for _ in range(3):
        x.grad = torch.ones_like(x)
        before = x._version
        loss = (x**2).sum()
        optimizer.step()
        assert x._version > before
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()
    ((stage,),) = [list(optimizer._stages.values())]
    assert stage.main.kernels


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
def test_tensors_side_by_side_have_loops_of_their_own():
    """One loop over the memory of several tensors takes longer."""
    xs = [Parameter(torch.ones(200, 200)) for _ in range(8)]
    for x in xs:
        x.grad = torch.ones_like(x)
    _, (code,) = run_and_get_code(AdamW(xs, lr=0.125, compile=True).step)
    assert len(re.findall(r"for\(int64_t x0", code)) == len(xs)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
def test_torch_compile_gives_the_same_numbers():
    """The default backend: single large tensors, stacks of small ones, reductions, slots of one number or of the old point."""
    shapes = [(40, 500), (4, 5), (4, 5)]
    for cls in (AdamW, Adafactor, LARS, NovoGrad, DAdaptSGD, HeavyBall, SAM):
        params, twins = ([Parameter(x) for x in tensors(99, shapes=shapes)] for _ in range(2))
        states = []
        for xs, how in ((params, False), (twins, True)):
            optimizer = cls(SGD(xs, lr=0.1) if cls is SAM else xs, **required(cls), compile=how)
            for seed in range(4):
                for x, g in zip(xs, tensors(seed, shapes=shapes), strict=True):
                    x.grad = g
                optimizer.step(*[lambda xs=xs: sum((x**4).sum() for x in xs)] * (cls is SAM))
            states.append([dict(optimizer.state[x]) for x in xs])
        torch.testing.assert_close([params, states[0]], [twins, states[1]], rtol=1e-11, atol=1e-13)


def test_large_tensors_are_stepped_in_blocks_eager_and_compiled(monkeypatch):
    """Where a rule works element by element, whole and in parts is the same; a numeral state and odd lengths come along."""
    shapes = [(300, 1000), (2, 150_001), (64, 4096)]
    for cls in (AdamW, Nadam):
        params, twins, _, _ = follow(cls, monkeypatch, shapes, range(3))
        torch.testing.assert_close(params, twins, rtol=1e-11, atol=1e-13)
        monkeypatch.setattr(_eager, "BLOCK", 10**9)
        whole = follow(cls, monkeypatch, shapes, range(3))[0]
        monkeypatch.undo()
        torch.testing.assert_close(params, whole, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("shape", [(3, 4), (300, 1000)])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_slot_may_take_what_another_one_held(shape, compiled):
    class History(ReferenceOptimizer):
        buffers = ("g1", "g2", "g3")
        backend = "eager"

        def __init__(self, params, *, compile: bool = False):
            super().__init__(params, compile)

        def update(self, theta, g, s, h):
            oldest = s.g3
            s.g1, s.g2, s.g3 = g, s.g1, s.g2
            return oldest

    params = [Parameter(torch.zeros(shape)) for _ in range(3)]
    optimizer = History(params, compile=compiled)
    for t in range(1, 6):
        for p in params:
            p.grad = torch.full(shape, float(t))
        optimizer.step()
        for p in params:
            kept = [p.detach(), *(optimizer.state[p][k] for k in ("g1", "g2", "g3"))]
            assert [x.unique().tolist() for x in kept] == [[float(max(x, 0))] for x in (t - 3, t, t - 1, t - 2)]


def test_a_rule_that_asks_for_something_else_is_told_so():
    class Strange(ReferenceOptimizer):
        def __init__(self, params, *, compile: bool = False):
            super().__init__(params, compile)

        def update(self, theta, g, s, h):
            yield 3
            return theta

    x = Parameter(torch.ones(2))
    x.grad = torch.ones(2)
    with pytest.raises(TypeError, match="cannot ask for 3"):
        Strange([x]).step(lambda: (x**2).sum())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize("cls", [AdamW, Lion, Nadam])
def test_tensors_of_one_shape_step_together_as_they_would_alone(cls, dtype, monkeypatch):
    """Eager, where a rule works element by element; who has no gradient for once is a step behind, and has other numbers."""
    shapes = [(4, 5)] * 5 + [(3,)] * 2 + [(20,), (1,), (3, 3)] * 2
    together, apart = ([Parameter(x) for x in tensors(99, dtype, shapes)] for _ in range(2))
    optimizers = cls(together, lr=0.1), cls(apart, lr=0.1)
    together[-1].data = together[-1].data.mT  # in another order
    updates, runs = [], []
    update, run = cls.update, Program.run
    monkeypatch.setattr(cls, "update", lambda self, *rest: updates.append(rest) or update(self, *rest))
    monkeypatch.setattr(Program, "run", lambda self, pieces: run(self, (runs.append(len(x)) or x for x in pieces)))
    for seed in range(4):
        for xs, optimizer, many in ((together, optimizers[0], 2), (apart, optimizers[1], 10**9)):
            updates.clear(), runs.clear()
            monkeypatch.setattr(_eager, "MANY", {"small": many, "large": many})
            for i, (x, g) in enumerate(zip(xs, tensors(seed, dtype, shapes), strict=True)):
                x.grad = None if (seed, i) == (2, 1) else g.mT if x is together[-1] else g
            optimizer.step()
            late, stepped = seed == 3, len(shapes) - (seed == 2)
            if many == 2:
                assert len(runs) == stepped - late
                assert len(updates) == (seed == 0 or cls is not Lion) * 5 + late  # Lion looks at no number: what it does is kept
            else:
                assert (len(runs), len(updates)) == (0, stepped)
    together[-1].data = together[-1].data.mT
    close = partial(torch.testing.assert_close, rtol=0.02 if dtype == torch.bfloat16 else 1e-5, atol=1e-6)
    close([x.detach() for x in together], [x.detach() for x in apart])
    for x, y in zip(together[:-1], apart, strict=False):
        close(optimizers[0].state[x], optimizers[1].state[y])
    slots = [v for state in optimizers[0].state.values() for v in state.values()]
    assert len({v.data_ptr() for v in slots}) == len(slots)


@pytest.mark.filterwarnings("ignore:Using backward")  # torch warns of the cycle, which zero_grad breaks
@pytest.mark.parametrize("compiled", [False, True])
def test_a_gradient_with_its_graph_serves_for_the_hessian(compiled, monkeypatch):
    """As other libraries have it: backward(create_graph=True), then step() without a closure; or a closure that does so, called once."""
    monkeypatch.setattr(AdaHessian, "backend", "eager")
    ends, evaluations = [], []
    for how in ("returns the loss", "calls backward", "called before"):
        (x,) = (Parameter(x) for x in tensors(99, shapes=[(3, 4)]))
        optimizer, count = AdaHessian([x], lr=0.1, compile=compiled), []

        def closure(x=x, how=how, optimizer=optimizer, count=count):
            count.append(1)
            optimizer.zero_grad()
            loss = (torch.tanh(x) ** 4).sum()
            if how != "returns the loss":
                loss.backward(create_graph=True)
            return loss

        torch.manual_seed(0)
        for _ in range(3):
            if how == "called before":
                closure()
                optimizer.step()
            else:
                optimizer.step(closure)
        ends.append(x.detach())
        evaluations.append(len(count))
    assert evaluations == [6, 3, 3]
    torch.testing.assert_close(ends[1:], [ends[0]] * 2, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.complex128])
def test_compiled_steps_of_other_kinds_of_numbers(dtype, monkeypatch):
    def parts(xs):
        return [torch.view_as_real(x.detach()) if x.is_complex() else x.detach() for x in xs]

    params, twins, compiled, _ = follow(AdamW, monkeypatch, [(4, 5), (4, 5), (30, 1000)], range(5), dtype)
    torch.testing.assert_close(parts(params), parts(twins), rtol=1e-2 if dtype is torch.bfloat16 else 1e-12, atol=1e-12)
    assert compiled.state[twins[0]]["m"].dtype == (torch.float32 if dtype is torch.bfloat16 else F64)


def test_a_compiled_run_resumes_bit_for_bit(monkeypatch):
    shapes = [(4, 5)] * 3 + [(30, 1000)]
    _, params, optimizer, _ = follow(AdamW, monkeypatch, shapes, range(3))
    twins = [Parameter(x.detach().clone()) for x in params]
    resumed = AdamW(twins, lr=0.5, compile=True)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for seed in range(3, 6):
        for xs, o in ((params, optimizer), (twins, resumed)):
            for x, g in zip(xs, tensors(seed, shapes=shapes), strict=True):
                x.grad = g
            o.step()
    assert same(params, twins)


def test_what_is_seldom_due_is_not_computed_otherwise(monkeypatch):
    """SOAP decomposes at its first step and at every tenth after that, a side of a whole stack at once."""
    params = [Parameter(x) for x in tensors(99, shapes=[(4, 5)] * 3)]
    monkeypatch.setattr(SOAP, "backend", "eager")
    optimizer, calls, counts = SOAP(params, compile=True), [], []

    def counted(function):
        return lambda *args: calls.append(function) or function(*args)

    for seed in range(12):
        for x, g in zip(params, tensors(seed, shapes=[(4, 5)] * 3), strict=True):
            x.grad = g
        optimizer.step()
        counts.append(len(calls))
        calls.clear()
        for node in (n for stage in optimizer._stages.values() for n in stage.graph.nodes if seed == 0):
            if "linalg" in str(node.target):
                node.target = counted(node.target)
    assert counts == [0] * 10 + [2, 0]


@pytest.mark.parametrize(("cls", "compiled"), [(Adafactor, False), (AdamW, True)])
def test_few_entries_are_not_compiled_if_the_rule_looks_at_whole_tensors(cls, compiled, monkeypatch):
    seen = []

    def backend(graph, examples):
        seen.extend(x.shape for x in examples if isinstance(x, torch.Tensor))
        return graph.forward

    monkeypatch.setattr(cls, "backend", staticmethod(backend))
    shapes, runs = [(300, 301), (7,)], []
    for how in (False, True):
        xs = [Parameter(x) for x in tensors(99, shapes=shapes)]
        optimizer = cls(xs, compile=how)
        for seed in range(3):
            for x, g in zip(xs, tensors(seed, shapes=shapes), strict=True):
                x.grad = g
            optimizer.step()
        runs.append([x.detach() for x in xs])
    assert seen
    assert any(7 in shape for shape in seen) == compiled
    torch.testing.assert_close(*runs, rtol=1e-11, atol=1e-13)


def test_a_compiled_step_finds_what_changed_between_steps(monkeypatch):
    """How tensors lie together is kept between steps, and must not outlive what it was made of."""
    shapes = [(4, 5)] * 3 + [(150, 150)] * 9 + [(), ()]
    monkeypatch.setattr(Nadam, "backend", "eager")
    runs = []
    for how in (False, True):
        xs = [Parameter(x) for x in tensors(99, shapes=shapes)]
        optimizer = Nadam([{"params": xs[::2]}, {"params": xs[1::2], "lr": 0.02}], lr=0.1, compile=how)
        for seed in range(10):
            for i, (x, g) in enumerate(zip(xs, tensors(seed, shapes=shapes), strict=True)):
                x.grad = g.mT if seed == 2 and i == 3 else None if (seed, i) in ((3, 0), (3, 5)) else g
            if seed == 4:
                xs[4].data = xs[4].data.clone() + 1  # other memory
                xs[5].data.mul_(2)
            if seed == 5:
                optimizer.state[xs[0]]["m"] = torch.ones_like(xs[0])
                optimizer.state[xs[1]]["n"].fill_(0.5)
                optimizer.state[xs[6]]["mu_product"].fill_(0.25)  # one of the numbers that all had in common
            if seed == 6:
                optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
            if seed == 7:
                optimizer.param_groups[0]["lr"], optimizer.param_groups[1]["lr"] = 0.03, torch.tensor(0.04, dtype=F64)
            if seed == 8:
                optimizer.param_groups[1]["lr"].fill_(0.5)
                betas = optimizer.param_groups[0]["betas"] = list(optimizer.param_groups[0]["betas"])
            if seed == 9:
                betas[0] = 0.5
            optimizer.step()
        runs.append([*(x.detach() for x in xs), *(v for x in xs for v in optimizer.state[x].values())])
    torch.testing.assert_close(*runs, rtol=1e-11, atol=1e-13)


CHANGES = {
    "nothing": lambda optimizer, xs: None,
    "a learning rate": lambda optimizer, xs: optimizer.param_groups[1].update(lr=0.02),
    "a learning rate becomes a tensor": lambda optimizer, xs: optimizer.param_groups[0].update(lr=torch.tensor(0.03, dtype=F64)),
    "a tensor's value": lambda optimizer, xs: optimizer.param_groups[2]["lr"].fill_(0.3),
    "a tensor that counts no versions": lambda optimizer, xs: optimizer.param_groups[2].update(lr=uncounted(0.3)),
    "a list's entry": lambda optimizer, xs: "betas" in optimizer.defaults and optimizer.param_groups[2]["betas"].__setitem__(0, 0.5),
    "a flag": lambda optimizer, xs: optimizer.param_groups[0].update(FLAGS[type(optimizer)]),
    "where a parameter is": lambda optimizer, xs: setattr(xs[0], "data", xs[0].detach().clone()),
    "a parameter's value": lambda optimizer, xs: xs[0].data.mul_(2),
    "a small parameter's value": lambda optimizer, xs: xs[6].data.mul_(2),
    "a step number": lambda optimizer, xs: optimizer.state[xs[0]].update(t=torch.tensor(7.0, dtype=F64)),
    "a step number's value": lambda optimizer, xs: ticking(optimizer, xs[0]),
    "a step number in a stack": lambda optimizer, xs: ticking(optimizer, xs[7]),
    "all step numbers": lambda optimizer, xs: [optimizer.state[x]["t"].fill_(7) for x in xs if optimizer.state[x]],
    "a slot": lambda optimizer, xs: optimizer.state[xs[1]].update({k: v + 0.5 for k, v in optimizer.state[xs[1]].items()}),
    "a slot's value": lambda optimizer, xs: [v.add_(0.5) for k, v in optimizer.state[xs[7]].items() if k != "t"],
    "where a slot is": lambda optimizer, xs: [setattr(v, "data", v.clone() + 1) for k, v in optimizer.state[xs[1]].items() if k != "t"],
    "where step numbers are": lambda optimizer, xs: optimizer._compile and optimizer.state[xs[1]]["t"].share_memory_(),
    "the state": lambda optimizer, xs: optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict())),
    "the state of one": lambda optimizer, xs: optimizer.state.pop(xs[3]),
    "no gradient": lambda optimizer, xs: setattr(xs[2], "grad", None),
    "one more gradient": lambda optimizer, xs: setattr(xs[-1], "grad", torch.ones_like(xs[-1])),
    "entries where there were none": lambda optimizer, xs: grown(xs[-2]),
    "a gradient's order": lambda optimizer, xs: setattr(xs[2], "grad", xs[2].grad.mT.contiguous().mT),
    "all gradients' order": lambda optimizer, xs: [setattr(x, "grad", x.grad.mT.contiguous().mT) for x in xs[:5]],
    "a gradient twice": lambda optimizer, xs: setattr(xs[2], "grad", xs[1].grad),
    "a gradient that is a parameter": lambda optimizer, xs: setattr(xs[2], "grad", xs[1].detach()),
    "a gradient with a graph": lambda optimizer, xs: [setattr(x, "grad", x.grad * torch.ones((), requires_grad=True)) for x in xs[1:8:5]],
    "a gradient's type": lambda optimizer, xs: [setattr(xs[2], "grad_dtype", None), setattr(xs[2], "grad", xs[2].grad.float())],
    "a learning rate in single precision": lambda optimizer, xs: optimizer.param_groups[0].update(lr=torch.tensor(0.125)),
    "a parameter's group": lambda optimizer, xs: optimizer.param_groups[2]["params"].insert(0, optimizer.param_groups[0]["params"].pop()),
    "a group": lambda optimizer, xs: optimizer.add_param_group({"params": [given(Parameter(torch.ones(150, 150, dtype=F64)))]}),
    "the order of parameters": lambda optimizer, xs: optimizer.param_groups[0]["params"].reverse(),
}
FLAGS = {AdamW: {"eps": 1}, SGD: {"momentum": 0.5}}


@torch.inference_mode()
def uncounted(x):
    return torch.tensor(x, dtype=F64)


def ticking(optimizer, x):
    """In place, where it is the tensor's own: eager steps of tensors that are alike share it."""
    own = optimizer.state[x]["t"] if optimizer._compile else optimizer.state[x]["t"].clone()
    optimizer.state[x]["t"] = own.fill_(7)


def given(x):
    x.grad = torch.ones_like(x)
    return x


def slots(optimizer, x):
    return [v for _, v in sorted(optimizer.state[x].items())]


def grown(x):
    x.data = torch.ones(6, dtype=F64)
    given(x)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
@pytest.mark.parametrize("cls", [AdamW, SGD])
def test_a_step_by_the_calls_of_the_last_one_finds_what_changed(cls):
    """Whatever is other than it was: the numbers are those of eager steps, and afterwards calls serve again."""
    shapes = [*[(150, 150)] * 5, (7,), *[(4, 5)] * 3, (0,), (5, 4)]
    for name, change in CHANGES.items():
        runs = []
        for how in (False, True):
            xs = [Parameter(x.clone()) for x in tensors(99, shapes=shapes)]
            rates = [{"lr": 0.1}, {"lr": 0.2}, {"lr": torch.tensor(0.1, dtype=F64)}]
            more = {"betas": [0.9, 0.99]} if cls is AdamW else {}
            groups = [{"params": some, **rate, **more} for some, rate in zip((xs[:5], xs[5:6], xs[6:]), rates, strict=True)]
            optimizer = cls(groups, lr=0.1, compile=how)
            for seed in range(9):
                for x, g in zip(xs[:-1], tensors(seed, shapes=shapes), strict=False):
                    x.grad = g.clone() if x.shape == g.shape else torch.ones_like(x)
                if seed == 5:
                    assert not how or optimizer._plan.repeat is not None, name
                    change(optimizer, xs)
                optimizer.step()
            assert not how or optimizer._plan.repeat is not None or name == "a step number in a stack", name
            runs.append([y.detach() for group in optimizer.param_groups for x in group["params"] for y in (x, *slots(optimizer, x))])
        rtol = 1e-6 if name.endswith("single precision") else 1e-11  # eager, products with other numbers are rounded to it
        torch.testing.assert_close(*runs, rtol=rtol, atol=rtol / 100, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
def test_a_step_takes_another_learning_rate_in_single_precision():
    """Numbers of that kind are not packed, but go to the kernels as they are."""
    ends = []
    for how in (False, True):
        x = Parameter(torch.ones(150, 150))
        optimizer = SGD([x], lr=torch.tensor(0.5), compile=how)
        for seed in range(6):
            x.grad = torch.ones_like(x)
            optimizer.param_groups[0]["lr"] = torch.tensor(0.5 / (1 + seed))
            optimizer.step()
        ends.append(x.detach())
    torch.testing.assert_close(*ends, rtol=1e-6, atol=1e-6)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # torch itself calls it
def test_a_step_by_the_calls_of_the_last_one_takes_no_sparse_gradient_and_keeps_none():
    x = Parameter(torch.ones(150, 150))
    optimizer = AdamW([x], compile=True)
    for _ in range(4):
        x.grad = torch.ones_like(x)
        optimizer.step()
    assert optimizer._plan.repeat is not None
    kept = weakref.ref(x.grad)
    x.grad = torch.ones_like(x).to_sparse()
    assert kept() is None
    with pytest.raises(TypeError, match="sparse"):
        optimizer.step()


def test_a_compiled_step_keeps_no_gradient(monkeypatch):
    """What is kept between steps is the parameters' and the state's memory."""
    monkeypatch.setattr(AdamW, "backend", "eager")
    x = Parameter(torch.ones(200, 200))
    x.grad = torch.ones(200, 200)
    optimizer = AdamW([x], compile=True)
    optimizer.step()
    kept = weakref.ref(x.grad)
    x.grad = None
    assert kept() is None
    assert optimizer._plan is not None


@pytest.mark.parametrize("shape", [(3, 4), (150, 150)])
def test_a_closure_that_fails_leaves_the_parameters_where_they_were(shape, monkeypatch):
    monkeypatch.setattr(SAM, "backend", "eager")
    runs = []
    for compile in (False, True):
        x = Parameter(tensors(99, shapes=[shape])[0])
        optimizer, calls = SAM(SGD([x], lr=0.1), rho=0.5, compile=compile), []

        def closure(x=x, calls=calls):
            calls.append(x.detach().clone())
            if len(calls) == 4:
                raise FloatingPointError
            return (x**4).sum()

        optimizer.step(closure)
        before = x.detach().clone()
        with pytest.raises(FloatingPointError):
            optimizer.step(closure)
        assert same([x.detach(), calls[2]], [before, before])
        assert not same([calls[3]], [before])
        optimizer.step(closure)
        runs.append([x.detach(), *calls])
    torch.testing.assert_close(*runs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_wrapped_optimizer_gets_the_gradients_themselves_and_may_let_go_of_them(compiled, monkeypatch):
    monkeypatch.setattr(Lookahead, "backend", "eager")
    given = []

    class Careless(SGD):
        def step(self):
            given.append([p.grad for p in params])
            super().step()
            self.zero_grad()

    params = [Parameter(x) for x in tensors(99, shapes=[(3, 4), (150, 150)])]
    optimizer = Lookahead(Careless(params, lr=0.1), k=2, compile=compiled)
    for seed in range(4):
        grads = tensors(seed, shapes=[(3, 4), (150, 150)])
        for p, g in zip(params, grads, strict=True):
            p.grad = g
        optimizer.step()
        assert all(x is g is p.grad for x, g, p in zip(given.pop(), grads, params, strict=True))


@pytest.mark.parametrize("shape", [(3, 4), (150, 150)])
def test_a_wrapper_that_reads_the_old_point_after_the_inner_step_is_not_compiled(shape, monkeypatch):
    class Back(Wrapper):
        backend = "eager"

        def __init__(self, inner, *, compile: bool = False):
            super().__init__(inner, compile)

        def update(self, theta, g, s, h):
            there = yield Inner(g)
            return (theta + there) / 2

    x = Parameter(torch.ones(shape))
    x.grad = torch.ones(shape)
    Back(SGD([x], lr=0.5)).step()
    assert torch.equal(x.detach(), torch.full(shape, 0.75))
    with pytest.raises(RuntimeError, match="old theta is gone"):
        Back(SGD([x], lr=0.5), compile=True).step()


@pytest.mark.parametrize(
    ("name", "shape"),
    [("sm3", (24, 7)), ("came", (24, 7)), ("adafactor", (2, 24, 7)), ("madgrad", (24, 7)), ("galore", (24, 7)), ("muon", (150, 160))],
)
def test_what_is_rewritten_for_speed_computes_the_same(name, shape, monkeypatch):
    """Columns by eights, powers by logarithms, thin products as sums, products in stacks; zeros among the gradients too."""
    cls = reference_impls.load(name)
    monkeypatch.setattr(cls, "backend", "eager")
    runs = []
    for compile in (False, True):
        xs = [Parameter(x) for x in tensors(99, shapes=[shape] * 9)]
        optimizer = cls(xs, **required(cls), compile=compile)
        for seed in range(4):
            for x, g in zip(xs, tensors(seed, shapes=[shape] * 9), strict=True):
                x.grad = g * (g > 0)
            optimizer.step()
        runs.append([x.detach() for x in xs])
    torch.testing.assert_close(*runs, rtol=1e-9, atol=1e-11)


def test_products_are_coarse_only_where_torch_is_told_so():
    x = tensors(0, torch.float32, [(6, 9)])[0]
    fine = newton_schulz(x, (3.4445, -4.775, 2.0315), 5)
    torch.testing.assert_close(newton_schulz(x.mT, (3.4445, -4.775, 2.0315), 5), fine.mT)
    torch.set_float32_matmul_precision("medium")
    try:
        coarse = newton_schulz(x, (3.4445, -4.775, 2.0315), 5)
        exact = newton_schulz(x.double(), (3.4445, -4.775, 2.0315), 5)
    finally:
        torch.set_float32_matmul_precision("highest")
    assert coarse.dtype == torch.float32
    assert 1e-3 < (coarse - fine).abs().max() < 0.1
    torch.testing.assert_close(exact.float(), fine, rtol=1e-4, atol=1e-5)


def stepwise(x, steps, a=3.4445, b=-4.775, c=2.0315):
    """Newton-Schulz steps as they are printed, one after the other."""
    x = x / torch.linalg.matrix_norm(x, keepdim=True)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@pytest.mark.parametrize("steps", range(8))
@pytest.mark.parametrize("shape", [(4, 7), (4, 8), (8, 4), (3, 2, 9), (1, 5), (5, 1)])
def test_long_matrices_take_the_steps_of_newton_and_schulz(shape, steps):
    """Several of them at once: from half as wide as long on."""
    (x,) = tensors(0, shapes=[shape])
    wide = x if shape[-1] >= shape[-2] else x.mT
    expected = stepwise(wide, steps)
    found = newton_schulz(x, (3.4445, -4.775, 2.0315), steps)
    torch.testing.assert_close(found, expected if wide is x else expected.mT, rtol=1e-10, atol=1e-12)


def test_long_matrices_lose_no_digits_by_several_steps_at_once():
    """In bfloat16, of a matrix of few directions and much too small others, where rounding grows fastest."""
    generator = torch.Generator().manual_seed(0)
    few = torch.randn(64, 4, generator=generator) @ torch.randn(4, 256, generator=generator)
    x = few + 1e-3 * torch.randn(64, 256, generator=generator)
    exact, coarse = stepwise(x.double(), 5), stepwise((x / x.norm()).bfloat16(), 5).double()
    torch.set_float32_matmul_precision("medium")
    try:
        found = newton_schulz(x, (3.4445, -4.775, 2.0315), 5).double()
    finally:
        torch.set_float32_matmul_precision("highest")
    assert 0.01 * exact.norm() < torch.dist(found, exact) <= torch.dist(coarse, exact)


def test_random_signs_are_signs_and_balanced():
    torch.manual_seed(0)
    for shape in ((), (3,), (129,), (500, 400)):
        signs = draw("rademacher", torch.zeros(shape, dtype=torch.float64))
        assert signs.shape == shape
        assert signs.dtype == F64
        assert (signs.abs() == 1).all()
    columns = signs.view(-1, 64)  # each bit of a word on its own, and each with the next
    assert columns.mean(0).abs().max() < 5 / len(columns) ** 0.5
    assert (columns[:, 1:] * columns[:, :-1]).mean(0).abs().max() < 5 / len(columns) ** 0.5


# --- rules that ask


CENTRE = torch.tensor([1.0, -2.0, 0.5], dtype=F64)
CURVES = torch.tensor([1.0, 4.0, 9.0], dtype=F64)


def bowl(xs):
    """A quadratic with the Hessian diag(CURVES) over both tensors, and a product that couples them."""
    x, y = xs
    return 0.5 * (CURVES * (x - CENTRE) ** 2).sum() + 0.5 * y**2 + x[0] * y


def model():
    return [Parameter(torch.zeros(3, dtype=F64)), Parameter(torch.tensor(1.0, dtype=F64))]


class Sam(Toy):
    def update(self, theta, g, s, h):
        norm = torch.sqrt((yield Total((g**2).sum())))
        ascended = yield Gradient(theta + 0.1 * g / norm)
        return theta - h.lr * ascended


class Newton(Toy):
    """Divides by the row sums of the Hessian: the product with ones."""

    def update(self, theta, g, s, h):
        curvature = yield Hvp(theta, torch.ones_like(theta))
        return theta - h.lr * g / curvature


class ZerothOrder(Toy):
    uses_gradient = False

    def update(self, theta, g, s, h):
        z = torch.ones_like(theta)
        slope = ((yield Value(theta + 1e-3 * z)) - (yield Value(theta - 1e-3 * z))) / 2e-3
        return theta - h.lr * slope * z


class Svrg(Toy):
    buffers = ("anchor",)

    def start(self, theta, s, h):
        s.anchor = theta

    def update(self, theta, g, s, h):
        old = yield Gradient(s.anchor)
        mean = yield FullGradient(s.anchor)
        return theta - h.lr * (g - old + mean)


class Averaged(Toy):
    """Trains at y and ships the mean of all points."""

    buffers = ("x",)

    def start(self, theta, s, h):
        s.x = theta

    def update(self, theta, g, s, h):
        theta = theta - h.lr * g
        s.x = s.x + (theta - s.x) / s.t
        return theta

    def averaged(self, theta, s, h):
        return s.x


class Slow(Wrapper):
    """Lookahead: every second step goes back half of the way."""

    buffers = ("slow",)

    def __init__(self, inner, alpha: NonNegative = 0.5):
        super().__init__(inner, alpha=alpha)

    def start(self, theta, s, h):
        s.slow = theta

    def update(self, theta, g, s, h):
        fast = yield Inner(g)
        sync = s.t % 2 == 0
        s.slow = torch.where(sync, s.slow + h.alpha * (fast - s.slow), s.slow)
        return torch.where(sync, s.slow, fast)


ASKING = {Sam: {"gradient": 2}, Newton: {"gradient": 1, "hvp": 1}, ZerothOrder: {"value": 2}, Svrg: {"gradient": 2, "full_gradient": 1}}


@pytest.mark.parametrize("cls", ASKING)
@pytest.mark.parametrize("backward", [True, False])
@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("compile", [True, False])
def test_a_closure_answers_as_the_function_does_and_is_counted(cls, backward, set_to_none, compile, recwarn, monkeypatch):
    """recwarn: torch warns about backward(create_graph=True), which a Hessian-vector product by closure needs."""
    monkeypatch.setattr(cls, "backend", "eager")
    params, rule = model(), cls.functional()
    optimizer = cls(params, compile=compile)

    def closure():
        optimizer.zero_grad(set_to_none)
        loss = bowl(params)
        if backward:
            loss.backward(create_graph=cls is Newton)
        return loss

    objective = FunctionObjective(bowl)
    thetas = [p.detach().clone() for p in params]
    hs = [rule.hyper()] * 2
    states = [rule.init(theta, rule.hyper()) for theta in thetas]
    for k in range(1, 4):
        loss = optimizer.step(closure, full=lambda: bowl(params))
        if cls.uses_gradient:
            assert torch.equal(loss, bowl(thetas))
        gs = objective.gradient(thetas) if cls.uses_gradient else [None, None]
        thetas, states = rule.apply_all(thetas, gs, states, hs, objective)
        torch.testing.assert_close([p.detach() for p in params], thetas, rtol=1e-12, atol=1e-13)
        assert optimizer.evaluations == {kind: n * k for kind, n in ASKING[cls].items()} == objective.counts
    for p in params:
        p.grad = None


def test_asking_leaves_the_gradient_where_it_was():
    params = model()
    optimizer = Sam(params)

    def closure():
        optimizer.zero_grad(set_to_none=False)
        loss = bowl(params)
        loss.backward()
        return loss

    wanted = torch.autograd.grad(bowl(params), params)
    optimizer.step(closure)
    assert same([p.grad for p in params], wanted)
    with pytest.raises(RuntimeError, match="step\\(closure\\)"):
        optimizer.step()


def test_random_numbers_are_drawn_by_the_seed_or_given():
    class Noisy(Toy):
        def update(self, theta, g, s, h):
            return theta + (yield Draw("rademacher", theta)) + 100 * (yield Draw("gaussian", theta))

    def moved(**given):
        params = model()
        optimizer = Noisy(params)
        vars(optimizer).update(given)
        for p in params:
            p.grad = torch.zeros_like(p)
        torch.manual_seed(5)
        optimizer.step()
        return [p.detach() for p in params]

    assert same(moved(), moved())
    assert moved()[0].unique().numel() == 3
    given = moved(draw=lambda kind, like: torch.full_like(like, 1.0 if kind == "gaussian" else -1.0))
    assert same(given, [p.detach() + 99 for p in model()])


def test_rules_that_ask_run_under_vmap():
    rule = Sam.functional()

    def run(lr):
        thetas, objective = [p.detach() for p in model()], FunctionObjective(bowl)
        h = rule.hyper(lr=lr)
        states = [rule.init(theta, h) for theta in thetas]
        for _ in range(3):
            thetas, states = rule.apply_all(thetas, objective.gradient(thetas), states, [h, h], objective)
        return thetas

    values = torch.tensor([0.01, 0.1], dtype=F64)
    batched = torch.func.vmap(run)(values)
    for i, value in enumerate(values):
        torch.testing.assert_close([x[i] for x in batched], run(value.item()), rtol=1e-12, atol=1e-13)


class EveryThird(Toy):
    """Every third step of a tensor is due, and where one is, gradients at zero are asked for."""

    buffers, backend = ("old",), "eager"

    def update(self, theta, g, s, h):
        due = s.t % 3 == 0
        if (yield Whether(due)):
            s.old = torch.where(due, theta + (yield Gradient(torch.zeros_like(theta))), s.old)
        return theta - h.lr * (g + s.old)


def test_a_rule_branches_on_what_holds_anywhere_in_the_model():
    ends = []
    for compiled in (False, True):
        params = [Parameter(x.float()) for x in tensors(1, shapes=((4, 5), (4, 5), (7,), (200, 100)))]
        optimizer = EveryThird(params[1:], compile=compiled)
        asked = []
        for step in range(8):
            if step == 1:  # counts its steps from here
                optimizer.add_param_group({"params": params[:1]})
            optimizer.zero_grad()
            optimizer.step(lambda: sum(((p - 1) ** 2).sum() for p in params))  # noqa: B023
            asked.append(optimizer.evaluations["gradient"])
        assert asked == [1, 2, 4, 6, 7, 9, 11, 12]  # twice in the steps 3, 4, 6 and 7
        ends.append(params)
    torch.testing.assert_close(*ends)
    assert all((optimizer.state[p]["old"] != 0).any() for p in params)


def test_runs_that_differ_in_whether_something_holds_run_under_vmap():
    objective, start = FunctionObjective(lambda xs: sum((x**2).sum() for x in xs)), tensors(2)

    def run(limit):
        rule, thetas = LOMO.functional(), start
        h = rule.hyper(lr=0.1, clip_grad_norm=limit)
        states = [rule.init(x, h) for x in thetas]
        for _ in range(3):
            thetas, states = rule.apply_all(thetas, objective.gradient(thetas), states, [h] * len(thetas), objective)
        return thetas

    limits = torch.tensor([0.0, 0.5, 100.0], dtype=F64)
    batched = torch.func.vmap(run)(limits)
    for i, limit in enumerate(limits):
        torch.testing.assert_close([x[i] for x in batched], run(limit), rtol=1e-12, atol=1e-13)
    assert not torch.allclose(batched[1][0], batched[1][1])


def test_tensors_that_ask_differently_are_an_error():
    class Uneven(Toy):
        def update(self, theta, g, s, h):
            if theta.dim():
                yield Total(g.sum())
            return theta

    params = model()
    optimizer = Uneven(params)
    for p in params:
        p.grad = torch.ones_like(p)
    with pytest.raises(RuntimeError, match="ask alike"):
        optimizer.step()


def test_the_averaged_point_is_shown_and_put_back(tmp_path):
    p = Parameter(torch.tensor([1.0, 2.0]))
    optimizer = Averaged([p])
    optimizer.eval()
    points = []
    for _ in range(3):
        p.grad = torch.full((2,), 0.3)
        optimizer.step()
        points.append(p.detach().clone())
    optimizer.eval()
    optimizer.eval()
    torch.testing.assert_close(p.detach(), torch.stack(points).mean(0))
    with pytest.raises(RuntimeError, match=r"call train\(\)"):
        optimizer.step()
    q = Parameter(p.detach().clone())
    resumed = Averaged([q])
    resumed.load_state_dict(optimizer.state_dict())
    for o, x in ((optimizer, p), (resumed, q)):
        o.train()
        assert torch.equal(x, points[-1])
    plain = fresh(Adam)
    plain.eval()
    plain.train()


@pytest.mark.parametrize("inner", [Adam, torch.optim.Adam, Rprop, Adafactor])
def test_a_wrapper_steps_any_optimizer_and_resumes(inner):
    params, alone = [Parameter(x) for x in tensors(99)], [Parameter(x) for x in tensors(99)]
    wrapper, reference = Slow(inner(params, lr=0.1)), inner(alone, lr=0.1)
    slow = tensors(99)
    for seed in range(4):
        for p, q, g in zip(params, alone, tensors(seed), strict=True):
            p.grad, q.grad = g, g.clone()
        kept = [p.grad for p in params]
        wrapper.step()
        assert all(p.grad is g for p, g in zip(params, kept, strict=True))
        reference.step()
        if seed % 2:
            slow = [a + 0.5 * (q.detach() - a) for a, q in zip(slow, alone, strict=True)]
            with torch.no_grad():
                for q, a in zip(alone, slow, strict=True):
                    q.copy_(a)
        assert same(params, alone)
    clones = [Parameter(p.detach().clone()) for p in params]
    resumed = Slow(inner(clones, lr=0.9), alpha=0.1)
    resumed.load_state_dict(copy.deepcopy(wrapper.state_dict()))
    for p, q, g in zip(params, clones, tensors(9), strict=True):
        p.grad, q.grad = g, g
    wrapper.step()
    resumed.step()
    assert same(params, clones)


def test_a_root_of_a_matrix_without_full_rank_is_a_number_in_single_precision():
    """Rounding makes some of its smallest eigenvalues negative, once the largest is far above the damping."""
    generator = torch.Generator().manual_seed(0)
    g = torch.randn(128, 16, generator=generator)
    a = g @ g.mT * 100 + 1e-4 * torch.eye(128)
    assert torch.linalg.eigvalsh(a)[0] < 0, "or there is nothing to see"
    assert torch.isfinite(inverse_root(a, 4)).all()


@pytest.mark.parametrize("event", ["none", "elsewhere", "turned", "k", "loaded", "slot", "one without gradient"])
@pytest.mark.parametrize("when", range(1, 7))
def test_steps_that_only_hand_on_gradients_find_what_changed_before(event, when, monkeypatch):
    """A compiled Lookahead between two synchronisations looks at no tensor; what happened meanwhile counts all the same."""
    monkeypatch.setattr(Lookahead, "backend", "eager")
    shapes, runs = [(6, 6), (6, 6), (3,)], []
    for how in (False, True):
        xs = [Parameter(x) for x in tensors(99, shapes=shapes)]
        optimizer = Lookahead(SGD(xs, lr=0.1, momentum=0.9), k=3, compile=how)
        for seed in range(9):
            for x, g in zip(xs, tensors(seed, shapes=shapes), strict=True):
                x.grad = g
            if seed == when and event == "elsewhere":
                xs[0].data = xs[0].detach() * 2
            if seed == when and event == "turned":
                xs[1].data = xs[1].detach().mT
            if seed == when and event == "k":
                optimizer.param_groups[0]["k"] = 2
            if seed == when and event == "loaded":
                optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
            if seed == when and event == "slot":
                optimizer.state[xs[0]]["slow"] = optimizer.state[xs[0]]["slow"] + 1
            if seed == when and event == "one without gradient":
                xs[2].grad = None
            optimizer.step()
        runs.append([[x.detach() for x in xs], [dict(optimizer.state[x]) for x in xs]])
    torch.testing.assert_close(*runs, rtol=1e-12, atol=1e-14)


def test_steps_that_only_hand_on_gradients_look_at_no_tensor(monkeypatch):
    looks, stays = [], Plan.stays
    monkeypatch.setattr(Plan, "stays", lambda self: looks.append(optimizer.state[x]["t"].item()) or stays(self))
    monkeypatch.setattr(Lookahead, "backend", "eager")
    x = Parameter(torch.ones(4, 5))
    optimizer = Lookahead(SGD([x], lr=0.1), k=3, compile=True)
    for _ in range(7):
        x.grad = torch.ones(4, 5)
        optimizer.step()
    assert looks == [2, 5]  # the first one lays out the plan


def test_a_wrapper_that_asks_on_is_not_cut_short(monkeypatch):
    """Between its requests it computes nothing, but its step does not end there."""

    class Then(Wrapper):
        def __init__(self, inner, *, compile: bool = False):
            super().__init__(inner, compile)

        def update(self, theta, g, s, h):
            fast = yield Inner(g)
            slope = yield Gradient(fast)
            return fast - 0.1 * slope

    monkeypatch.setattr(Then, "backend", "eager")
    runs = []
    for how in (False, True):
        x = Parameter(tensors(0, shapes=[(4, 5)])[0])
        optimizer = Then(SGD([x], lr=0.1), compile=how)
        for _ in range(4):
            optimizer.step(lambda x=x: (x**4).sum())
        runs.append(x.detach())
        assert optimizer.evaluations["gradient"] == 8
    torch.testing.assert_close(*runs, rtol=1e-12, atol=1e-14)
