"""What lifts a method to the rung "verified", and how peers and identities are written down."""

import numpy as np
import pytest
import torch

from tools.catalog.arguments import expressions
from tools.catalog.ladder import Rung, rung
from tools.catalog.rules import peers as rule
from tools.measure import engine
from tools.measure.model import model
from tools.measure.players import by_peer, in_double, peer_arguments, settings
from tools.measure.problems import narrowed
from tools.measure.tape import difference, tape


@pytest.fixture(scope="module")
def catalog():
    from tools.catalog.loader import load_catalog

    return load_catalog(engine.ROOT)[0]


def measurement(verdict, *becomes):
    return {"verdict": verdict, "peers": [], "reductions": [{"becomes": b, "holds": True} for b in becomes]}


def rungs(catalog, seen):
    return {id: rung(catalog, catalog.optimizers[id], lambda _, o: seen.get(o.id)) for id in seen}


def test_a_reduction_verifies_only_through_a_verified_method(catalog):
    word = "verified through a reduction"
    seen = {
        "lozo": measurement(word, "mezo"),
        "mezo": measurement("verified"),
        "lezo": measurement(word, "zo-sgd"),
        "zo-sgd": measurement("implemented"),
    }
    found = rungs(catalog, seen)
    assert found == {"lozo": Rung.VERIFIED, "mezo": Rung.VERIFIED, "lezo": Rung.IMPLEMENTED, "zo-sgd": Rung.IMPLEMENTED}


def test_two_methods_do_not_verify_each_other(catalog):
    word = "verified through a reduction"
    found = rungs(catalog, {"lozo": measurement(word, "mezo"), "mezo": measurement(word, "lozo"), "spsa": measurement(word, "spsa")})
    assert set(found.values()) == {Rung.IMPLEMENTED}


def test_a_chain_of_reductions_ends_at_a_peer(catalog):
    word = "verified through a reduction"
    found = rungs(catalog, {"lozo": measurement(word, "mezo"), "mezo": measurement(word, "spsa"), "spsa": measurement("verified")})
    assert set(found.values()) == {Rung.VERIFIED}


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("lr", ("lr",)),
        ("(beta1, 1 - beta2)", ("beta1", "1 - beta2")),
        ("(minimum(a, b), c)", ("minimum(a, b)", "c")),
        ("(a + b)*(c + d)", ("(a + b)*(c + d)",)),
        ("(a + b)", ("(a + b)",)),
    ],
)
def test_tuples_of_expressions(text, items):
    assert expressions(text) == items


def test_arguments_may_be_tuples_and_know_the_size_of_the_model(catalog):
    o = catalog.optimizers["adam"]
    (peer,) = [p for p in o.implementation.peers if p.object == "torch.optim:Adam"]
    changed = peer.model_copy(update={"arguments": {"betas": "(beta1, 1 - beta2)", "size": "sqrt(entries)"}, "constants": {}})
    assert peer_arguments(o, changed, settings(o)[0], 16) == {"betas": (0.9, pytest.approx(0.001)), "size": 4.0}
    assert not list(rule._arguments(catalog.source(o), ("implementation", "peers", 0), changed, o))
    wrong = peer.model_copy(update={"arguments": {"betas": "(beta1, beta3)"}})
    assert [p.code for p in rule._arguments(catalog.source(o), ("implementation", "peers", 0), wrong, o)] == ["peer"]


def test_narrowed_problems_are_what_their_words_say():
    whole = model()
    assert all(x.ndim < 2 for x in narrowed(whole, ["vectors"]).thetas)
    one = narrowed(whole, ["one-sample"])
    objective = one.objective(3)
    assert difference([objective.full_gradient(one.thetas)], [objective.gradient(one.thetas)]) == 0
    straight = narrowed(whole, ["linear-loss"])
    moved = [x + 1 for x in straight.thetas]
    assert difference([straight.objective(1).gradient(moved)], [straight.objective(1).gradient(straight.thetas)]) == 0
    signs = narrowed(whole, ["signs"])
    assert set(np.unique(signs.drawn("gaussian", (50,), 3))) == {-1.0, 1.0}
    pairs = narrowed(whole, ["linear-loss", "mirrored-signs"])
    assert np.array_equal(pairs.drawn("gaussian", (9,), 1003), -pairs.drawn("gaussian", (9,), 3))
    assert not np.array_equal(np.abs(pairs.drawn("gaussian", (9,), 2003) - pairs.drawn("gaussian", (9,), 3)), np.zeros(9))
    with pytest.raises(ValueError, match="loss"):
        narrowed(tape(), ["linear-loss"])


def test_an_identity_on_some_problems_fails_on_others(catalog):
    """The words of `on` are needed, and the comparison sees it."""
    tested = 0
    for id, number in [("zo-sgd", 0), ("svrg", 0), ("lozo", 0), ("mezo", 0)]:
        o = catalog.optimizers[id]
        row = o.reductions[number]
        assert row.on
        assert engine.reduction(catalog, o, number, row)["holds"] is True
        assert engine.reduction(catalog, o, number, row.model_copy(update={"on": ()}))["holds"] is False
        tested += 1
    assert tested


def test_peers_that_draw_for_themselves_get_our_numbers(catalog):
    o = catalog.optimizers["apollo-2024"]
    (peer,) = [p for p in o.implementation.peers if p.object.startswith("apollo_torch")]
    problem = engine.problem_for(o).wide()
    hyper = settings(o)[1]
    once, again = (by_peer(o, peer, hyper, problem) for _ in range(2))
    assert difference(once, again) == 0


def test_double_precision_is_for_the_comparison_alone():
    """What a peer rounds on the way stays as it was, is no view of it, and afterwards torch is as before."""
    x = torch.full((2,), 1 / 3, dtype=torch.float64)
    with in_double():
        copies = [x.float(), x.bfloat16(), x.to(torch.float32), x.to(dtype=torch.float16), x.to("cpu"), torch.ones(2)]
        assert all(c.dtype is torch.float64 for c in copies)
        assert all(torch.equal(c, x) for c in copies[:5])
        copies[0].zero_()
    assert x[0] == 1 / 3
    assert x.float().dtype is torch.float32
    assert torch.ones(2).dtype is torch.float32


def test_in_low_precision_they_are_apart(catalog):
    """Peers that are compared in double precision would not agree without."""
    tested = 0
    for id in ("muon", "ranger"):
        o = catalog.optimizers[id]
        peer = next(p for p in o.implementation.peers if p.double)
        assert engine.conformance(o, peer)["verdict"] == "agrees"
        assert engine.conformance(o, peer.model_copy(update={"double": False}))["verdict"] == "disagrees"
        tested += 1
    assert tested


def test_tensors_alone_are_compared_one_by_one(catalog):
    o = catalog.optimizers["swats"]
    rows = [p for p in o.implementation.peers if p.alone]
    assert rows
    for peer in rows:
        assert engine.conformance(o, peer)["verdict"] == "agrees"
        together = engine.conformance(o, peer.model_copy(update={"alone": False}))
        assert (together["verdict"] == "agrees") == (peer.only == {"eps": 1e-9}), "only before the switch are they the same"
