"""Every claim that a record makes about its reference implementation, read from the catalog and tested."""

import copy
import inspect
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from reference_impls import _eager, load
from reference_impls._base import ReferenceOptimizer
from reference_impls._recorded import Program
from reference_impls._requests import FunctionObjective
from reference_impls.wrappers._base import Wrapper
from tools.algebra.tree import Call
from tools.catalog.equations import is_executable, scoped
from tools.catalog.loader import load_catalog
from tools.catalog.measurements import BLIND, beyond_its_order, fresh
from tools.measure import engine, facts
from tools.measure.model import model
from tools.measure.players import INNER_LR, asks, bowl, build, by_equations, by_torch, evaluates, feed, settings, stream, take, whole_model
from tools.measure.tape import MATRIX_SHAPES, SHAPES, difference, tape

ROOT = Path(__file__).parent.parent
CATALOG, _ = load_catalog(ROOT)
WRITTEN = [o for o in CATALOG.optimizers.values() if o.implementation]
assert WRITTEN, "no method has a reference implementation"


def each(rows, *names):
    rows = list(rows)
    assert rows, "nothing to test"
    return pytest.mark.parametrize(
        names or ("o",), rows if names else [(o,) for o in rows], ids=[_label(r if names else (r,)) for r in rows]
    )


def _label(row):
    return "-".join(getattr(x, "id", None) or getattr(x, "object", None) or getattr(x, "becomes", None) or str(x) for x in row)


def default(o):
    return settings(o)[0]


def draws():
    """The random numbers of a step: others at every call, and the same ones in every step."""
    numbers = stream(1)
    return lambda kind, like: torch.as_tensor(numbers(kind, like.shape)).to(like)


def made(o, parameters, **changes):
    """The method on these parameters."""
    method = build(load(o.id), parameters, {**default(o), **changes})
    method.register_step_pre_hook(lambda *_: setattr(method, "draw", draws()))
    return method


def play(o, problem, **changes):
    return by_torch(load(o.id), {**default(o), **changes}, problem)


# --- the record is the signature


@each(WRITTEN)
def test_signature_is_the_record(o):
    given = load(o.id).hyperparameters()
    assert list(given) == [h.name for h in o.hyperparameters]
    for h in o.hyperparameters:
        wanted = inspect.Parameter.empty if h.default is None else h.default
        assert given[h.name].default == wanted, h.name


@each([(o, h) for o in WRITTEN for h in o.hyperparameters if h.type in ("float", "int")], "o", "h")
def test_ranges_are_the_records(o, h):
    """Just inside is taken, just outside refused, for every end of the record's interval, in every group."""
    low, high = h.range.strip("[]()").split(",")
    value = default(o)[h.name]
    items = len(value) if isinstance(value, tuple) else 0
    tested = 0
    for end, inside, closed in ((low, 1, h.range[0] == "["), (high, -1, h.range[-1] == "]")):
        bound = float(end)
        if not np.isfinite(bound):
            continue
        for candidate, allowed in ((bound, closed), (bound - inside * (1 if h.type == "int" else 1e-3), False)):
            number = int(candidate) if h.type == "int" else candidate
            trial = {**default(o), h.name: (number,) * items if items else number}
            p, q = (torch.nn.Parameter(torch.ones(3, 3)) for _ in range(2))
            if allowed:
                made(o, [p], **trial)
            else:
                with pytest.raises(ValueError, match=h.name):
                    made(o, [p], **trial)
                with pytest.raises(ValueError, match=h.name):
                    made(o, [p]).add_param_group({"params": [q], h.name: trial[h.name]})
            tested += 1
    assert tested or "inf" in low + high


@each(WRITTEN)
def test_unknown_hyperparameters_are_refused(o):
    with pytest.raises(TypeError):
        made(o, [torch.nn.Parameter(torch.ones(2, 2))], wieght_decay=0.5)
    with pytest.raises(TypeError):
        made(o, [torch.nn.Parameter(torch.ones(2, 2))]).add_param_group({"params": [torch.nn.Parameter(torch.ones(2, 2))], "betaz": 3})


