"""A source that names a paper, an equation or an arXiv page of the catalog names one that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.catalog.loader import Catalog, Source
from tools.catalog.problems import Problem
from tools.catalog.rules._words import hint, near
from tools.catalog.yaml_reader import Path

CODES = {
    "cited-paper": "a source that begins like a citation key, of a paper that the catalog does not have",
    "cited-equation": "a source that names an equation which that method does not have",
    "arxiv-url": "a paper's address at arXiv that is not its arXiv id's",
}
KEY = re.compile(r"[a-z][a-z-]*-(?:1[89]|20)\d\d-[a-z0-9-]+(?=$|[,;: ])")
EQUATIONS = re.compile(r"([a-z0-9][a-z0-9-]*), equations? ([^;]+)")
ARXIV = re.compile(r"https?://(?:www\.)?arxiv\.org/(?:abs|pdf|html)/([^?#]+?)(?:v\d+)?(?:\.pdf)?/?$")


def check(catalog: Catalog) -> Iterator[Problem]:
    papers, methods = catalog.stems["papers"], catalog.stems["optimizers"]
    for optimizer in catalog.optimizers.values():
        source = catalog.source(optimizer)
        for at, text in _sources(optimizer.model_dump(), ()):
            for part in text.split("; "):
                if (key := KEY.match(part)) and key[0] not in papers:
                    allowed = hint(key[0], papers, "there must be a file catalog/papers/<key>.yaml")
                    yield source.problem(at, "cited-paper", f"the key {key[0]!r}", allowed, near(key[0], papers))
                if named := EQUATIONS.fullmatch(part):
                    yield from _equations(catalog, source, at, named[1], named[2], methods)
    for paper in catalog.papers.values():
        addresses: list[tuple[Path, str | None]] = [(("url",), paper.url)]
        addresses += [(("verified", "url"), paper.verified.url)] if paper.verified and paper.arxiv else []
        for at, url in addresses:
            if (found := ARXIV.match(url or "")) and found[1] != (paper.arxiv.id if paper.arxiv else None):
                wanted = f"https://arxiv.org/abs/{paper.arxiv.id}" if paper.arxiv else f'arxiv: {{id: "{found[1]}"}}'
                yield catalog.source(paper).problem(at, "arxiv-url", f"the page of {found[1]}", "the page of the paper's arXiv id", wanted)


def _sources(node: Any, at: Path) -> Iterator[tuple[Path, str]]:
    """Every text in a field named `source`, with its place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "source" and isinstance(value, str):
                yield (*at, key), value
            else:
                yield from _sources(value, (*at, key))
    elif isinstance(node, list | tuple):
        for i, value in enumerate(node):
            yield from _sources(value, (*at, i))


def _equations(catalog: Catalog, source: Source, at: Path, method: str, ids: str, methods: frozenset[str]) -> Iterator[Problem]:
    if method not in methods:
        allowed = hint(method, methods, "there must be a file catalog/optimizers/<id>.yaml")
        yield source.problem(at, "cited-equation", f"the method {method!r}", allowed, near(method, methods))
    elif method in catalog.optimizers:
        known = [e.id for e in catalog.optimizers[method].equations]
        for id_ in re.split(r", | and |,? to ", ids):
            if id_ not in known:
                allowed = f"{method} has {', '.join(known) or 'no equation'}"
                yield source.problem(at, "cited-equation", f"the equation {id_!r}", allowed, near(id_, known))
