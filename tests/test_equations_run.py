"""The catalog's equations, run: finite on a bowl, right where a closed form is known, and equal to a second writing of the papers."""

import math
from pathlib import Path

import numpy as np
import pytest

from tools.algebra import parse_equation
from tools.algebra.run import Program
from tools.algebra.tree import Call
from tools.catalog.equations import is_executable, program, scoped
from tools.catalog.loader import load_catalog
from tools.catalog.schema import Kind, admits

CATALOG = load_catalog(Path(__file__).parent.parent)[0]
EXECUTABLE = sorted(i for i, o in CATALOG.optimizers.items() if is_executable(o))
CANDIDATES = (0.01, 0.1, 0.5, 1, 2, 10, 100)


class Bowl:
    """f = sum of c*(x - a)**2/2 with its own c and a for each entry."""

    def __init__(self, thetas):
        rng = np.random.default_rng(3)
        self.c = [rng.uniform(0.5, 2, x.shape) for x in thetas]
        self.a = [rng.standard_normal(x.shape) for x in thetas]

    def value(self, thetas):
        return sum(float((c * (x - a) ** 2).sum()) / 2 for c, a, x in zip(self.c, self.a, thetas, strict=True))

    def gradient(self, thetas):
        return [c * (x - a) for c, a, x in zip(self.c, self.a, thetas, strict=True)]

    full_gradient = gradient

    def hvp(self, thetas, vectors):
        return [c * v for c, v in zip(self.c, vectors, strict=True)]


def parameters(method):
    """A matrix and, where the method takes them, a 4-axis tensor, a vector and a single number."""
    rng = np.random.default_rng(5)
    matrices = CATALOG.optimizers[method].parameter_scope.accepts == "matrices"
    shapes = [(4, 6), (5, 3)] if matrices else [(4, 6), (3, 2, 2, 3), (5,), ()]
    return [rng.standard_normal(s) for s in shapes]


def in_range(h):
    """A value for a hyperparameter that has no default."""
    if h.name == "lr":
        return 0.01
    return next(v for v in CANDIDATES if admits(h.range, v) and (h.type != "int" or isinstance(v, int)))


def settings_of(method):
    """What must be set: hyperparameters without a default, and a rank that the small matrices have."""
    o = CATALOG.optimizers[method]
    chosen = {h.name: in_range(h) for h in o.hyperparameters if h.default is None}
    return chosen | {h.name: 2 for h in o.hyperparameters if h.name == "rank"}


def made(method, thetas, **settings):
    o = CATALOG.optimizers[method]
    inner = (lambda thetas, gradients, t: [-0.1 * g for g in gradients]) if o.kind is Kind.WRAPPER else None
    return program(o, settings_of(method) | settings, objective=Bowl(thetas), inner=inner)


def walk(method, gradients, theta=None, **settings):
    """All values of theta, the first one included, for a tape of gradients of one tensor."""
    thetas = [np.zeros_like(gradients[0]) if theta is None else theta]
    run = made(method, thetas, **settings)
    path = [thetas[0]]
    for g in gradients:
        thetas = run.step(thetas, [g])
        path.append(thetas[0])
    return path


def tape(steps=30, shape=(4, 3)):
    """Ordinary gradients, zeros, tiny and large ones."""
    rng = np.random.default_rng(11)
    return [scale * rng.standard_normal(shape) for _, scale in zip(range(steps), [1, 1, 0, 1e-6, 1e3] * steps, strict=False)]


def close(found, wanted, rtol=1e-12):
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-14)


def test_most_methods_run():
    assert len(EXECUTABLE) >= 42


# --- every method


@pytest.mark.parametrize("method", EXECUTABLE)
def test_twenty_steps_on_a_bowl_stay_finite(method):
    thetas = parameters(method)
    run = made(method, thetas)
    shapes = [x.shape for x in thetas]
    for _ in range(20):
        before = thetas
        thetas = run.step(thetas, run.objective.gradient(thetas))
        assert [x.shape for x in thetas] == shapes
        assert all(np.isfinite(x).all() and x.dtype == np.float64 for x in thetas)
    assert all(x is None or np.isfinite(x).all() for row in run.memory.values() for x in row)
    assert any(not np.array_equal(x, y) for x, y in zip(before, thetas, strict=True))
    assert run.t == 20