@each(WRITTEN)
def test_buffers_are_the_records_state(o):
    for p in prepared(o)[1]:
        method = made(o, [p])
        feed(method, [p], [torch.ones_like(p)])
        fits = [s for s in o.state if s.applies_to == "all" or (s.applies_to == "matrices") == (p.dim() >= 2)]
        fits = [s for s in fits if not s.scaled_by or method.param_groups[0][s.scaled_by] != 0]
        assert method.state[p].keys() == {s.name for s in fits} | {"t"}
        for s in fits:
            if s.shape == "parameter":
                assert method.state[p][s.name].shape == p.shape


# --- code, equations, peers, reductions


@each([o for o in WRITTEN if is_executable(o)])
def test_code_takes_the_steps_of_its_equations(o):
    seen = engine.equations(o)
    assert seen["verdict"] == "agrees", seen


@each([o for o in WRITTEN if is_executable(o)])
def test_a_gradient_that_is_no_number_does_what_the_equations_say(o):
    """After a NaN, and after an infinite gradient, the same entries are no finite numbers, and all others are as they should be."""
    for value in (float("nan"), *((float("inf"),) if not evaluates(load(o.id)) else ())):
        problem = facts.spoiled(engine.problem_for(o), value)
        with np.errstate(all="ignore"):
            assert difference(play(o, problem), by_equations(o, default(o), problem)) <= 1e-9


@each([(o, p) for o in WRITTEN for p in o.implementation.peers], "o", "peer")
def test_conformance_with_peers(o, peer):
    seen = engine.conformance(o, peer)
    assert seen["verdict"] == ("follows another variant" if peer.differs else "agrees"), seen


@each([(o, i, r) for o in WRITTEN for i, r in enumerate(o.reductions) if CATALOG.optimizers[r.becomes].implementation], "o", "i", "r")
def test_reductions(o, i, r):
    seen = engine.reduction(CATALOG, o, i, r)
    assert seen["holds"] is True, seen


@each(WRITTEN)
def test_measured_invariances_are_the_records(o):
    seen = facts.invariances(o, default(o))
    assert {k for k, v in seen.items() if v <= BLIND} == set(o.invariances), seen


DECAYS_IN_ITS_OWN_WAY = {
    "adahessian": "its Hessian is taken at other points",
    "sophia": "its Hessian is taken at other points",
    "adamw-schedule-free": "the decay is taken between two sequences of points",
    "ranger": "the slow weights come in between",
    "psgd-kron": "vectors do not decay",
    "soap": "the first step moves nothing",
    "stableadamw": "the learning rate of a tensor follows its step",
}


@each([o for o in WRITTEN if o.weight_decay and o.weight_decay.kind in ("coupled", "decoupled", "decoupled_times_lr")])
def test_the_kind_of_weight_decay_is_the_records(o):
    """Decoupled: what is left of a step after the factor on theta does not know of the decay. Coupled: it does, at some setting."""
    problem = engine.problem_for(o)

    def steps(s, decay, kind):
        factor = 1 - decay * (s["lr"] if kind == "decoupled_times_lr" else 1)
        path = play(o, problem, **{**s, "weight_decay": decay})
        return [[factor * a - b for a, b in zip(*pair, strict=True)] for pair in zip([problem.thetas, *path[:7]], path[:8], strict=True)]

    def apart(kind):
        tests = [s for s in settings(o) if s["lr"]]
        assert tests
        return max(difference(steps(s, 0.1, kind), steps(s, 0.0, kind)) for s in tests)

    if o.id in DECAYS_IN_ITS_OWN_WAY:
        assert apart(o.weight_decay.kind) > 1e-6, "then it is no exception"
    elif o.weight_decay.kind == "coupled":
        assert min(apart("decoupled"), apart("decoupled_times_lr")) > 1e-6
    else:
        assert apart(o.weight_decay.kind) <= 1e-10


# --- what a method evaluates


@each(WRITTEN)
def test_it_evaluates_what_its_order_says(o):
    seen = facts.evaluations(o, default(o))
    assert beyond_its_order(o.order, seen) is None


