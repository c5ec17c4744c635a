"""Second-order methods where the exact answer is known, and what they ask for: gradients of single samples, inputs and slopes of layers."""

import copy
import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from reference_impls import load
from reference_impls._layers import Watch, patches
from reference_impls._requests import ClosureObjective, FunctionObjective, draw
from tools.catalog.equations import is_executable
from tools.catalog.loader import load_catalog
from tools.measure import engine
from tools.measure.network import network
from tools.measure.players import by_second, settings
from tools.measure.tape import difference

ROOT = Path(__file__).parent.parent
SECOND = ROOT / "tests" / "second"
CATALOG, _ = load_catalog(ROOT)


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def parameters(*tensors):
    return [torch.nn.Parameter(x.clone()) for x in tensors]


def by_closure(params, closure, fisher=None):
    return ClosureObjective(params, closure, None, Counter(), None, draw, fisher)


def close(a, b, within=1e-12):
    torch.testing.assert_close(a, b, rtol=within, atol=within)


# --- the requests


def test_the_network_is_what_torch_makes_of_its_loss():
    """The yardstick: closed forms of single gradients, inputs and slopes against automatic ones, by closures and by functions."""
    problem = network()
    params = parameters(*map(torch.tensor, problem.thetas))
    seen = 0
    for step in range(2):
        ours = problem.objective(step)
        assert ours.value(problem.thetas) == pytest.approx(problem.loss(step, params).mean().item(), rel=1e-12)
        objectives = (
            by_closure(params, lambda step=step: problem.loss(step, params)),
            FunctionObjective(lambda xs, step=step: problem.loss(step, xs)),
        )
        for theirs in objectives:
            at = [p.detach() for p in params]
            assert difference([ours.gradient(problem.thetas)], [[x.numpy() for x in theirs.gradient(at)]]) < 1e-12
            assert difference([ours.per_sample(problem.thetas)], [[x.numpy() for x in theirs.per_sample(at)]]) < 1e-12
            for mine, layer in zip(ours.factors(problem.thetas), theirs.factors(at), strict=True):
                assert (mine is None) == (layer is None)
                if mine is not None:
                    close(torch.tensor(mine[0]), layer.inputs)
                    close(torch.tensor(mine[1]), layer.slopes)
                    close(torch.tensor(mine[2]), layer.whole)
                    seen += 1
            assert theirs.counts == {"gradient": 1, "per_sample": 1, "factors": 1}
    assert seen == 4 * len(problem.thetas[1:])
    whole = torch.autograd.grad(problem.full(params).mean(), params)
    assert difference([ours.full_gradient(problem.thetas)], [[g.numpy() for g in whole]]) < 1e-12


@pytest.mark.parametrize(
    "how", [{}, {"stride": 2}, {"padding": (1, 2)}, {"dilation": 2}, {"padding": "same"}, {"stride": (2, 1), "padding": 1}]
)
def test_patches_are_what_a_convolution_multiplies(how):
    kernel = (3, 3) if how.get("padding") == "same" else (3, 2)  # torch warns of even lengths, which it copies for
    images, weight = normal(3, 2, 7, 6), normal(4, 2, *kernel, seed=1)
    seen = patches(images, weight.shape[2:], **how)
    close(seen @ weight.reshape(4, -1).T, functional.conv2d(images, weight, **how).flatten(2).mT)
    if not isinstance(how.get("padding"), str):
        close(seen, functional.unfold(images, (3, 2), **how).mT)


@pytest.mark.parametrize(
    ("convolution", "shape", "kernel"), [(functional.conv1d, (5, 2, 8), (3, 2, 3)), (functional.conv3d, (2, 2, 4, 5, 4), (3, 2, 2, 3, 2))]
)
def test_slopes_times_inputs_are_the_gradient(convolution, shape, kernel):
    """Of any number of axes, with a bias, and where the closure calls backward itself; p.grad stays what it was."""
    images = normal(*shape)
    weight, bias = params = parameters(normal(*kernel, seed=1), normal(kernel[0], seed=2))
    weight.grad = kept = torch.ones_like(weight)

    def closure():
        loss = convolution(images, weight, bias, stride=2, padding=1).square().flatten(1).sum(1).mean()
        loss.backward()
        return loss

    objective = by_closure(params, closure)
    layer, own = objective.factors([p.detach() for p in params])
    wanted = objective.gradient([p.detach() for p in params])
    close(torch.einsum("npo,npi->oi", layer.slopes, layer.inputs).reshape(kernel) / shape[0], wanted[0])
    close(torch.einsum("npo,npi->oi", own.slopes, own.inputs).flatten() / shape[0], wanted[1])
    assert weight.grad is kept
    assert bias.grad is None


