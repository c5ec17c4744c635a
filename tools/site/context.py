"""What templates know: the catalog, and small functions that turn its records into words, formulas and links."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cached_property
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from tools.algebra import parse_expression
from tools.algebra.latex import Printer, tensor_names
from tools.catalog.equations import is_executable, parsed, scoped
from tools.catalog.hashes import code_path
from tools.catalog.ladder import Rung, rung
from tools.catalog.lineage import parents
from tools.catalog.loader import Catalog
from tools.catalog.markers import Block, blocks
from tools.catalog.measurements import recorded
from tools.catalog.schema import PROBLEMS, BuildsOn, Optimizer, Paper, Word
from tools.export import bibtex
from tools.export.names import parts
from tools.site.code import code_html
from tools.site.maths import Maths

WIDE = 58  # letters of code that fit beside a formula on a desktop
PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~\u27e6\u27e7]")
ADDRESSES = {"arxiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}


def one_line(text: str) -> str:
    """The text without control characters and line ends, which could end a Markdown block or a YAML string."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()) if not text.isprintable() else text


def markdown_text(text: str) -> Markup:
    """Plain text for a Markdown line: every mark is written as a reference and stands for itself."""
    return Markup(PUNCTUATION.sub(lambda f: f"&#{ord(f[0])};", one_line(text)))


def meta_text(text: str) -> Markup:
    """Plain text as a double-quoted YAML string for a page's front matter; the theme puts it unescaped into HTML."""
    return Markup(json.dumps(str(escape(one_line(text))), ensure_ascii=False))


def https(url: str) -> str:
    """The address, if it may stand in a link. Raises ValueError: rules let no other one pass."""
    if not url.startswith("https://"):
        raise ValueError(f"{url!r} is no https address")
    return url


def paper_url(paper: Paper) -> str:
    """The best address of the paper: DOI, arXiv or its own."""
    if paper.arxiv:
        return ADDRESSES["arxiv"] + paper.arxiv.id
    return ADDRESSES["doi"] + quote(paper.doi, safe="/:;()._-") if paper.doi else str(paper.url)


def author_names(paper: Paper) -> list[str]:
    return [p.literal or " ".join(filter(None, (p.given, p.particle, p.family, p.suffix))) for p in map(parts, paper.authors)]


class View:
    """One method with everything its page says about it."""

    def __init__(self, atlas: Atlas, optimizer: Optimizer) -> None:
        self.atlas, self.o = atlas, optimizer
        self.id, self.name = optimizer.id, optimizer.name
        self.url = f"methods/{optimizer.id}.html"

    @cached_property
    def paper(self) -> Paper:
        return self.atlas.catalog.papers[self.o.papers.introduced_in]

    @cached_property
    def papers(self) -> list[Paper]:
        return [self.atlas.catalog.papers[k] for k in (self.o.papers.introduced_in, *self.o.papers.also)]

    @cached_property
    def year(self) -> int:
        return self.paper.year

    @cached_property
    def rung(self) -> Rung:
        return rung(self.atlas.catalog, self.o, recorded)  # a site is built from a checked catalog: no measurement is stale

    @cached_property
    def measured(self) -> dict[str, Any] | None:
        return recorded(self.atlas.catalog, self.o)

    def kinds(self, word: str) -> list[str]:
        """The kinds of tensors with which a step works, is refused or fails."""
        return [kind for kind, found in (self.measured or {}).get("tensors", {}).items() if found == word]

    @cached_property
    def measured_cells(self) -> Markup:
        """The explorer's cells of what was measured: bytes, evaluations, temporary bytes, refused tensors, invariances."""
        seen = self.measured or {}
        counted = seen.get("evaluations", {})
        held, taken = (next(iter(seen.get(key, {}).values()), None) for key in ("memory", "temporary"))
        cells = [
            ("", *amount(held)),
            ("extra", ", ".join(f"{n:.3g} {kind.replace('_', ' ')}" for kind, n in counted.items()), sum(counted.values())),
            ("extra", *amount(taken)),
            ("extra", ", ".join(self.kinds("refused") + self.kinds("fails")), ""),
            ("extra", ", ".join(self.o.invariances).replace("_", " ") if seen else "", ""),
        ]
        html = Markup('<td class="{}" data-sort="{}">{}</td>')
        return Markup("").join(html.format(word, sort or text, text) for word, text, sort in cells)

    @cached_property
    def executable(self) -> bool:
        return is_executable(self.o)

    @cached_property
    def printer(self) -> Printer:
        symbols = dict(self.o.symbols)
        for h in self.o.hyperparameters:
            symbols |= dict(zip(h.scalars, split_symbols(h.symbol), strict=False))
        symbols |= {s.name: s.symbol for s in self.o.state}
        given = {"theta", "g"} | {s.name for s in self.o.state if s.shape != "scalar"}
        tensors = tensor_names([e for e, _ in scoped(self.o)], given)
        return Printer(symbols, tensors)

    def equation(self, index: int) -> Markup:
        """Equation number `index` as display maths."""
        e = self.o.equations[index]
        return self.atlas.maths(self.printer(parsed(e.math)) if e.math else str(e.latex), True)

    def ask_for_formulas(self) -> None:
        """Ask for every formula of the page, so that they can be set while the page is written."""
        for index in range(len(self.o.equations)):
            self.equation(index)
        for text in (*(h.symbol for h in self.o.hyperparameters), *(s.symbol for s in self.o.state)):
            self.symbols(text)
        shrink = self.o.weight_decay.shrink if self.o.weight_decay else None
        for text in (*(s.start for s in self.o.state), *([shrink] if shrink else [])):
            self.expression(text)

    def expression(self, text: str) -> Markup:
        return self.atlas.maths(self.printer(parse_expression(text)))

    def symbols(self, text: str) -> Markup:
        return self.atlas.maths(text)

    @cached_property
    def code(self) -> dict[str, Block]:
        if not self.o.implementation:
            return {}
        path = code_path(self.atlas.catalog.root, self.o)
        return {b.id: b for b in blocks(path)} if path.exists() else {}

    @cached_property
    def implementation_file(self) -> str:
        return code_path(self.atlas.catalog.root, self.o).relative_to(self.atlas.catalog.root).as_posix()

    def rows(self, step: str) -> list[dict[str, Any]]:
        """The equations of one step, each with its formula and its code."""
        return [self.row(i) for i, e in enumerate(self.o.equations) if e.step == step]

    def row(self, index: int) -> dict[str, Any]:
        e = self.o.equations[index]
        block = self.code.get(e.id)
        wide = block is not None and max(map(len, block.code.splitlines()), default=0) > WIDE
        return {"e": e, "maths": self.equation(index), "code": code_html(block.code) if block else None, "wide": wide}

    @cached_property
    def parents(self) -> list[tuple[View, BuildsOn]]:
        return [(self.atlas.views[p.id], edge) for p, edge in parents(self.atlas.catalog, self.o)]

    @cached_property
    def children(self) -> list[tuple[View, BuildsOn]]:
        return sorted(self.atlas.children[self.id], key=lambda x: (x[0].year, x[0].name))

    @cached_property
    def reductions(self) -> list[dict[str, Any]]:
        """Its reductions, each with whether a test has proven it."""
        proven = {(r["becomes"], r["number"]) for r in (self.measured or {}).get("reductions", []) if r.get("holds")}
        return [
            {"r": r, "on": [PROBLEMS[w] for w in r.on], "target": self.atlas.views[r.becomes], "proven": (r.becomes, i) in proven}
            for i, r in enumerate(self.o.reductions)
            if r.becomes in self.atlas.views
        ]

    @cached_property
    def category(self) -> Word:
        return self.atlas.word("categories", self.o.category.letter)