@each([o for o in WRITTEN if is_executable(o)])
def test_the_code_asks_for_what_its_equations_evaluate(o):
    words = {"value": "Value", "gradient": "Gradient", "full_gradient": "FullGradient", "hvp": "Hvp", "inner_step": "Inner"}
    called = {node.function for equation, _ in scoped(o) for node in equation.value.walk() if isinstance(node, Call)}
    assert {words[name] for name in called & words.keys()} == asks(load(o.id)) & set(words.values())


@each([o for o in WRITTEN if load(o.id).averaged is not ReferenceOptimizer.averaged])
def test_the_averaged_point_comes_and_goes(o):
    rows, parameters = prepared(o)
    method = made(o, parameters)
    advance(method, parameters, rows.rows[:7])
    kept = [p.detach().clone() for p in parameters]
    method.eval()
    assert not any(torch.equal(p, x) for p, x in zip(parameters, kept, strict=True))
    method.train()
    assert all(torch.equal(p, x) for p, x in zip(parameters, kept, strict=True))


@each(WRITTEN)
def test_the_measurement_is_fresh_and_without_faults(o):
    seen = fresh(CATALOG, o)
    assert seen is not None, f"run `atlas measure {o.id}`"
    assert seen["faults"] == []
    assert json.loads(json.dumps(seen)) == seen


@each(WRITTEN)
def test_measured_again_the_facts_are_those_of_the_file(o):
    seen = fresh(CATALOG, o)
    for key, measured in (
        ("evaluations", facts.evaluations),
        ("memory", facts.state_bytes),
        ("tensors", facts.tensor_kinds),
        ("non_finite", facts.non_finite),
    ):
        assert measured(o, default(o)) == seen[key], key


# --- behaviour of every method


def prepared(o, dtype=torch.float64):
    """A tape for the method and its parameters. A loss with huge gradients would throw a method without a bound to infinity."""
    scales = {"scales": (1.0, 0.0, 1e-3, 0.3)} if evaluates(load(o.id)) else {}
    rows = tape(shapes=MATRIX_SHAPES if o.parameter_scope.accepts == "matrices" else SHAPES, **scales)
    return rows, [torch.nn.Parameter(torch.tensor(x, dtype=dtype)) for x in rows.thetas]


def advance(method, parameters, rows):
    for row in rows:
        feed(method, parameters, [None if g is None else torch.tensor(g, dtype=p.dtype) for p, g in zip(parameters, row, strict=True)])


@each(WRITTEN)
def test_gradients_are_never_written(o):
    """Neither those at hand nor those that a closure leaves: these stay the ones at the start of the step."""
    rows, parameters = prepared(o)
    method = made(o, parameters)

    def closure():
        method.zero_grad()
        loss = bowl(parameters, gradients)
        loss.backward(create_graph="Hvp" in asks(type(method)))
        return loss

    for row in rows.rows[:12]:
        gradients = [torch.tensor(g) for g in row]
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = g
        if evaluates(type(method)):
            wanted = torch.autograd.grad(bowl(parameters, gradients), parameters) if method.uses_gradient else gradients
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch warns of graphs that are kept
                method.step(closure, full=closure)
        else:
            method.step()
            wanted = [torch.tensor(g) for g in row]
            assert all(p.grad is g for p, g in zip(parameters, gradients, strict=True))
        assert all(torch.equal(p.grad, g) for p, g in zip(parameters, wanted, strict=True))
    method.zero_grad()


@each(WRITTEN)
def test_resume_bit_for_bit_in_an_object_with_other_hyperparameters(o):
    rows, parameters = prepared(o)
    for s in settings(o):
        start = [torch.nn.Parameter(p.detach().clone()) for p in parameters]
        whole = made(o, start, **s)
        advance(whole, start, rows.rows[:15])
        saved = copy.deepcopy(whole.state_dict())
        again = [torch.nn.Parameter(p.detach().clone()) for p in start]
        resumed = made(o, again, **settings(o)[-1])
        resumed.load_state_dict(saved)
        advance(whole, start, rows.rows[15:30])
        advance(resumed, again, rows.rows[15:30])
        assert all(torch.equal(a, b) for a, b in zip(start, again, strict=True))