def test_a_weight_used_twice_has_twice_the_places_and_other_tensors_no_layer():
    x = normal(6, 3)
    weight, scale, grouped = params = parameters(normal(3, 3, seed=1), normal(3, seed=2), normal(4, 1, 2, seed=3))

    def closure():
        once = torch.tanh(functional.linear(x, weight))
        twice = functional.linear(once, weight) * scale
        maps = functional.conv1d(x.reshape(2, 3, 3)[:, :2], grouped, groups=2)
        return (twice.square().sum() + maps.square().sum()) / 6

    objective = by_closure(params, closure)
    layer, *rest = objective.factors([p.detach() for p in params])
    assert rest == [None, None]
    assert layer.inputs.shape == (6, 2, 3)
    close(torch.einsum("npo,npi->oi", layer.slopes, layer.inputs) / 6, objective.gradient([p.detach() for p in params])[0])


def test_a_watch_leaves_the_loss_as_it_is():
    x, params = normal(4, 3), parameters(normal(2, 3, seed=1))
    with Watch(params) as watch:
        seen = functional.linear(x, params[0])
    assert torch.equal(seen, functional.linear(x, params[0]))
    assert len(watch.calls) == 1


def test_drawn_targets_make_the_fisher_matrix_and_the_data_the_gradient():
    x, y, drawn = normal(8, 3), normal(8, 2, seed=1), normal(8, 2, seed=2)
    weight, *_ = params = parameters(normal(2, 3, seed=3))

    def losses(target):
        return (functional.linear(x, weight) - target).square().sum(1) / 2

    method = load("k-fac")(params, lr=0.1, damping=0.01)
    before = weight.detach().clone()
    method.step(lambda: losses(y), fisher=lambda: losses(drawn))
    error = before @ x.T - drawn.T
    close(method.state[weight]["gg"], error @ error.T / 8)
    close(method.state[weight]["aa"], x.T @ x / 8)
    assert method.evaluations == {"gradient": 1, "factors": 1}
    single = load("natural-gradient")(parameters(before), lr=0.1, damping=0.01)
    single.step(lambda: (functional.linear(x, single.param_groups[0]["params"][0]) - y).square().sum(1) / 2)
    assert single.evaluations == {"gradient": 1, "per_sample": 1}


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_layers_are_seen_in_a_vectorised_run():
    x, weights = normal(6, 5), normal(3, 4, 5, seed=1)

    def slopes(weight):
        objective = FunctionObjective(lambda xs: torch.tanh(functional.linear(x, xs[0])).sum(1))
        return objective.factors([weight])[0].slopes

    close(torch.func.vmap(slopes)(weights), torch.stack([slopes(w) for w in weights]))


# --- exact answers


def test_k_fac_is_the_natural_gradient_of_a_linear_model_with_gaussian_outputs():
    """Its Fisher matrix is a Kronecker product: E[a aᵀ] and the identity. Targets on both sides along each axis have that covariance."""
    x, y = normal(9, 4), normal(9, 3, seed=1)
    start, outputs = normal(3, 4, seed=2), 3
    sides = torch.cat((torch.eye(outputs), -torch.eye(outputs))).double() * outputs**0.5
    inputs = x.repeat_interleave(2 * outputs, 0)
    targets = (x @ start.T).repeat_interleave(2 * outputs, 0) + sides.repeat(len(x), 1)
    moment = x.T @ x / len(x)
    fisher = torch.kron(torch.eye(outputs, dtype=torch.float64), moment)
    for id, damping, within in (("k-fac", 1e-24, 1e-9), ("natural-gradient", 1e-6, 1e-4)):
        (weight,) = params = parameters(start)
        method = load(id)(params, lr=1.0, damping=damping)
        method.step(
            lambda weight=weight: (functional.linear(x, weight) - y).square().sum(1) / 2,
            fisher=lambda weight=weight: (functional.linear(inputs, weight) - targets).square().sum(1) / 2,
        )
        gradient = (start @ x.T - y.T) @ x / len(x)
        close((start - weight.detach()).flatten(), torch.linalg.solve(fisher, gradient.flatten()), within)
        # of a least-squares problem the natural step of length 1 is the solution
        close(weight.detach(), torch.linalg.lstsq(x, y).solution.T, within)


