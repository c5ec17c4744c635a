"""`atlas show NAME`: everything that the catalog says about one method."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from tools.catalog.ladder import MEANING, rung
from tools.catalog.lineage import children, parents, year
from tools.catalog.loader import Catalog
from tools.catalog.schema import PROBLEMS, Hyperparameter, Optimizer, Paper, StateSlot, Step
from tools.cli import _filters
from tools.cli.list import terminal_width
from tools.cli.run import shown

STEPS = {
    Step.GRADIENT: "1. Gradient",
    Step.GRADIENT_ESTIMATE: "2. Gradient estimate",
    Step.LEARNING_RATE: "3. Learning-rate estimate",
    Step.UPDATE: "4. Update",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="id, name or alias, in any case")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: the whole record with its paper and status")


def run(options: argparse.Namespace) -> int:
    catalog = _filters.load(options.root)
    method = _filters.find(catalog, options.name)
    if options.format == "json":
        print(json.dumps(as_data(catalog, method), ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(as_text(catalog, method, min(terminal_width() or 100, 120)))
    return 0


def as_data(catalog: Catalog, o: Optimizer) -> dict[str, Any]:
    """The record, its status, the paper that introduced it and the further ones, and who builds on it."""
    paper = catalog.papers.get(o.papers.introduced_in)
    return o.model_dump(mode="json", by_alias=True) | {
        "status": rung(catalog, o).word,
        "year": year(catalog, o),
        "paper": paper and paper.model_dump(mode="json", by_alias=True),
        "further_papers": [catalog.papers[k].model_dump(mode="json", by_alias=True) for k in o.papers.also if k in catalog.papers],
        "built_on_by": [{"id": child.id, "change": edge.change} for child, edge in children(catalog, o)],
    }


def as_text(catalog: Catalog, o: Optimizer, width: int) -> str:
    lines: list[str] = []
    for title, rows in sections(catalog, o):
        if rows:
            lines += [title, *(w for row in rows for w in wrapped(row, width)), ""]
    return "\n".join([*(w for row in head(catalog, o) for w in wrapped(row, width, "")), "", *lines[:-1]]) + "\n"


def wrapped(row: str, width: int, indent: str = "  ") -> list[str]:
    """The row in lines of the width; a row that starts with a tab is algebra and stays whole."""
    if row.startswith("\t"):
        return [f"{indent}  {row[1:]}"]
    # words stay whole: addresses and names are there to be copied
    wrapper = textwrap.TextWrapper(max(width, 30), indent, indent + "  ", break_long_words=False, break_on_hyphens=False)
    return wrapper.wrap(row)


def head(catalog: Catalog, o: Optimizer) -> Iterator[str]:
    aliases = f" (also {', '.join(o.aliases)})" if o.aliases else ""
    yield f"{o.name}{aliases}"
    yield o.summary
    status = rung(catalog, o)
    yield f"{status.word}: {MEANING[status]}"
    facts = [f"id {o.id}", f"kind {o.kind.value}", f"order {o.order.value}", f"category {o.category.letter}"]
    yield "; ".join([*facts, f"families {', '.join(o.families)}"] + [f"scenarios {', '.join(o.scenarios)}"] * bool(o.scenarios))
    if o.shares_name_with:
        yield f"shares a name with {', '.join(o.shares_name_with)}"


def sections(catalog: Catalog, o: Optimizer) -> Iterator[tuple[str, list[str]]]:
    keys = (o.papers.introduced_in, *o.papers.also)
    yield "Papers", [citation(catalog.papers[k]) if k in catalog.papers else f"{k} (could not be read)" for k in keys]
    yield "Hyperparameters", [hyperparameter(h) for h in o.hyperparameters]
    yield from equations(o)
    yield "State", [slot(s) for s in o.state] or ["none"]
    yield "Weight decay", decay(o)
    scope = "" if o.parameter_scope.accepts == "any" else "Takes matrices only. "
    yield "Parameters", [scope + (o.parameter_scope.rest or "")] if scope or o.parameter_scope.rest else []
    yield "Builds on", [f"{parent.id}: {edge.change}" for parent, edge in parents(catalog, o)]
    yield "Built on by", [f"{child.id}: {edge.change}" for child, edge in children(catalog, o)]
    yield "Becomes", [reduction(r) for r in o.reductions]
    yield "Advantages", [f"{c.text} [{c.source}]" for c in o.advantages]
    yield "Limitations", [f"{c.text} [{c.source}]" for c in o.limitations]
    yield "Where paper and code disagree", [
        f"{d.what}. Paper: {d.paper} Code: {d.code} The equations follow the {d.follows}. [{d.source}]" for d in o.disagreements
    ]
    yield "Deviations", [f"{d.text} [{d.source}]" for d in o.deviations]
    yield "Recommended", [f"{r.hyperparameter} = {r.value}: {r.setting} [{r.source}]" for r in o.recommended]
    yield "Links", list(links(catalog, o))
    seen = o.checked and f"{o.checked.on} against {o.checked.url} ({o.checked.version})"
    yield "Checked", [seen or "nobody has read the entry beside its source yet"]


def citation(paper: Paper) -> str:
    from tools.export.names import parts

    names = [p.literal or " ".join(filter(None, p[:4])) for p in map(parts, paper.authors)]
    places = []
    if paper.venue:
        places.append(paper.venue.short or f"{paper.venue.name} {paper.venue.year or ''}".strip())
    places += [f"arXiv {paper.arxiv.id}"] if paper.arxiv else []
    places += [f"doi {paper.doi}"] if paper.doi else []
    tail = f" {'; '.join(places)}." if places else ""
    return f"{', '.join(names)} ({paper.year}): {paper.title}.{tail} [{paper.key}]"


def hyperparameter(h: Hyperparameter) -> str:
    default = "no default, must be chosen" if h.default is None else shown(h.default)
    official = f"; the official code has {shown(h.official.default)} ({h.official.source})" if h.official else ""
    return f"{h.name} = {default}, in {h.range}: {h.meaning} [{h.source}{official}]"


def equations(o: Optimizer) -> Iterator[tuple[str, list[str]]]:
    """One section a step, as long as there are equations at all; a step without any is said to be left alone."""
    if not o.equations:
        yield "Equations", ["none are recorded"]
        return
    for step, title in STEPS.items():
        rows = []
        for e in o.equations:
            if e.step == step:
                scope = f", {e.applies_to} only" if e.applies_to != "all" else ""
                rows += [f"{e.id} ({e.where}{scope})" + (f": {e.note}" if e.note else ""), f"\t{e.math or e.latex}"]
        yield title, rows or ["left as it is"]
    if o.not_executable:
        yield "Why the equations do not run", [o.not_executable]


def slot(s: StateSlot) -> str:
    size = s.shape if isinstance(s.shape, str) else " × ".join(map(str, s.shape)) or "scalar"
    scope = f", {s.applies_to} only" if s.applies_to != "all" else ""
    return f"{s.name} ({size}{scope}), starts at {s.start}: {s.meaning}"


def decay(o: Optimizer) -> list[str]:
    if o.weight_decay is None:
        return ["not recorded"]
    kind = o.weight_decay.kind.replace("_", " ")
    factor = f"; the weights shrink by the factor {o.weight_decay.shrink}" if o.weight_decay.shrink else ""
    return [f"{kind}{factor}", *([o.weight_decay.note] if o.weight_decay.note else [])]


def reduction(r: Any) -> str:
    when = ", ".join(f"{k} = {shown(v)}" for k, v in r.when.items()) or "always"
    there = f" with {', '.join(f'{k} = {shown(v)}' for k, v in r.with_.items())}" if r.with_ else ""
    return ", ".join([f"{r.becomes}{there}, for {when}", *(PROBLEMS[word] for word in r.on)])


def links(catalog: Catalog, o: Optimizer) -> Iterator[str]:
    for key in (o.papers.introduced_in, *o.papers.also):
        if (paper := catalog.papers.get(key)) is not None:
            address = paper.url or (f"https://arxiv.org/abs/{paper.arxiv.id}" if paper.arxiv else f"https://doi.org/{paper.doi}")
            yield f"paper {key}: {address}"
    if o.code:
        yield f"official code: {o.code}"