@each([o for o in WRITTEN if not whole_model(load(o.id))])
def test_parameters_never_touch_each_other(o):
    """All tensors in one optimizer and each in its own: the same bits."""
    rows = engine.problem_for(o)
    together = play(o, rows)
    for i in range(len(rows.thetas)):
        alone = play(o, rows.pick([i]))
        assert all(np.array_equal(a[0], b[i]) for a, b in zip(alone, together, strict=True))


@each([o for o in WRITTEN if load(o.id).elementwise and not asks(load(o.id))])
def test_a_rule_that_says_elementwise_is(o, monkeypatch):
    """What it does to one block is done to the others without it, where a class says so: here in blocks of two, at every setting."""
    problem, programs, run = engine.problem_for(o), [], Program.run
    monkeypatch.setattr(Program, "run", lambda self, pieces: programs.append(self) or run(self, pieces))
    for s in settings(o):
        whole = play(o, problem, **s)
        assert not programs
        with monkeypatch.context() as patch:
            patch.setattr(_eager, "BLOCK", 2)
            patch.setattr(_eager, "MANY", {"small": 2, "large": 2})
            assert difference(play(o, problem, **s), whole) <= 1e-13  # products and sums are rounded together, roots in their own way
        assert programs
        programs.clear()


OPTIONAL = [o for o in WRITTEN if any(s.scaled_by for s in o.state)]


@each(OPTIONAL)
def test_a_slot_counts_for_nothing_while_its_factor_is_0(o):
    for s in settings(o):
        for factor in {slot.scaled_by for slot in o.state if slot.scaled_by}:
            rule = load(o.id).functional(**{**s, factor: 0.0})
            theta, g = torch.linspace(-1, 1, 20).view(4, 5), torch.linspace(3, -2, 20).view(4, 5)
            state = rule.init(theta, rule.hyper())
            full = rule.init(theta, rule.hyper(**{factor: torch.tensor(0.0, dtype=torch.float64)}))
            filled = {k: v if k in state else torch.full_like(v, 7.0) for k, v in full.items()}
            assert state.keys() < full.keys()
            ends = [rule.apply(theta, g, x, rule.hyper())[0] for x in (state, full, filled)]
            assert torch.equal(ends[0], ends[1])
            assert torch.equal(ends[0], ends[2])


def test_some_slot_is_not_always_kept():
    assert OPTIONAL


@each([o for o in WRITTEN if is_executable(o) and whole_model(load(o.id))])
def test_a_whole_model_has_no_order_and_no_groups(o):
    """Of methods whose step looks at all tensors: it does so, and in any order and split the path is the same but for rounding.

    Not of those that choose layers at random, which the algebra cannot say: other places get other numbers.
    Rounding: differences of values over a small distance magnify it to 1e-9.
    """
    problem = engine.problem_for(o)
    together = play(o, problem)
    order = [2, 0, *range(3, len(problem.thetas)), 1]
    mixed = play(o, problem.pick(order))
    assert difference([[row[i] for i in order] for row in together], mixed) <= 1e-8
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    method = build(load(o.id), [{"params": parameters[:2]}, {"params": parameters[2:]}], default(o))
    for step in range(problem.steps):
        take(method, parameters, problem, step)
    assert difference([together[-1]], [[p.detach().numpy() for p in parameters]]) <= 1e-8
    assert any(difference([[row[0]] for row in play(o, problem, **s)], play(o, problem.pick([0]), **s)) > 1e-8 for s in settings(o))


@each(WRITTEN)
def test_a_parameter_without_gradient_stays_with_its_state(o):
    rows, parameters = prepared(o)
    method = made(o, parameters)
    advance(method, parameters, rows.rows[:3])
    kept, state = parameters[0].detach().clone(), copy.deepcopy(method.state[parameters[0]])
    parameters[0].requires_grad_(method.uses_gradient)  # one that reads values only moves whatever can have a gradient
    advance(method, parameters, [(None, *row[1:]) for row in rows.rows[3:6]])
    assert torch.equal(parameters[0], kept)
    assert all(torch.equal(state[k], v) for k, v in method.state[parameters[0]].items())