def test_convolution_factors_are_those_of_the_unrolled_linear_layer():
    images, goal = normal(5, 2, 6, 6), normal(5, 9, 4, seed=1)
    start = normal(4, 2, 3, 3, seed=2)
    unrolled = functional.unfold(images, (3, 3), stride=2, padding=1).mT
    steps = []
    for forward in (lambda w: functional.conv2d(images, w, stride=2, padding=1).flatten(2).mT, lambda w: functional.linear(unrolled, w)):
        (weight,) = params = parameters(start.reshape(4, -1) if steps else start)
        method = load("k-fac")(params, lr=0.1, damping=0.1)
        for _ in range(4):
            method.step(lambda weight=weight, forward=forward: (torch.tanh(forward(weight)) - goal).square().flatten(1).sum(1))
        steps.append((weight.detach().reshape(4, -1), method.state[weight]["aa"], method.state[weight]["gg"]))
    for ours, theirs in zip(*steps, strict=True):
        close(ours, theirs)
    assert not torch.allclose(steps[0][0], start.reshape(4, -1))


def test_without_a_layer_adafisher_shrinks_by_the_stated_factor():
    o = CATALOG.optimizers["adafisher"]
    assert o.weight_decay.shrink == "1 - lr*weight_decay"
    x = torch.nn.Parameter(torch.tensor([2.0, -3.0], dtype=torch.float64))
    load("adafisher")([x], lr=0.05, weight_decay=0.1).step(lambda: (0 * x).sum())
    close(x.detach(), torch.tensor([2.0, -3.0], dtype=torch.float64) * (1 - 0.05 * 0.1))


def test_a_bias_beside_a_weight_is_a_block_of_its_own():
    """What K-FAC and AdaFisher keep of a layer with both: NumPy by hand on a network of two layers, where slopes go through the second."""
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
    start = [rng.standard_normal(s) for s in ((4, 3), (4,), (2, 4), (2,))]

    class Objective:
        def factors(self, thetas):
            w1, b1, w2, b2 = thetas
            hidden = np.tanh(x @ w1.T + b1)
            back = hidden @ w2.T + b2 - y
            deeper = back @ w2 * (1 - hidden**2)
            ones = np.ones((7, 1, 1))
            found = []
            for inputs, slopes in ((x, deeper), (hidden, back)):
                inputs, slopes = inputs[:, None], slopes[:, None]
                whole = np.concatenate((inputs, ones), axis=2)
                found += [(inputs, slopes, whole), (ones, slopes, whole)]
            return found

        def gradient(self, thetas):
            rows = zip(self.factors(thetas), thetas, strict=True)
            return [np.einsum("npo,npi->oi", slopes, inputs).reshape(theta.shape) / 7 for (inputs, slopes, _), theta in rows]

    inputs, target = torch.tensor(x), torch.tensor(y)
    adafisher = {"lr": 0.01, "beta": 0.7, "damping": 0.1, "gammas": (0.6, 0.5), "update_interval": 2, "weight_decay": 0.1}
    for id, hyper in (("k-fac", {"lr": 0.1, "damping": 0.1, "decay": 0.6}), ("adafisher", adafisher)):
        params = parameters(*map(torch.tensor, start))
        method = load(id)(params, **hyper)
        path = []
        for _ in range(6):
            method.step(lambda p=params: (two_layers(inputs, *p) - target).square().sum(1) / 2)
            path.append([p.detach().numpy().copy() for p in params])
        assert difference(path, list(second(id).steps(start, [Objective()] * 6, None, **hyper))) < 1e-12


def two_layers(x, w1, b1, w2, b2):
    return functional.linear(torch.tanh(functional.linear(x, w1, b1)), w2, b2)


def second(id):
    path = SECOND / f"{id.replace('-', '_')}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_natural_gradient_does_not_see_how_a_linear_model_is_parametrised():
    """Weights W or V with W = V M: the same predictions after a step, apart from the damping; of plain steps they are far apart."""
    x, y, start, mixed = normal(40, 3), normal(40, 2, seed=1), normal(2, 3, seed=2), normal(3, 3, seed=3)
    assert torch.linalg.cond(mixed) > 3
    gaps = {}
    for id, hyper in (("natural-gradient", {"lr": 0.5, "damping": 1e-7}), ("sgd", {"lr": 0.05})):
        plain, turned = parameters(start, start @ torch.linalg.inv(mixed))
        methods = load(id)([plain], **hyper), load(id)([turned], **hyper)
        for _ in range(3):
            methods[0].step(lambda plain=plain: (x @ plain.T - y).square().sum(1) / 2)
            methods[1].step(lambda turned=turned: (x @ (turned @ mixed).T - y).square().sum(1) / 2)
        gaps[id] = float((plain - turned @ mixed).detach().abs().max())
    assert gaps["natural-gradient"] < 1e-5
    assert gaps["sgd"] > 1e-2


