"""All generated pages: each is a template, its context and a path below build/docs."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemBytecodeCache, StrictUndefined
from markupsafe import Markup, escape

from tools.algebra.functions import FUNCTIONS
from tools.catalog.ladder import MEANING
from tools.catalog.schema import Circulated, Optimizer, Paper, StateSlot, Word
from tools.site.claim_pages import claim_pages, prepare
from tools.site.conformance_pages import conformance_pages
from tools.site.context import ADDRESSES, Atlas, View, author_names, https, markdown_text, meta_text, one_line, paper_url
from tools.site.golden_pages import golden_pages, prepare_golden
from tools.site.ledger_pages import ledger_pages, ledger_record, prepare_ledger
from tools.site.maths import Maths
from tools.site.raw_blocks import TemplateLoader
from tools.site.result_pages import result_pages, result_records, result_views
from tools.site.result_standings import published
from tools.site.roadmap import roadmap

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DECAY = {
    "none": "The method has no weight decay of its own.",
    "coupled": "Coupled: the decay is added to the gradient (L2 regularisation), and what the method does to gradients happens to it too.",
    "decoupled_times_lr": "Decoupled: the weights shrink by the learning rate times λ, apart from the gradient.",
    "decoupled": "Decoupled: the weights shrink by λ, apart from gradient and learning rate.",
    "proximal": "Proximal: the weights are divided after the step.",
    "other": "The method shrinks the weights in a way of its own.",
}
UNTOUCHED = {
    "gradient": "The gradient of the mini-batch is taken as it is.",
    "gradient_estimate": "The gradient is followed as it is: no momentum, no correction.",
    "learning_rate": "The learning rate is left as it is set.",
    "update": "Nothing is recorded for this step.",
}
FAMOUS = ("adam", "adamw", "sgd", "lion", "muon", "shampoo", "sam", "adafactor")
NEEDED = ("learning-rate-free", "schedule-free", "sharpness-aware", "orthogonalization")
COLUMNS = (
    ("name", "Name"),
    ("year", "Year"),
    ("order", "Order"),
    ("families", "Families"),
    ("category", "Category"),
    ("state", "State"),
    ("decay", "Weight decay"),
    ("status", "Status"),
    ("bytes", "Bytes a parameter"),
)
MEASURED = (("evaluations", "Evaluations"), ("temporary", "Temporary bytes"), ("refuses", "Refuses"), ("blind", "Blind to"))  # on demand


def plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def slots(optimizer: Optimizer) -> tuple[int, int]:
    """How many slots are as large as the parameter, and how many are smaller."""
    full = sum(s.shape == "parameter" and s.applies_to != "vectors" for s in optimizer.state)
    return full, sum(s.shape != "parameter" for s in optimizer.state)


def memory(optimizer: Optimizer) -> str:
    """The state in words: slots as large as the parameter, and smaller ones."""
    full, small = slots(optimizer)
    texts = [f"{full} × parameter"] * bool(full) + [plural(small, "other", "others")] * bool(small)
    factors = dict.fromkeys(s.scaled_by for s in optimizer.state if s.scaled_by)
    less = "".join(f", {'less' if len(optimizer.state) > 1 else 'none'} while {factor} is 0" for factor in factors)
    return (" + ".join(texts) or ("none" if not optimizer.state else "vectors only")) + less


def shape(value: StateSlot | Any) -> str:
    return value if isinstance(value, str) else " × ".join(map(str, value)) or "scalar"


def shown(value: Any) -> str:
    """A default as Python writes it, without noise: 1e-08 as 1e-8."""
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(shown, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, float):
        return re.sub(r"e([+-])0*(\d)", lambda f: "e" + ("-" if f[1] == "-" else "") + f[2], repr(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def when(paper: Paper) -> str:
    return f"{MONTHS[paper.month - 1]} {paper.year}" if paper.month else str(paper.year)


def authors(paper: Paper, most: int) -> str:
    names = author_names(paper)
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def shown_text(value: Any) -> Any:
    """What a template prints: plain text on one line, everything else as it is."""
    return one_line(value) if type(value) is str and not value.isprintable() else value


def environment(atlas: Atlas) -> Environment:
    """Autoescaping for every text of a record; Markdown's own marks are escaped by the filter `md`. Templates are compiled once."""
    cache = atlas.catalog.root / "build" / "cache" / "templates"
    cache.mkdir(parents=True, exist_ok=True)
    env = Environment(
        bytecode_cache=FileSystemBytecodeCache(str(cache)),
        loader=TemplateLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        finalize=shown_text,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def cited(text: str) -> Markup:
        """Citation keys in a source become links to the list of papers."""
        plain = str(escape(text))
        return Markup(
            re.sub(
                r"[a-z][a-z0-9]*-\d{4}-[a-z0-9-]+",
                lambda f: f'<a href="../papers.html#{f[0]}">{f[0]}</a>' if f[0] in atlas.catalog.papers else f[0],
                plain,
            )
        )

    env.filters |= {
        "md": markdown_text,
        "meta": meta_text,
        "url": lambda paper: https(paper_url(paper)),
        "https": https,
        "host": lambda url: urlsplit(url).netloc.removeprefix("www."),
        "shown": shown,
        "shape": shape,
        "apart": lambda number, digits=1: f"{number:.{digits}e}" if number else "0",
        "when": when,
        "authors": authors,
        "cited": cited,
        "memory": memory,
        "numbers": lambda o: slots(o)[0] * 10 + slots(o)[1],
        "decayed": lambda o: o.weight_decay.kind.replace("_", " ") if o.weight_decay else "not recorded",
        "doi": lambda doi: ADDRESSES["doi"] + quote(doi, safe="/:;()._-"),
    }
    env.globals |= {
        "atlas": atlas,
        "maths": atlas.maths,
        "meaning": MEANING,
        "decay": DECAY,
        "untouched": UNTOUCHED,
        "bibtex": lambda paper: escape(atlas.bibtex(paper)),
        "authors_of": author_names,
    }
    prepare(atlas, env)
    prepare_golden(atlas, env)
    prepare_ledger(atlas, env)
    return env


class Export(NamedTuple):
    """A file that the site offers."""

    name: str
    purpose: str
    of: str


def pages(atlas: Atlas, exports: Iterable[Export]) -> Iterator[tuple[str, str]]:
    """(path below build/docs, Markdown with marks for formulas) for the generated pages but `pages_of_numbers`."""
    env = environment(atlas)

    def page(template: str, **context: Any) -> str:
        return env.get_template(template).render(**context)

    counts = {
        "methods": plural(len(atlas.methods), "method", "methods"),
        "papers": plural(len(atlas.catalog.papers), "paper", "papers"),
        "differences": plural(len(atlas.catalog.discrepancies), "difference", "differences"),
    }
    yield "equations.md", page("equations.md.j2", functions=FUNCTIONS)  # first, since it has formulas of its own
    yield "index.md", page("home.md.j2", famous=[atlas.views[i] for i in FAMOUS if i in atlas.views], needs=needs(atlas))
    years = [v.year for v in atlas.methods]
    columns = {"columns": COLUMNS, "optional": MEASURED, "facets": facets(atlas)}
    yield "methods/index.md", page(
        "explorer.md.j2", **columns, first_year=min(years, default=1950), last_year=max(years, default=2030)
    )
    method = env.get_template("method.md.j2")
    tables = result_views(atlas)
    results = published(atlas, tables)
    for view in atlas.methods:
        yield f"methods/{view.id}.md", method.render(v=view, published=results.get(view.id))
    newest: dict[int, list[Paper]] = {}
    for paper in sorted(atlas.catalog.papers.values(), key=lambda p: (-p.year, -(p.month or 0), p.title)):
        newest.setdefault(paper.year, []).append(paper)
    yield "papers.md", page("papers.md.j2", count=len(atlas.catalog.papers), by_year=newest.items())
    yield "taxonomy.md", page("taxonomy.md.j2", grid=grid(atlas))
    by_year: dict[int, list[View]] = {}
    for view in sorted(atlas.methods, key=lambda v: v.year):
        by_year.setdefault(view.year, []).append(view)
    yield "roadmap.md", page("roadmap.md.j2", svg=Markup(roadmap(atlas)), by_year=by_year.items())
    yield "cite.md", page("cite.md.j2", files=[(f, counts[f.of]) for f in exports], own=escape(OWN))
    yield "errata.md", page("errata.md.j2", errata=atlas.catalog.errata, rows=errata_rows(atlas))


def pages_of_numbers(atlas: Atlas) -> Iterator[tuple[str, str]]:
    """(path below build/docs, Markdown) for the generated pages on which no formula stands."""
    env = environment(atlas)
    yield from claim_pages(atlas, env)
    yield from conformance_pages(atlas, env)
    yield from golden_pages(atlas, env)
    yield from ledger_pages(atlas, env)
    yield from result_pages(atlas, env, result_views(atlas))


OWN = """@misc{optimizer-atlas,
  title = {Optimizer Atlas},
  author = {{The Optimizer Atlas contributors}},
  year = {2026},
  note = {A curated, tested knowledge base of deep-learning optimizers},
}"""


def needs(atlas: Atlas) -> list[tuple[str, Word, str]]:
    """Scenarios and a few families that methods carry: (filter of the explorer, word, how many)."""
    words = [("scenario", w) for w in atlas.words["scenarios"].values()]
    words += [("family", atlas.words["families"][f]) for f in NEEDED if f in atlas.words["families"]]
    return [(group, w, plural(len(found), "method", "methods")) for group, w in words if (found := atlas.having(group, w.id))]


def grid(atlas: Atlas) -> list[tuple[Word, list[list[View]]]]:
    """Scenarios by orders; the first row holds the methods that name no scenario."""
    taxonomy = atlas.catalog.taxonomy
    assert taxonomy is not None
    general = Word(id="general", name="No scenario named", definition="Made for no scenario in particular.")
    cells: dict[tuple[str, str], list[View]] = {}
    for view in atlas.methods:
        for scenario in view.o.scenarios or (general.id,):
            cells.setdefault((scenario, view.o.order.value), []).append(view)
    return [(s, [cells.get((s.id, order.id), []) for order in taxonomy.orders]) for s in (general, *taxonomy.scenarios)]


def facets(atlas: Atlas) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The explorer's drop-down filters: (name in the URL, title, options that at least one method has)."""
    t = atlas.catalog.taxonomy
    assert t is not None

    def used(words: Iterable[Word], group: str) -> list[tuple[str, str]]:
        return [(w.id, w.name) for w in words if atlas.having(group, w.id)]

    decays = sorted({v.o.weight_decay.kind.replace("_", " ") for v in atlas.methods if v.o.weight_decay})
    rungs = sorted({v.rung for v in atlas.methods})
    return [
        ("order", "Order", used(t.orders, "order")),
        ("family", "Family", used(t.families, "family")),
        ("scenario", "Scenario", used(t.scenarios, "scenario")),
        ("kind", "Kind", used(t.kinds, "kind")),
        ("category", "Category", [(w, f"({w}) {n}" if w != "outside" else n) for w, n in used(t.categories, "category")]),
        ("decay", "Weight decay", [(d, d) for d in decays]),
        ("status", "Status", [(r.word, r.word) for r in rungs]),
    ]


def plain_title(title: str) -> str:
    """A title without case, punctuation and blanks, for comparing."""
    return "".join(c for c in unicodedata.normalize("NFKD", title).casefold() if c.isalnum())


def compare(row: Circulated, paper: Paper, others: list[Paper]) -> tuple[list[str], list[str]]:
    """What is wrong with a circulated row, and what should be said of it though it is right."""
    faults, notes = [], []
    given, right = plain_title(row.title), plain_title(paper.title)
    if former := next((t for t in paper.other_titles if plain_title(t.title) == given), None):
        notes.append(f"The paper has or had this title elsewhere: {former.where}.")
    elif given != right:
        also = any(plain_title(p.title) == given for p in others)
        part = given in right or right in given
        faults.append("the title is that of another paper on the method" if also else "title incomplete" if part else "wrong title")
    venue_year = paper.venue.year if paper.venue else None
    if row.year == venue_year and row.year != paper.year:
        notes.append(f"The year is the venue's; the paper first appeared in {paper.year}.")
    elif row.year != paper.year:
        faults.append("wrong year")
    if row.arxiv and row.arxiv != (paper.arxiv.id if paper.arxiv else None):
        faults.append("wrong arXiv id")
    if row.note:
        notes.append(row.note)
    return faults, notes


def errata_rows(atlas: Atlas) -> list[dict[str, Any]]:
    rows = []
    for row in atlas.catalog.errata.rows if atlas.catalog.errata else ():
        view = atlas.views[row.method]
        faults, notes = compare(row, view.paper, view.papers[1:])
        rows.append({"row": row, "view": view, "paper": view.paper, "faults": faults, "notes": notes})
    return rows


def search_records(atlas: Atlas) -> list[dict[str, Any]]:
    """One record a method and a paper: title, aliases, authors and idea, and nothing of the page's text."""
    methods = [
        {
            "id": v.url,
            "title": v.name,
            "aliases": " · ".join([v.id, *v.o.aliases]),
            "authors": ", ".join(author_names(v.paper)),
            "idea": v.o.summary,
            "paper": v.paper.title,
            "words": " ".join([*(atlas.word("families", f).name for f in v.o.families), *v.o.scenarios, str(v.year)]),
            "heirs": len(atlas.children.get(v.id, ())),
        }
        for v in atlas.methods
    ]
    papers = [
        {
            "id": f"papers.html#{p.key}",
            "title": p.title,
            "aliases": p.key,
            "authors": ", ".join(author_names(p)),
            "idea": f"Paper, {p.year}",
        }
        for p in atlas.catalog.papers.values()
        if p.key not in {v.paper.key for v in atlas.methods_of(p)}
    ]
    general = [
        {"id": url, "title": title, "aliases": aliases, "idea": idea}
        for url, title, aliases, idea in (
            ("roadmap.html", "Roadmap", "timeline history lineage genealogy", "Methods by time and family."),
            ("taxonomy.html", "Taxonomy", "categories families orders scenarios", "The words by which methods are sorted."),
            ("algorithm.html", "The general algorithm", "four steps framework", "The frame in which every rule is written."),
            ("equations.html", "Reading the equations", "notation symbols algebra functions", "How equations are written and run."),
            ("papers.html", "Papers", "bibliography references literature", "All papers with authors and venues."),
            ("cite.html", "How to cite", "bibtex · biblatex · ris · csl · export · citation", "Citations in all formats."),
            ("errata.html", "Errata", "wrong mistakes corrections awesome optimizers", "What circulates beside what is right."),
            ("recommended.html", "Recommended settings", "learning rate · weight decay · hyperparameters · defaults", "What others used."),
            ("algoperf.html", "AlgoPerf", "benchmark · performance profiles · scores · speed-up", "Profiles and scores, recomputed."),
            ("claims/index.html", "Claims, recomputed", "verdicts · reproduce · bocb", "Papers' claims beside their own numbers."),
            ("folklore.html", "Folklore and fine print", "myths · circulating statements", "What was really measured."),
            ("conformance.html", "Conformance matrix", "peers libraries packages agreement", "Which libraries take the same steps."),
            ("golden.html", "Golden trajectories", "port test javascript rust fixtures reference values", "Test a port against them."),
            ("writings.html", "Three writings of each rule", "equations code peers tape difference", "How far apart they end."),
            ("contribute.html", "Contribute", "pull request add entry new method", "How to add or correct an entry."),
        )
    ]
    return [*methods, *papers, *general, *result_records(atlas), ledger_record(atlas)]


def script(name: str, data: Any) -> str:
    """Data as a script, since pages opened from a disk may not fetch files."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for mark in "<\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f"window.{name} = {text};\n"


__all__ = ["Maths", "errata_rows", "pages", "pages_of_numbers", "script", "search_records"]
