"""Peers and settings of an implementation use hyperparameters that the record has."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tools.algebra import AlgebraError, parse_expression
from tools.algebra.names import read
from tools.catalog.arguments import ENTRIES, expressions
from tools.catalog.equations import scalar_names
from tools.catalog.loader import Catalog, Source
from tools.catalog.problems import Problem
from tools.catalog.rules.reductions import settings_faults
from tools.catalog.schema import Optimizer, Part, Peer
from tools.catalog.yaml_reader import Path

CODES = {
    "peer": "a peer with unknown names, an expression that does not parse, or a wide tolerance without a reason",
    "unknown-hyperparameter": "a setting or a recommendation for a hyperparameter that the record does not have",
}
USUAL = 1e-10
OURS = ("reference_impls", "tools", "tests")
SOME = "only some tensors are compared"
UNUSUAL = {
    "axes": SOME,
    "wide": SOME,
    "alone": "each tensor is compared alone",
    "double": "computed in double precision",
    "parts": "put together from parts",
}


def check(catalog: Catalog) -> Iterator[Problem]:
    for optimizer in catalog.optimizers.values():
        source = catalog.source(optimizer)
        known = [h.name for h in optimizer.hyperparameters]
        for i, recommended in enumerate(optimizer.recommended):
            if recommended.hyperparameter not in known:
                allowed = "the record has " + (", ".join(known) or "none")
                yield source.problem(
                    ("recommended", i, "hyperparameter"), "unknown-hyperparameter", f"{recommended.hyperparameter!r}", allowed, "lr"
                )
        if optimizer.implementation is None:
            continue
        for i, settings in enumerate(optimizer.implementation.settings):
            yield from settings_faults(source, ("implementation", "settings", i), settings, optimizer, "unknown-hyperparameter")
        for i, peer in enumerate(optimizer.implementation.peers):
            yield from _peer(source, ("implementation", "peers", i), peer, optimizer)


def _peer(source: Source, at: Path, peer: Peer, optimizer: Optimizer) -> Iterator[Problem]:
    package = peer.object.partition(":")[0].partition(".")[0]
    if package in OURS or package in sys.stdlib_module_names or not peer.object.isascii():
        allowed = "a library of somebody else, which the test environment installs"
        yield source.problem((*at, "object"), "peer", f"the package {package!r}", allowed, "torch.optim:Adam")
    earlier = optimizer.implementation.peers[: int(at[-1])] if optimizer.implementation else ()
    if peer in earlier:
        yield source.problem((*at, "object"), "peer", "the same peer a second time", "each once")
    yield from _arguments(source, at, peer, optimizer)
    yield from settings_faults(source, (*at, "only"), peer.only, optimizer, "peer")
    if peer.tolerance > USUAL and not peer.reason and not peer.differs:
        yield source.problem(
            (*at, "tolerance"), "peer", f"a tolerance wider than {USUAL:.0e}", "`reason` says why", "reason: computes in single precision"
        )
    for field, what in UNUSUAL.items():
        if getattr(peer, field) and not peer.reason and not peer.differs:
            yield source.problem((*at, field), "peer", what, "`reason` says why", "reason: flattens other tensors")


def _arguments(source: Source, at: Path, peer: Peer | Part, optimizer: Optimizer) -> Iterator[Problem]:
    """Of the peer and of its parts."""
    for i, part in enumerate(peer.parts):
        yield from _arguments(source, (*at, "parts", i), part, optimizer)
    whole = {h.name for h in optimizer.hyperparameters}
    known = scalar_names(optimizer) | {"pi", "inf", ENTRIES}
    for argument, text in peer.arguments.items():
        here = (*at, "arguments", argument)
        if text in whole:
            continue
        try:
            names = [name for item in expressions(text) for name in read(parse_expression(item))]
        except AlgebraError as error:
            yield source.problem(
                here,
                "peer",
                f"{text!r}: {error.message}",
                "a hyperparameter, or algebra over hyperparameters",
                "1 - beta1",
                offset=error.col,
            )
            continue
        for name in names:
            if name.time is not None or name.id not in known:
                yield source.problem(
                    here, "peer", f"the name {name.id!r}", "hyperparameters: " + ", ".join(sorted(known | whole)), "betas", offset=name.col
                )
    for argument in sorted(peer.arguments.keys() & peer.constants.keys()):
        yield source.problem(
            (*at, "constants", argument),
            "peer",
            f"{argument!r} under `arguments` and `constants`",
            "each argument of the peer once",
            key=True,
        )