@each(WRITTEN)
def test_half_precision_keeps_counting(o):
    """After 300 steps in bfloat16 the step number is 300, and at some setting the state is finite and the parameters have moved."""
    start = torch.full((4, 4), 0.01, dtype=torch.bfloat16)

    def run(setting):
        p = torch.nn.Parameter(start.clone())
        method = made(o, [p], **setting)
        generator = torch.Generator().manual_seed(0)
        for _ in range(300):
            feed(method, [p], [torch.randn(4, 4, generator=generator).to(torch.bfloat16) + 1])
        return p, method.state[p]

    def sound(setting):
        p, state = run(setting)
        assert int(state["t"]) == 300
        assert p.dtype is torch.bfloat16
        return all(torch.isfinite(v).all() for v in state.values()) and not torch.equal(p, start)

    # at the defaults some steps, of 1e-6, are too small for bfloat16, and an estimate of a distance that never ends may overflow
    assert any(sound(s) for s in settings(o))


@each(WRITTEN)
def test_zero_and_tiny_gradients_leave_numbers(o):
    """In low precision too, where squares of squares are zero: a layer that nothing reaches has such gradients from the start."""
    for dtype in (torch.float32, torch.bfloat16):
        rows, parameters = prepared(o, dtype)
        for scale in (0.0, 1e-30, 1e-20, 1e-12, 1e-6):
            now = [torch.nn.Parameter(p.detach().clone()) for p in parameters]
            method = made(o, now)
            advance(method, now, [[g * scale for g in row] for row in rows.rows[:3]])
            assert all(torch.isfinite(p).all() for p in now), (dtype, scale)
            assert all(torch.isfinite(v).all() for p in now for v in method.state[p].values()), (dtype, scale)


@each([o for o in WRITTEN if "lr" in {h.name for h in o.hyperparameters}])
def test_a_schedule_may_start_at_zero(o):
    """As a warm-up does in its first step: no NaN, then or later."""
    rows, parameters = prepared(o)
    method = made(o, parameters)
    start = [p.detach().clone() for p in parameters]
    (group,) = method.param_groups
    lr, group["lr"] = group["lr"], 0.0
    advance(method, parameters, rows.rows[:2])
    group["lr"] = lr
    advance(method, parameters, rows.rows[2:6])
    assert all(torch.isfinite(p).all() for p in parameters)
    assert not all(torch.equal(a, b) for a, b in zip(start, parameters, strict=True))


@each([CATALOG.optimizers[i] for i in ("muon", "muon-moonlight", "normuon", "shampoo", "soap", "galore")])
def test_a_stack_of_matrices_is_stepped_as_each_of_them(o):
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(3, 5, 4, generator=generator, dtype=torch.float64)
    stack, alone = torch.nn.Parameter(start.clone()), [torch.nn.Parameter(x.clone()) for x in start]
    one, many = made(o, [stack]), made(o, alone)
    for _ in range(5):
        g = torch.randn(3, 5, 4, generator=generator, dtype=torch.float64)
        feed(one, [stack], [g])
        feed(many, alone, list(g.clone()))
    assert difference([[stack.detach().numpy()]], [[torch.stack(alone).detach().numpy()]]) <= 1e-12