@pytest.mark.parametrize("method", EXECUTABLE)
def test_a_second_run_repeats_the_first(method):
    def path():
        thetas = parameters(method)
        run = made(method, thetas)
        for _ in range(4):
            thetas = run.step(thetas, run.objective.gradient(thetas))
        return thetas

    assert all(map(np.array_equal, path(), path()))


def couples(method):
    """Whether a step of one tensor depends on the others: a function of the whole model or a random draw."""
    functions = {n.function for e, _ in scoped(CATALOG.optimizers[method]) for n in e.walk() if isinstance(n, Call)}
    return bool(functions & {"total", "rademacher", "gaussian", "gaussian_matrix"})


@pytest.mark.parametrize("method", [m for m in EXECUTABLE if not couples(m)])
def test_tensors_do_not_touch_each_other(method):
    thetas = parameters(method)
    together, alone = made(method, thetas), made(method, thetas[:1])
    alone.objective.c, alone.objective.a = together.objective.c[:1], together.objective.a[:1]
    one = thetas[:1]
    for _ in range(5):
        thetas = together.step(thetas, together.objective.gradient(thetas))
        one = alone.step(one, alone.objective.gradient(one))
        assert np.array_equal(thetas[0], one[0])


SHRINKS = sorted(m for m in EXECUTABLE if (w := CATALOG.optimizers[m].weight_decay) and w.shrink)


@pytest.mark.parametrize("method", SHRINKS)
def test_the_first_step_without_a_gradient_shrinks_by_the_stated_factor(method):
    o = CATALOG.optimizers[method]
    theta = parameters(method)[0]
    visible = {"weight_decay": 0.1, "lr": 0.05}
    chosen = settings_of(method) | {h.name: visible[h.name] for h in o.hyperparameters if h.name in visible}
    factor = Program([(parse_equation(f"theta[t] = {o.weight_decay.shrink}"), "all")], [], program(o, chosen).hyper)
    run = made(method, [theta], **chosen)
    wanted = factor.step([np.zeros(())], [np.zeros(())])[0] * theta
    close(run.step([theta], [np.zeros_like(theta)])[0], wanted)


# --- closed forms

G = np.array([3.0, -0.5, 1e-3])


def test_sgd_is_a_sum_of_gradients():
    close(walk("sgd", [G] * 3, lr=0.1, momentum=0.0)[-1], -0.3 * G)
    heavy = walk("sgd", [G] * 4, lr=0.1, momentum=0.5)
    close(heavy[-1], -0.1 * (1 + 1.5 + 1.75 + 1.875) * G)  # v is 1, 1 + 1/2, ...
    decayed = walk("sgd", [0 * G] * 3, theta=G, lr=0.1, momentum=0.0, weight_decay=0.5)
    close(decayed[-1], 0.95**3 * G)


@pytest.mark.parametrize("method", ["adam", "adamw", "adamax", "nadam", "amsgrad", "adabelief", "yogi"])
def test_a_constant_gradient_gives_steps_in_its_direction(method):
    settings = {"lr": 0.1, "eps": 0.0} | ({"weight_decay": 0.0} if method == "adamw" else {})
    if method == "yogi":
        settings["initial_accumulator"] = 0.0
    path = walk(method, [G] * 3, **settings)
    assert (np.sign(path[1]) == -np.sign(G)).all()
    if method in ("adam", "adamw", "adamax"):  # the corrected means are g and g**2, or the largest |g|
        close(np.diff(path, axis=0), [-0.1 * np.sign(G)] * 3, rtol=1e-9)
    if method == "amsgrad":  # without correction: (1 - 0.9)/sqrt(1 - 0.999) at first
        close(path[1], -0.1 * 0.1 / math.sqrt(0.001) * np.sign(G), rtol=1e-9)


def test_adagrad_divides_by_the_root_of_the_number_of_steps():
    path = walk("adagrad", [G] * 50, lr=0.1, eps=0.0)
    close(path[-1], -0.1 * np.sign(G) * sum(1 / math.sqrt(k) for k in range(1, 51)))


def test_rmsprop_knows_the_mean_square_of_a_constant():
    path = walk("rmsprop", [G] * 3, lr=0.1, alpha=0.9, eps=0.0)
    close(path[-1], -0.1 * np.sign(G) * sum(1 / math.sqrt(1 - 0.9**k) for k in (1, 2, 3)))


