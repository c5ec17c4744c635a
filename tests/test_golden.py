"""Golden trajectories: complete, up to date, and taken again by the reference implementations and in pure Python."""

import json
import subprocess
import sys
from pathlib import Path

import golden_replay
import numpy as np
import pytest
import torch

from reference_impls import load
from reference_impls._layers import Layer
from tools.catalog.equations import is_executable
from tools.catalog.hashes import record_hash
from tools.catalog.ladder import Rung, rung
from tools.catalog.loader import load_catalog
from tools.catalog.measurements import golden_path, recorded
from tools.measure.golden import STEPS, golden, plain, short, text
from tools.measure.players import asks

ROOT = Path(__file__).parent.parent
CATALOG, _ = load_catalog(ROOT)
VERIFIED = [o for o in CATALOG.optimizers.values() if rung(CATALOG, o, recorded) is Rung.VERIFIED]  # whether fresh or not
CLOSE = 1e-12  # relative where a number is larger than 1
WRITTEN_TWICE = 1e-10  # where a second writing goes another way to the same numbers
ESTIMATED = 1e-8  # where the differences of two losses over a small distance magnify their rounding
assert VERIFIED, "no method is verified"
each = pytest.mark.parametrize("o", [pytest.param(o, id=o.id) for o in VERIFIED])


def stored(o):
    path = golden_path(ROOT, o.id)
    assert path.exists(), f"run `atlas measure {o.id}`"
    return golden_replay.read(path)


def tensors(nested):
    return [torch.tensor(x, dtype=torch.float64) for x in nested]


def distance(ours, theirs):
    worst = 0.0
    for a, b in zip(ours, tensors(theirs), strict=True):
        assert a.shape == b.shape
        worst = max(worst, ((a - b).abs() / b.abs().clamp(min=1)).max().item())
    return worst


class Answers:
    """What a file answers in one step, to whoever asks in any order: the nearest point at which the same was asked."""

    def __init__(self, step, thetas):
        self.asked, self.thetas = list(step.get("asked", ())), thetas
        if "gradients" in step:
            self.asked.append({"ask": "gradient", "at": None, "answer": step["gradients"]})

    def find(self, kind, *points):
        known = [a for a in self.asked if a["ask"] == kind]
        assert known, f"nobody asked for {kind}"

        def far(record):
            given = [v for k, v in record.items() if k not in ("ask", "answer")]
            return max(distance(p, v if v is not None else [x.tolist() for x in self.thetas]) for p, v in zip(points, given, strict=True))

        nearest = min(known, key=far)
        assert far(nearest) < 1e-6
        return nearest["answer"]

    def value(self, at):
        return torch.tensor(self.find("value", at), dtype=torch.float64)

    def gradient(self, at):
        return tensors(self.find("gradient", at))

    def full_gradient(self, at):
        return tensors(self.find("full_gradient", at))

    def hvp(self, at, vectors):
        return tensors(self.find("hvp", at, vectors))

    def per_sample(self, at):
        return tensors(self.find("per_sample", at))

    def factors(self, at):
        return [None if x is None else layer(x) for x in self.find("factors", at)]

    def inner(self, gs):
        return [x + move for x, move in zip(self.thetas, tensors(self.find("inner_step", gs)), strict=True)]

    def draw(self, kind, like):
        if not like.numel():  # for a tensor that takes no part
            return torch.zeros(like.shape, dtype=torch.float64)
        record = next(a for a in self.asked if a["ask"] == "draw" and a["kind"] == kind and a["shape"] == list(like.shape))
        self.asked.remove(record)
        return torch.tensor(record["answer"], dtype=torch.float64)


def layer(x):
    inputs, slopes, whole = (torch.tensor(x[k], dtype=torch.float64) for k in ("inputs", "slopes", "whole"))
    return Layer(whole, slopes, slice(whole.shape[-1] - inputs.shape[-1], None))


def by_reference(o, case):
    """The reference implementation as a pure function, with the file's answers."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in case["hyperparameters"].items()}
    make = load(o.id)
    method = make(torch.optim.SGD([torch.zeros(0)], 0.1), **values) if o.kind == "wrapper" else make.functional(**values)
    h = method.hyper()
    thetas = tensors(case["start"])
    states = [method.init(x, h) for x in thetas]
    for step in case["steps"]:
        gs = tensors(step["gradients"]) if "gradients" in step else [None] * len(thetas)
        if asks(make):
            thetas, states = method.apply_all(thetas, gs, states, [h] * len(thetas), Answers(step, thetas))
        else:
            pairs = [method.apply(x, g, s, h) for x, g, s in zip(thetas, gs, states, strict=True)]
            thetas, states = [list(column) for column in zip(*pairs, strict=True)]
        yield thetas, step["parameters"]


@each
def test_a_verified_method_has_a_file_with_several_cases(o):
    data = stored(o)
    assert (data["method"], data["name"], data["record_hash"]) == (o.id, o.name, record_hash(o))
    assert data["computed_by"] == ("executable equations" if is_executable(o) else "second writing")
    assert data["cases"]
    for case in data["cases"]:
        assert case["hyperparameters"].keys() == {h.name for h in o.hyperparameters}
        assert len(case["steps"]) == STEPS
        assert any(step["parameters"] != case["start"] for step in case["steps"])


@each
def test_the_reference_implementation_takes_the_same_steps(o):
    worst = max(distance(*pair) for case in stored(o)["cases"] for pair in by_reference(o, case))
    assert worst <= (ESTIMATED if o.order == "zeroth" else CLOSE if is_executable(o) else WRITTEN_TWICE)


@each
def test_what_is_stored_is_what_comes_out_now(o):
    data = golden(o, ROOT)
    written = json.loads(text(data))
    assert written == data
    fresh, kept = written["cases"], stored(o)["cases"]
    for new, old in zip(fresh, kept, strict=True):
        assert new["hyperparameters"] == old["hyperparameters"]
        for a, b in zip(new["steps"], old["steps"], strict=True):
            assert distance(tensors(a["parameters"]), b["parameters"]) <= 1e-9


def test_pure_python_takes_the_same_steps():
    """Without NumPy and torch, which cannot be imported there."""
    files = [str(golden_path(ROOT, o.id)) for o in VERIFIED]
    command = [sys.executable, str(Path(golden_replay.__file__)), str(ROOT), *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found.keys() == {o.id for o in VERIFIED}
    assert all(worst <= (CLOSE if is_executable(CATALOG.optimizers[id]) else WRITTEN_TWICE) for id, worst in found.items()), found


def test_pure_python_sees_a_small_mistake():
    o = CATALOG.optimizers["adam"]
    data = golden(o, ROOT)
    assert golden_replay.replay(o, data) <= CLOSE
    wrong = json.loads(json.dumps(data))
    wrong["cases"][1]["hyperparameters"]["eps"] *= 1.01
    assert golden_replay.replay(o, wrong) > 1e-6


def test_given_numbers_have_few_digits_and_words_stand_for_no_numbers():
    assert short(np.array([0.123456, -12.34567])).tolist() == [0.1235, -12.35]
    assert plain({"a": (np.array([np.inf, 1.5]), np.float64("nan"), -np.inf)}) == {"a": [["inf", 1.5], "nan", "-inf"]}
    with pytest.raises(ValueError, match="JSON"):
        text({"a": float("nan"), "cases": []})