@pytest.mark.parametrize("frequency", [1, 2, 4])
def test_soaps_mean_that_turns_with_the_eigenvectors_is_that_of_algorithm_3(frequency):
    """Which keeps it unrotated and rotates it in each step."""
    generator = torch.Generator().manual_seed(0)
    lr, beta1, beta2, eps, decay = 0.05, 0.8, 0.9, 0.01, 0.1
    p = torch.nn.Parameter(torch.randn(6, 6, generator=generator, dtype=torch.float64))
    method = load("soap")([p], lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=decay, precondition_frequency=frequency)
    theta, m, v = p.detach().clone(), torch.zeros_like(p), torch.zeros_like(p)
    left, right, q_left, q_right = (torch.zeros_like(p) for _ in range(4))
    for k in range(11):  # steps before this one; the first moves nothing
        g = torch.randn(6, 6, generator=generator, dtype=torch.float64)
        feed(method, [p], [g])
        if k:
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * (q_left.mT @ g @ q_right) ** 2
            n = q_left @ (q_left.mT @ m @ q_right / (v.sqrt() + eps)) @ q_right.mT
            theta = (theta - lr * (1 - beta2**k) ** 0.5 / (1 - beta1**k) * n) * (1 - lr * decay)
        left, right = beta2 * left + (1 - beta2) * g @ g.mT, beta2 * right + (1 - beta2) * g.mT @ g
        if k == 0:
            q_left, q_right = torch.linalg.eigh(-left).eigenvectors, torch.linalg.eigh(-right).eigenvectors
        elif k % frequency == 0:
            q_left, q_right = torch.linalg.qr(left @ q_left).Q, torch.linalg.qr(right @ q_right).Q
        torch.testing.assert_close(p.detach(), theta, rtol=0, atol=1e-13)


@each(WRITTEN)
def test_complex_is_a_pair_of_reals_or_refused(o):
    p = torch.nn.Parameter(torch.randn(3, 4, dtype=torch.complex128, generator=torch.Generator().manual_seed(1)))
    q = torch.nn.Parameter(torch.view_as_real(p.detach()).clone())
    complex_, real = made(o, [p]), made(o, [q])
    generator = torch.Generator().manual_seed(2)
    for _ in range(5):
        g = torch.randn(3, 4, dtype=torch.complex128, generator=generator)
        if not complex_.elementwise:
            with pytest.raises(TypeError, match="complex"):
                feed(complex_, [p], [g])
            return
        feed(complex_, [p], [g])
        feed(real, [q], [torch.view_as_real(g).clone()])
    # of a wrapper, the steps are torch's, which rounds complex products in its own way
    same = torch.allclose if isinstance(real, Wrapper) else torch.equal
    assert same(torch.view_as_real(p.detach()), q)


@each([o for o in WRITTEN if load(o.id).uses_gradient])
def test_sparse_gradients_are_refused_in_words(o):
    p = torch.nn.Parameter(torch.ones(3, 3))
    p.grad = torch.eye(3).to_sparse()
    with pytest.raises(TypeError, match="sparse"):
        made(o, [p]).step()


@each(WRITTEN)
@pytest.mark.parametrize("shape", [(1, 8), (8, 1), (2, 3, 4), (0, 3), (1, 1)])
def test_odd_shapes(o, shape):
    p = torch.nn.Parameter(torch.ones(shape, dtype=torch.float64))
    method = made(o, [p])
    for k in range(3):
        feed(method, [p], [torch.full(shape, 1.0 + k, dtype=torch.float64)])
    assert p.shape == shape
    assert torch.isfinite(p).all()


@each([o for o in WRITTEN if "lr" in default(o)])
def test_learning_rate_schedulers_reach_it(o):
    p = torch.nn.Parameter(torch.ones(3, 3))
    method = made(o, [p])
    scheduler = torch.optim.lr_scheduler.StepLR(method, step_size=1, gamma=0.5)
    feed(method, [p], [torch.ones(3, 3)])
    scheduler.step()
    assert method.param_groups[0]["lr"] == default(o)["lr"] * 0.5


FORWARD_MODE = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch itself calls it