def test_lion_steps_by_signs_and_decays():
    close(walk("lion", [G] * 5, lr=0.1, weight_decay=0.0)[-1], -0.5 * np.sign(G))
    theta = np.array([2.0, 2.0, 2.0])
    close(walk("lion", [G], theta=theta, lr=0.1, weight_decay=0.3)[-1], theta - 0.1 * (np.sign(G) + 0.3 * theta))
    turned = walk("lion", [G] * 40 + [-G], lr=0.1, weight_decay=0.0)  # the average outweighs one gradient
    close(turned[-1], -4.1 * np.sign(G))


def test_rprop_grows_and_shrinks_its_steps():
    h = {x.name: x.default for x in CATALOG.optimizers["rprop"].hyperparameters}
    shrink, grow = h["etas"]
    path = walk("rprop", [G, G, G, -G, -G], lr=0.01)
    steps = -np.diff(path, axis=0) * np.sign(G)
    close(steps[:3], np.outer([0.01, 0.01 * grow, 0.01 * grow**2], np.ones(3)))
    close(steps[3], -steps[2])  # a changed sign takes the last step back
    close(steps[4], np.full(3, -0.01 * grow**2 * shrink))


def test_sam_looks_uphill_before_it_steps():
    theta = np.array([1.0, -2.0, 0.5])
    run = made("sam", [theta], rho=0.2)  # the inner step is -0.1*g
    g = run.objective.gradient([theta])[0]
    uphill = theta + 0.2 * g / np.linalg.norm(g)
    close(run.step([theta], [g])[0], theta - 0.1 * run.objective.gradient([uphill])[0])


def test_lookahead_returns_to_its_slow_weights():
    theta = np.zeros(3)
    path = walk("lookahead", [G] * 10, theta=theta, k=5, alpha=0.5)  # the inner step is -0.1*g
    close(path[4], -0.4 * G)
    close(path[5], -0.25 * G)
    close(path[10], -0.5 * G)


def test_muon_steps_along_the_polar_factor():
    theta, g = np.zeros((4, 6)), np.random.default_rng(1).standard_normal((4, 6))
    coefficients = (1.5, -0.5, 0.0)  # these converge to the polar factor; the method's own only come near
    run = made("muon", [theta], lr=0.1, ns_coefficients=coefficients, ns_steps=60, weight_decay=0.0)
    u, _, vt = np.linalg.svd(g, full_matrices=False)
    close(run.step([theta], [g])[0], -0.1 * u @ vt, rtol=1e-9)


def test_shampoo_whitens_a_gradient():
    theta, g = np.zeros((3, 3)), np.random.default_rng(2).standard_normal((3, 3))
    run = made("shampoo", [theta], lr=0.1, eps=1e-12)
    u, _, vt = np.linalg.svd(g)
    close(run.step([theta], [g])[0], -0.1 * u @ vt, rtol=1e-6)  # (GGᵀ)^(-1/4) G (GᵀG)^(-1/4) = UVᵀ


@pytest.mark.parametrize("method", ["adamp", "sgdp"])
def test_the_projection_sees_channels(method):
    """A gradient across each channel of a 4-axis tensor is tangential, so the projected step leaves out what points along it."""
    rng = np.random.default_rng(4)
    theta = rng.standard_normal((3, 2, 2, 3))
    flat = theta.reshape(3, -1)
    g = rng.standard_normal((3, 12))
    g -= (g * flat).sum(1, keepdims=True) / (flat**2).sum(1, keepdims=True) * flat
    run = made(method, [theta], lr=0.1, weight_decay=0.0)
    run.step([theta], [g.reshape(theta.shape)])
    assert run.latest["by_channel"][0] == 1
    assert run.latest["cos_channel"][0].shape == (3, 1, 1, 1)
    unit = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    p = run.latest["p"][0].reshape(3, -1)
    close(run.latest["q"][0].reshape(3, -1), p - unit * (unit * p).sum(1, keepdims=True), rtol=1e-6)
    along = made(method, [theta], lr=0.1, weight_decay=0.0)
    along.step([theta], [theta])  # a gradient along the weights is left as it is
    assert along.latest["by_channel"][0] == along.latest["by_layer"][0] == 0
    assert np.array_equal(along.latest["q"][0], along.latest["p"][0])