def amount(number: float | None) -> tuple[str, Any]:
    """A measured number as it is shown, and by what it is sorted."""
    return ("", "") if number is None else (f"{number:.3g}", number)


def split_symbols(text: str) -> list[str]:
    """`\\beta_1, \\beta_2` as two symbols; commas inside braces do not split."""
    result, depth = [""], 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            result.append("")
        else:
            result[-1] += character
    return [r.strip() for r in result]


class Atlas:
    """The whole catalog as templates see it."""

    def __init__(self, catalog: Catalog, maths: Maths, repository: str) -> None:
        self.catalog, self.maths, self.repository = catalog, maths, repository.rstrip("/")
        self.views = {i: View(self, o) for i, o in sorted(catalog.optimizers.items())}
        self.methods = sorted(self.views.values(), key=lambda v: (v.name.casefold(), v.year))

    def word(self, group: str, word_id: str) -> Word:
        return self.words[group][word_id]

    @cached_property
    def words(self) -> dict[str, dict[str, Word]]:
        taxonomy = self.catalog.taxonomy
        assert taxonomy is not None
        return {g: {w.id: w for w in getattr(taxonomy, g)} for g in type(taxonomy).model_fields}

    @cached_property
    def by_paper(self) -> dict[str, list[View]]:
        found: dict[str, list[View]] = defaultdict(list)
        for view in self.methods:
            for key in dict.fromkeys((view.o.papers.introduced_in, *view.o.papers.also)):
                found[key].append(view)
        return found

    def methods_of(self, paper: Paper) -> list[View]:
        return self.by_paper.get(paper.key, [])

    @cached_property
    def children(self) -> dict[str, list[tuple[View, BuildsOn]]]:
        """By method: what builds on it."""
        found: dict[str, list[tuple[View, BuildsOn]]] = defaultdict(list)
        for view in self.methods:
            for edge in view.o.builds_on:
                found[edge.id].append((view, edge))
        return found

    @cached_property
    def groups(self) -> dict[tuple[str, str], list[View]]:
        """Methods by what they carry: ("family", "momentum"), ("order", "first"), ("scenario", ...), ("category", ...)."""
        found: dict[tuple[str, str], list[View]] = defaultdict(list)
        for view in self.methods:
            o = view.o
            carried: dict[str, tuple[str, ...]] = {"order": (o.order,), "kind": (o.kind,), "category": (o.category.letter,)}
            carried |= {"family": o.families, "scenario": o.scenarios}
            for group, words in carried.items():
                for word in dict.fromkeys(words):
                    found[group, str(word)].append(view)
        return found

    def having(self, group: str, word: str) -> list[View]:
        return self.groups.get((group, word), [])

    @cached_property
    def printed(self) -> dict[str, str]:
        return {}

    def bibtex(self, paper: Paper) -> str:
        """The paper's entry; each is made once."""
        if paper.key not in self.printed:
            self.printed[paper.key] = bibtex([paper]).strip()
        return self.printed[paper.key]