@FORWARD_MODE
@each(WRITTEN)
def test_vectorised_over_a_hyperparameter_equals_single_runs(o):
    """Over learning rates; over the first other number where a method has none."""
    method = made(o, [torch.zeros(0)])
    name = "lr" if "lr" in default(o) else next(h.name for h in o.hyperparameters if h.type == "float" and not isinstance(h.default, tuple))
    rates = default(o)[name] * torch.tensor([0.5, 1.0, 1.05], dtype=torch.float64)
    generator = torch.Generator().manual_seed(3)
    start = torch.randn(3, 4, 5, dtype=torch.float64, generator=generator)
    gradients = [torch.randn(3, 4, 5, dtype=torch.float64, generator=generator) for _ in range(6)]

    def run(theta, rate, *gs):
        h = method.hyper(**{name: rate})
        state = method.init(theta, h)
        for g in gs:
            if not asks(type(method)):
                theta, state = method.apply(theta, g, state, h)
                continue
            objective = FunctionObjective(lambda xs, g=g: bowl(xs, [g]))
            objective.draw = draws()
            objective.inner = lambda gs, theta=theta: [theta - INNER_LR * gs[0]]
            here = objective.gradient([theta])[0] if evaluates(type(method)) else g
            (theta,), (state,) = method.apply_all([theta], [here], [state], [h], objective)
        return theta

    together = torch.func.vmap(run)(start, rates, *gradients)
    alone = torch.stack([run(start[i], rates[i], *(g[i] for g in gradients)) for i in range(3)])
    # differences of values over a small distance magnify their rounding
    close = {"rtol": 1e-9, "atol": 1e-9} if o.order == "zeroth" else {"rtol": 1e-12, "atol": 1e-14}
    torch.testing.assert_close(together, alone, **close)


@each(WRITTEN)
def test_what_it_refuses_is_in_the_record(o):
    refused = {r.way for r in o.implementation.refuses}
    assert refused == (set() if load(o.id).compiles else {"compile"})
    if refused:
        with pytest.raises(ValueError, match="cannot be compiled"):
            made(o, [torch.nn.Parameter(torch.ones(3, 3))], compile=True)


@each([o for o in WRITTEN if asks(load(o.id)) and load(o.id).compiles])
def test_a_rule_that_asks_takes_the_same_steps_compiled(o, monkeypatch):
    """Here the graphs run as they are; test_reference_base.py shows the other methods, and what torch.compile makes of graphs."""
    monkeypatch.setattr(load(o.id), "backend", "eager")
    torch.compile(torch.neg, backend="eager")(torch.ones(1))  # it lists torch's functions once, before some are replaced for the peers
    if evaluates(load(o.id)):
        problem = model(steps=4, shapes=MATRIX_SHAPES if o.parameter_scope.accepts == "matrices" else SHAPES)
    else:
        problem = tape(4, MATRIX_SHAPES if o.parameter_scope.accepts == "matrices" else SHAPES)
    # differences of values over a small distance magnify their rounding
    assert difference(play(o, problem, compile=True), play(o, problem)) <= (1e-8 if o.order == "zeroth" else 1e-11)


def test_the_tape_catches_a_small_mistake():
    """The yardstick itself: Adam with its eps inside the root is seen at once."""
    o = CATALOG.optimizers["adam"]
    rows = engine.problem_for(o)
    wrong = by_torch(load("adam"), {**default(o), "eps": 1.1e-2}, rows)
    assert difference(play(o, rows, eps=1e-2), wrong) > 1e-6


@FORWARD_MODE
def test_the_model_is_what_torch_makes_of_its_loss():
    """The other yardstick: closed forms of gradient and Hessian against automatic ones, and steps that look at different samples."""
    problem = model()
    vectors = [np.cos(x) for x in problem.thetas]
    tensors, along = ([torch.tensor(x) for x in xs] for xs in (problem.thetas, vectors))
    for step in range(3):
        ours, slope = problem.objective(step), torch.func.grad(lambda xs, step=step: problem.loss(step, xs))
        assert ours.value(problem.thetas) == pytest.approx(problem.loss(step, tensors).item(), rel=1e-12, abs=1e-12)
        assert difference([ours.gradient(problem.thetas)], [[x.numpy() for x in slope(tensors)]]) < 1e-12
        product = torch.func.jvp(slope, (tensors,), (along,))[1]
        assert difference([ours.hvp(problem.thetas, vectors)], [[x.numpy() for x in product]]) < 1e-12
    assert difference([ours.full_gradient(problem.thetas)], [[x.numpy() for x in torch.func.grad(problem.full)(tensors)]]) < 1e-12
    assert problem.loss(0, tensors) != problem.loss(1, tensors)