def test_the_threshold_counts_the_entries_of_a_channel():
    theta = np.ones((2, 3, 4))  # 12 entries a channel
    limit = 0.1 / math.sqrt(12)
    for cosine, inside in ((limit * 0.99, 1), (limit * 1.01, 0)):
        across = np.tile([1.0, -1.0], 12).reshape(theta.shape)
        g = cosine * theta + math.sqrt(1 - cosine**2) * across
        run = made("sgdp", [theta], lr=0.1)
        run.step([theta], [g])
        assert run.latest["by_channel"][0] == inside


# --- a second writing, from the papers


def adam(theta, tape_, lr, b1, b2, eps):
    """Kingma & Ba, Algorithm 1."""
    m = v = 0
    for t, g in enumerate(tape_, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        theta = theta - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        yield theta


def adamw(theta, tape_, lr, b1, b2, eps, decay):
    """Loshchilov & Hutter, Algorithm 2, with the decay times lr."""
    m = v = 0
    for t, g in enumerate(tape_, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        theta = theta * (1 - lr * decay) - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        yield theta


def rmsprop(theta, tape_, lr, alpha, eps):
    """Tieleman & Hinton, lecture 6.5."""
    mean_square = 0
    for g in tape_:
        mean_square = alpha * mean_square + (1 - alpha) * g**2
        theta = theta - lr * g / (mean_square**0.5 + eps)
        yield theta


def adadelta(theta, tape_, rho, eps):
    """Zeiler, Algorithm 1."""
    grads = deltas = np.zeros_like(theta)
    for g in tape_:
        grads = rho * grads + (1 - rho) * g * g
        delta = -np.sqrt(deltas + eps) / np.sqrt(grads + eps) * g
        deltas = rho * deltas + (1 - rho) * delta * delta
        theta = theta + delta
        yield theta


def nesterov(theta, tape_, lr, mu, decay):
    """Sutskever et al. in the form of Bengio et al., with the decay in the gradient; the velocity without lr."""
    velocity = np.zeros_like(theta)
    for g in tape_:
        g = g + decay * theta
        velocity = mu * velocity + g
        theta = theta - lr * (g + mu * velocity)
        yield theta


def lion(theta, tape_, lr, b1, b2, decay):
    """Chen et al., Algorithm 2."""
    m = np.zeros_like(theta)
    for g in tape_:
        update = np.sign(b1 * m + (1 - b1) * g)
        m = b2 * m + (1 - b2) * g
        theta = theta - lr * (update + decay * theta)
        yield theta


WRITTEN_TWICE = [
    ("adam", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 0.1}, adam, (0.01, 0.8, 0.95, 0.1)),
    ("adam", {}, adam, (1e-3, 0.9, 0.999, 1e-8)),
    ("adamw", {"lr": 0.02, "betas": (0.7, 0.9), "eps": 0.01, "weight_decay": 0.2}, adamw, (0.02, 0.7, 0.9, 0.01, 0.2)),
    ("rmsprop", {"lr": 0.03, "alpha": 0.8, "eps": 0.1}, rmsprop, (0.03, 0.8, 0.1)),
    ("adadelta", {"rho": 0.9, "eps": 1e-3}, adadelta, (0.9, 1e-3)),
    ("sgd", {"lr": 0.05, "momentum": 0.7, "nesterov": True, "weight_decay": 0.1}, nesterov, (0.05, 0.7, 0.1)),
    ("lion", {"lr": 0.01, "betas": (0.6, 0.9), "weight_decay": 0.3}, lion, (0.01, 0.6, 0.9, 0.3)),
]


@pytest.mark.parametrize(("method", "settings", "second", "arguments"), WRITTEN_TWICE, ids=[f"{m}-{len(s)}" for m, s, *_ in WRITTEN_TWICE])
@pytest.mark.parametrize("shape", [(), (7,), (4, 3), (3, 2, 3, 3)])
def test_the_equations_agree_with_a_second_writing(method, settings, second, arguments, shape):
    gradients = tape(shape=shape)
    theta = np.random.default_rng(6).standard_normal(shape)
    found = walk(method, gradients, theta=theta, **settings)[1:]
    wanted = list(second(theta, gradients, *arguments))
    assert len(found) == len(wanted) == 30
    for x, y in zip(found, wanted, strict=True):
        close(x, y, rtol=1e-10)