def test_l_bfgs_ends_on_a_quadratic_in_as_many_steps_as_it_has_dimensions():
    """With exact steps along its directions and all pairs kept, as the theory of BFGS has it; the gradient is then gone."""
    root, b = normal(6, 6), normal(6, seed=1)
    hessian = root @ root.T + torch.eye(6, dtype=torch.float64)
    p = torch.nn.Parameter(torch.zeros(6, dtype=torch.float64))
    method = load("l-bfgs")([p], lr=1.0, history_size=6)

    def gradient():
        return hessian @ p.detach() - b

    lengths = []
    for _ in range(6):
        trial = copy.deepcopy(method)
        trial.param_groups[0]["lr"] = 1.0
        (q,) = trial.param_groups[0]["params"]
        q.grad = gradient()
        trial.step()
        direction = (q - p).detach()
        method.param_groups[0]["lr"] = float(-(gradient() @ direction) / (direction @ hessian @ direction))
        p.grad = gradient()
        method.step()
        lengths.append(float(gradient().norm()))
    assert lengths[-1] < 1e-9 < lengths[-2]


def test_l_bfgs_takes_torchs_steps_on_a_loss():
    """With a closure, over several tensors, down to the minimum."""
    root, b = normal(6, 6), normal(6, seed=1)
    hessian = root @ root.T + torch.eye(6, dtype=torch.float64)

    def loss(p):
        x = torch.cat([v.flatten() for v in p])
        return x @ hessian @ x / 2 - b @ x + (x**4).sum() / 40

    start = normal(2, seed=2), normal(2, 2, seed=3)
    ours, theirs = parameters(*start), parameters(*start)
    method = load("l-bfgs")(ours, lr=0.8, history_size=4)
    peer = torch.optim.LBFGS(theirs, lr=0.8, history_size=4, max_iter=1, tolerance_grad=0, tolerance_change=0)

    def closure():
        peer.zero_grad()
        value = loss(theirs)
        value.backward()
        return value

    for _ in range(40):
        method.step(lambda: loss(ours))
        peer.step(closure)
        for a, c in zip(ours, theirs, strict=True):
            close(a.detach(), c.detach(), 1e-9)
    assert torch.autograd.grad(loss(ours), ours)[0].abs().max() < 1e-6


def test_l_bfgs_points_where_optax_does_from_the_second_pair_on():
    """At the same points of a convex loss, where no pair is left out; only the first direction is scaled otherwise there."""
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    jax.config.update("jax_enable_x64", True)
    root = normal(7, 7)
    hessian = root @ root.T + torch.eye(7, dtype=torch.float64)
    p = torch.nn.Parameter(normal(7, seed=1))
    method, peer = load("l-bfgs")([p], lr=0.5, history_size=3), optax.scale_by_lbfgs(memory_size=3)
    state, update = peer.init(jax.numpy.asarray(p.detach().numpy())), jax.jit(peer.update)
    compared = 0
    for step in range(7):
        p.grad = hessian @ p.detach()
        direction, state = update(jax.numpy.asarray(p.grad.numpy()), state, jax.numpy.asarray(p.detach().numpy()))
        method.step()
        if step:
            close(method.state[p]["d"] / -0.5, torch.tensor(np.asarray(direction)), 1e-8)
            compared += 1
    assert compared == 6


def test_psgd_kron_makes_gradients_white():
    """Gradients with unequal rows and columns, and a product of covariances: preconditioned, all directions are about as large."""
    left, right = torch.diag(torch.tensor([3.0, 1.0, 0.1])).double(), torch.diag(torch.tensor([0.2, 2.0])).double()
    p = torch.nn.Parameter(torch.zeros(3, 2, dtype=torch.float64))
    method = load("psgd-kron")([p], lr=0.0, momentum=0.0, precondition_lr=0.02)
    torch.manual_seed(0)
    raw, made = [], []
    for step in range(1500):
        p.grad = left @ normal(3, 2, seed=step) @ right
        method.step()
        if step >= 1000:
            q_left, q_right = method.state[p]["q_left"], method.state[p]["q_right"]
            raw.append(p.grad.flatten())
            made.append((q_left.T @ q_left @ p.grad @ q_right.T @ q_right).flatten())
    spread = [float(torch.linalg.cond(torch.stack(rows).T.cov())) for rows in (raw, made)]
    assert spread[0] > 1e4
    assert spread[1] < 10


# --- the second writings


@pytest.mark.parametrize("id", ["l-bfgs", "ml-bfgs", "natural-gradient", "k-fac", "adafisher"])
def test_file_and_second_writing_take_the_same_steps(id):
    o = CATALOG.optimizers[id]
    assert not is_executable(o), "then its equations are the second writing"
    seen = engine.equations(o)
    assert (seen["verdict"], seen["settings"]) == ("agrees", len(settings(o))), seen
    problem = engine.problem_for(o)
    ends = by_second(SECOND / f"{id.replace('-', '_')}.py", settings(o)[1], problem)[-1]
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(ends, problem.thetas, strict=True)), "every tensor has moved"
