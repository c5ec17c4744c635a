"""Zeroth-order methods that the algebra cannot say: the PyTorch file against a NumPy writing of its own, with the same random numbers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from reference_impls import load
from tools.catalog.equations import is_executable
from tools.catalog.hashes import second_writing
from tools.catalog.loader import load_catalog
from tools.measure import engine
from tools.measure.model import model
from tools.measure.players import by_second, by_torch, settings, stream
from tools.measure.tape import difference

ROOT = Path(__file__).parent.parent
CATALOG, _ = load_catalog(ROOT)
IDS = ["fzoo", "lezo"]


@pytest.mark.parametrize("id", IDS)
def test_file_and_second_writing_take_the_same_steps(id):
    o = CATALOG.optimizers[id]
    assert not is_executable(o), "then its equations are the second writing"
    seen = engine.equations(o)
    assert (seen["verdict"], seen["settings"]) == ("agrees", len(settings(o))), seen
    problem = model()
    ends = by_second(second_writing(ROOT, o), settings(o)[1], problem)[-1]
    assert not any(np.array_equal(a, b) for a, b in zip(ends, problem.thetas, strict=True)), "every tensor has moved"


@pytest.mark.parametrize("id", IDS)
def test_a_second_writing_sees_a_small_mistake(id):
    o = CATALOG.optimizers[id]
    hyper = settings(o)[1]
    wrong = by_torch(load(id), {**hyper, "eps": hyper["eps"] * (1 + 1e-4)}, model())
    assert difference(by_second(second_writing(ROOT, o), hyper, model()), wrong) > engine.EQUATIONS


def test_lezo_moves_as_many_tensors_as_it_says():
    problem, stays = model(), []
    start = list(problem.thetas)
    for now in by_torch(load("lezo"), {"lr": 0.002, "eps": 0.1, "sparsity": 0.5}, problem):
        stays.append(sum(np.array_equal(a, b) for a, b in zip(start, now, strict=True)))
        start = now
    silent = {2, 12, 22, 32}  # the sample whose loss is zero everywhere
    assert all(n == (5 if step in silent else 2) for step, n in enumerate(stays))


def test_fzoo_stays_where_all_losses_are_equal():
    p = torch.nn.Parameter(torch.ones(3))
    load("fzoo")([p], lr=0.1).step(lambda: (p * 0).sum())
    assert torch.equal(p, torch.ones(3))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("n", [3, 6, 7, 8, 16])
def test_fzoo_takes_no_rounding_for_a_spread(n, dtype):
    """A loss of steps, such as an error rate: another value away from here, but the same in every direction."""
    p = torch.nn.Parameter(torch.zeros(3, dtype=dtype))
    load("fzoo")([p], lr=0.1, n=n).step(lambda: torch.where(p.abs().sum() > 0, 0.1, 1.7).to(dtype))
    assert torch.equal(p, torch.zeros(3, dtype=dtype))


def test_random_numbers_of_a_step_are_others_at_every_call():
    one, two = stream(1), stream(2)
    first = one("gaussian", (4,))
    assert not np.array_equal(first, one("gaussian", (4,)))
    assert not np.array_equal(first, two("gaussian", (4,)))
    assert np.array_equal(first, stream(1)("gaussian", (4,)))
