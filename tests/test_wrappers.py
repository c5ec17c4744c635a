"""Wrappers around optimizers with a state of their own: the generic tests see them around plain SGD."""

import copy
import warnings

import pytest
import pytorch_optimizer
import torch

from reference_impls import Adafactor, Adam, Rprop
from reference_impls.wrappers.asam import ASAM
from reference_impls.wrappers.gsam import GSAM
from reference_impls.wrappers.lookahead import Lookahead
from reference_impls.wrappers.sam import SAM
from tools.measure.model import model
from tools.measure.players import take
from tools.measure.tape import difference

INNER = [torch.optim.Adam, lambda ps, lr: torch.optim.SGD(ps, lr, momentum=0.9, nesterov=True), Adam, Rprop, Adafactor]
IDS = ["torch-adam", "torch-sgd", "adam", "rprop", "adafactor"]


def walk(make, steps=12, problem=None):
    """The path on the model of the optimizer that `make` puts together for its parameters; the optimizer too."""
    problem = problem or model()
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    optimizer, path = make(parameters), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of graphs that are kept
        for step in range(steps):
            take(optimizer, parameters, problem, step)
            path.append([p.detach().numpy().copy() for p in parameters])
    return path, optimizer


@pytest.mark.parametrize("wrap", [lambda o: SAM(o, rho=0.0), lambda o: ASAM(o, rho=0.0), lambda o: Lookahead(o, k=3, alpha=1.0)])
@pytest.mark.parametrize("inner", INNER, ids=IDS)
def test_at_its_limit_it_is_the_wrapped_method(wrap, inner):
    wrapped, _ = walk(lambda ps: wrap(inner(ps, lr=0.01)))
    plain, _ = walk(lambda ps: inner(ps, lr=0.01))
    assert difference(wrapped, plain) <= 1e-12


@pytest.mark.parametrize("inner", [torch.optim.Adam, torch.optim.NAdam, torch.optim.RMSprop])
@pytest.mark.parametrize(
    ("ours", "theirs"), [(SAM, {"adaptive": False}), (lambda o, rho: ASAM(o, rho=rho, eta=0.0), {"adaptive": True})], ids=["sam", "asam"]
)
def test_a_climb_around_an_optimizer_with_state_is_the_peers(inner, ours, theirs):
    path, wrapper = walk(lambda ps: ours(inner(ps, lr=0.01), rho=0.2))
    peer, _ = walk(lambda ps: pytorch_optimizer.SAM(ps, inner, rho=0.2, lr=0.01, perturb_eps=1e-30, **theirs))
    plain, _ = walk(lambda ps: inner(ps, lr=0.01))
    assert difference(path, peer) <= 1e-6  # it takes the norm of the whole model in float32
    assert difference(path, plain) > 1e-4
    assert wrapper.evaluations == {"gradient": 24}


def test_the_wrapped_method_gets_the_gradient_of_the_higher_point():
    seen = []
    inner = torch.optim.SGD

    class Spy(inner):
        def step(self, closure=None):
            seen.append([p.grad.numpy().copy() for g in self.param_groups for p in g["params"]])
            return super().step(closure)

    problem = model()
    walk(lambda ps: GSAM(Spy(ps, lr=0.1), rho=0.3, alpha=0.5), steps=1)
    objective = problem.objective(0)
    g = objective.gradient(problem.thetas)
    length = sum((x**2).sum() for x in g) ** 0.5
    sharp = objective.gradient([x + 0.3 * d / length for x, d in zip(problem.thetas, g, strict=True)])
    share = sum((a * b).sum() for a, b in zip(g, sharp, strict=True)) / sum((b**2).sum() for b in sharp)
    wanted = [b - 0.5 * (a - share * b) for a, b in zip(g, sharp, strict=True)]
    assert difference(seen, [wanted]) <= 1e-12
    across = [b - w for b, w in zip(sharp, wanted, strict=True)]
    assert abs(sum((a * b).sum() for a, b in zip(across, sharp, strict=True))) <= 1e-12 * length**2


@pytest.mark.parametrize("wrap", [SAM, ASAM, lambda o: GSAM(o, rho=0.2)], ids=["sam", "asam", "gsam"])
def test_it_resumes_with_the_state_of_what_it_wraps(wrap):
    problem = model()
    path, wrapper = walk(lambda ps: wrap(torch.optim.Adam(ps, lr=0.01)), steps=6)
    saved = copy.deepcopy(wrapper.state_dict())
    start = [torch.nn.Parameter(torch.tensor(x)) for x in path[-1]]
    resumed = wrap(torch.optim.Adam(start, lr=0.5))
    resumed.load_state_dict(saved)
    take(resumed, start, problem, 6)
    whole, _ = walk(lambda ps: wrap(torch.optim.Adam(ps, lr=0.01)), steps=7)
    assert difference([[p.detach().numpy() for p in start]], whole[-1:]) == 0


def test_a_scheduler_of_the_wrapped_method_reaches_the_steps():
    def halving(ps):
        inner = torch.optim.SGD(ps, lr=0.2)
        wrapper, scheduler = SAM(inner), torch.optim.lr_scheduler.StepLR(inner, step_size=1, gamma=0.5)
        wrapper.register_step_post_hook(lambda *_: scheduler.step())
        return wrapper

    def by_hand(ps):
        wrapper = SAM(torch.optim.SGD(ps, lr=0.2))
        wrapper.register_step_post_hook(lambda *_: wrapper.inner.param_groups[0].update(lr=wrapper.inner.param_groups[0]["lr"] / 2))
        return wrapper

    path, wrapper = walk(halving, steps=3)
    assert wrapper.inner.param_groups[0]["lr"] == 0.025
    assert difference(path, walk(by_hand, steps=3)[0]) == 0
    assert difference(path, walk(lambda ps: SAM(torch.optim.SGD(ps, lr=0.2)), steps=3)[0]) > 1e-3
