"""The benchmark of reference implementations: that it runs, what it compares and how it judges. Never how long anything takes."""

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from reference_impls import AdaHessian, AdamW, Lion
from reference_impls.wrappers.sam import SAM
from tools.catalog.loader import load_catalog
from tools.measure import speed
from tools.measure.speed import FIRST, PARTS, compared, in_both_orders, in_turns, medians, ratio

ROOT = Path(__file__).parents[1]

CATALOG = load_catalog(ROOT)[0]


@pytest.fixture
def tiny(monkeypatch):
    """Small tensors, and graphs that run as they are."""
    monkeypatch.setattr(speed, "SETS", {name: [(3, 4)] * 3 + [(5,)] for name in speed.SETS})
    for cls in (AdamW, Lion, SAM, AdaHessian):
        monkeypatch.setattr(cls, "backend", "eager")


@pytest.fixture
def timed(monkeypatch):
    """One round in each order of building, as if ours took 1 ms of the other's 3 first, then 2 of 8. Steps are made, not timed."""

    def times(sides, rounds, steps, seconds):
        for step in sides.values():
            step()
        built.append([*sides])
        ours, other = (1.0, 3.0) if len(built) % 2 else (2.0, 8.0)
        return {name: [ours if name == "ours" else other] for name in sides}

    built = []
    monkeypatch.setattr(speed, "in_turns", times)


def test_each_method_is_compared_with_the_library_and_judged(tiny, timed):
    rows = list(compared(CATALOG, ["compiled"], ["transformer"], ["lion", "sam", "adahessian"], 1))
    by_name = {row.what: row for row in rows}
    for name in ("lion", "sam", "adahessian"):
        row = by_name[f"{name}, transformer, compiled"]
        assert (row.ratio, row.sides) == (3.5, {"ours": 1.5, "pytorch_optimizer": 5.5})  # not the ratio of the medians
        assert row.met == (row.ratio >= 1)
        assert by_name[f"{name}, transformer, first compile"].goal == "< 20 s"
    ratios = [row.ratio for row in rows if row.goal == ">= 1"]
    mean = rows[-1]
    assert mean.what == "geometric mean of 3 methods, transformer, compiled"
    assert mean.ratio == pytest.approx(math.prod(ratios) ** (1 / len(ratios)))
    assert mean.met == (mean.ratio >= 2.5)


def test_what_the_library_passes_on_from_torch_is_compared_and_judged_too(tiny, timed):
    rows = {row.what: row for row in compared(CATALOG, ["compiled"], ["transformer"], ["lion", "adamw", "adagrad"], 1)}
    assert rows["adamw, transformer, compiled"].goal == rows["lion, transformer, compiled"].goal == ">= 1"
    assert "adagrad, transformer, first compile" in rows
    assert "geometric mean of 2 methods, transformer, compiled" in rows  # it has no Adagrad, though torch has


@pytest.mark.parametrize("name", ["lomo", "adalomo", "adam-mini", "gsam"])
def test_what_wants_a_module_gets_one_and_steps_as_ours_does(name, tiny, monkeypatch):
    """The sides of the benchmark, three steps each: the same start, and but for Adam-mini, whose blocks differ, the same end."""
    ends, build = [], speed.build

    def noted(make, parameters, *more):
        ends.append(parameters)
        return build(make, parameters, *more)

    monkeypatch.setattr(speed, "build", noted)
    method, shapes = CATALOG.optimizers[name], speed.SETS["transformer"]
    hyper = speed.settings(method)[0]
    ours = speed.stepping(speed.load(name), hyper, shapes, method)
    theirs = speed.library_step(method, speed.library_peer(method), hyper, shapes)
    start = [p.detach().clone() for p in ends[0]]
    torch.testing.assert_close(ends[1], ends[0])
    for step in (ours, theirs) * 3:
        step()
    assert all((p != x).any() for end in ends for p, x in zip(end, start, strict=True))
    if name != "adam-mini":
        torch.testing.assert_close(ends[1], ends[0])


def test_a_library_that_fails_is_a_goal_missed(tiny, monkeypatch):
    monkeypatch.setattr(speed, "library_step", lambda *_: 1 / 0)
    rows = list(compared(CATALOG, ["compiled"], ["transformer"], ["lion"], 1))
    assert [(row.what, row.met) for row in rows[2:]] == [("lion, transformer: pytorch_optimizer:Lion fails: ZeroDivisionError", False)]


def test_a_method_that_fails_is_a_goal_missed(tiny, monkeypatch):
    monkeypatch.setattr(AdamW, "update", lambda *_: 1 / 0)
    rows = list(compared(CATALOG, ["compiled"], ["transformer"], ["adamw"], 1))
    assert [(row.what, row.met) for row in rows[1:]] == [("adamw, transformer, compiled: fails: ZeroDivisionError", False)]


def test_eager_loops_and_the_fused_kernel(tiny, timed):
    rows = {row.what: row for row in compared(CATALOG, ["eager", "fused"], ["transformer", "small"], ["adamw"], 1)}
    for name in ("transformer", "small"):
        assert rows[f"adamw, {name}, eager / torch loop"].goal == "<= 2.5"
    rows |= {row.what: row for row in compared(CATALOG, ["eager"], ["small"], ["muon", "l-bfgs"], 1)}
    assert "muon, small, eager, bfloat16 products / torch loop" in rows
    assert not any("l-bfgs" in what for what in rows)  # torch's works on one vector
    fused = rows["adamw, transformer, compiled / torch fused"]
    assert (fused.ratio, fused.sides, fused.met) == ((1 / 3 + 2 / 8) / 2, {"ours": 1.5, "fused": 5.5}, True)


def test_sides_take_turns_until_the_rounds_and_the_time_are_over(monkeypatch):
    calls = []
    times = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, steps=2)
    assert calls == list("aabb" * 3)  # one round warms up
    assert {name: len(each) for name, each in times.items()} == {"a": 2, "b": 2}
    calls.clear()
    monkeypatch.setattr(speed, "time", SimpleNamespace(perf_counter=iter(range(100)).__next__))  # a second passes at each look
    times = in_turns({"a": lambda: calls.append("a")}, rounds=1, seconds=9.5)
    assert times == {"a": [1000] * 3}
    assert calls == list("aaaa")
    assert set(PARTS) == {"compiled", "eager", "fused", "sweep", "import"}


def test_each_side_is_built_first_once(monkeypatch):
    """Of two alike, the one that was built first has been some per cent slower: its memory lies otherwise."""
    events = []
    monkeypatch.setattr(speed, "SECONDS", 0.0)
    makes = {name: lambda name=name: events.append(f"make {name}") or (lambda: events.append(name)) for name in "ab"}
    times = in_both_orders(makes, rounds=2, steps=1)
    assert events == ["make a", "make b", *"ab" * FIRST, *"ababab", "make b", "make a", *"ba" * FIRST, *"ababab"]
    assert {name: len(each) for name, each in times.items()} == {"a": 4, "b": 4}


def test_rounds_are_compared_each_with_itself():
    """A machine that is slow for two rounds of four changes the medians, and not the ratio."""
    times = {"a": [2.0, 8.0, 20.0, 1.0], "b": [1.0, 4.0, 10.0, 0.5]}
    assert ratio(times, "a", "b") == 2
    assert medians(times) == {"a": 5, "b": 2.5}
    assert ratio({"a": [1.0, 6.0, 30.0], "b": [1.0, 2.0, 5.0]}, "a", "b") == 3
