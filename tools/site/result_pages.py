"""The pages of published results: one a table, one over all of them, and their records for the search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from tools.catalog.result_table import Named, ResultTable, comparable
from tools.catalog.results import EXACTNESS, Column
from tools.site.context import Atlas, one_line
from tools.site.findings import Findings
from tools.site.result_tables import (
    READ_OFF,
    Names,
    Notes,
    Part,
    coordinates,
    heat_map,
    is_grid,
    listing,
    notes,
    parts,
    words,
)

RELATIONS = {
    "independent": ("independent", "The people who measured rank no method of their own here."),
    "self-reported": ("self-reported", "The table ranks a method of the people who measured."),
    "mixed": ("partly self-reported", "Some of the methods in the table belong to people who measured."),
}
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better", "none": "a setting or size", None: ""}
PICTURES = {"cnn", "vit", "mlp", "metaformer"}
SECTIONS = {
    "pictures": ("Measured on images", "Classification, detection and pose estimation."),
    "language": ("Measured on language", "Training and fine-tuning of language models."),
    "several": ("Measured on several kinds of workload", "One score or time for methods on workloads of many kinds."),
    "ranking": ("Rankings made by a source", "Ranks that a source formed from its own tables: no measurements."),
    "settings": ("Settings", "Hyperparameters that a source used or searched: no results."),
    "targets": ("Targets and budgets", "What a benchmark asks of a run: no results."),
}


def plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


@dataclass(frozen=True)
class TableView:
    """One table with everything that its page and the overview say about it."""

    atlas: Atlas
    table: ResultTable
    known: Names

    @property
    def r(self) -> Any:
        return self.table.record

    @property
    def id(self) -> str:
        return self.table.id

    @cached_property
    def parts(self) -> list[Part]:
        return parts(self.table)

    @cached_property
    def is_grid(self) -> bool:
        return is_grid(self.table)

    @cached_property
    def notes(self) -> Notes:
        return notes(self.table, self.parts)

    @property
    def relation(self) -> tuple[str, str]:
        return RELATIONS[self.r.measured_by.relation]

    @property
    def measures(self) -> bool:
        return self.r.kind == "measurements"

    @property
    def seeds(self) -> str:
        count = self.r.seeds.count
        return plural(count, "run", "runs") + " a cell" if count else "runs not stated"

    @cached_property
    def exactness(self) -> list[tuple[str, str, int]]:
        """(how the cells came here, what that means, how many), most frequent first."""
        return [(how, EXACTNESS[how], n) for how, n in Counter(c.exactness for c in self.table.cells).most_common()]

    @cached_property
    def states(self) -> list[tuple[str, int]]:
        return Counter[str](c.state for c in self.table.cells if c.state).most_common()

    @cached_property
    def numbers(self) -> int:
        return sum(c.state is None for c in self.table.cells)

    @cached_property
    def size(self) -> str:
        optimizers = {n.printed for row in self.table.rows if (n := row.optimizer)}
        models = {c.model.printed for c in self.table.cells if c.model}
        named = (("optimizer", optimizers), ("workload" if self.field == "several" else "model", models))
        return " × ".join(plural(len(n), word, f"{word}s") for word, n in named if n)

    @cached_property
    def field(self) -> str:
        """What the models of the table work on."""
        glossary = self.atlas.catalog.glossary
        family = {m.id: m.family for m in glossary.models} if glossary else {}
        found = {family.get(c.model.id or "") for c in self.table.cells if c.model}
        return "pictures" if found <= PICTURES else "language" if found == {"llm"} else "several"

    @property
    def section(self) -> str:
        return self.field if self.measures else str(self.r.kind)

    @cached_property
    def like(self) -> list[ResultTable]:
        """Other tables whose numbers may stand beside these."""
        return [t for t in self.atlas.catalog.results.values() if t is not self.table and comparable(t, self.table)]

    @cached_property
    def unlike(self) -> list[tuple[ResultTable, str]]:
        """Tables of the same benchmark whose numbers may not, each with what differs."""
        found = []
        for other in self.atlas.catalog.results.values():
            one, two = self.r.group, other.record.group
            if one.benchmark == two.benchmark and one != two:
                differs = ["another version"] * (one.version != two.version) + ["another ruleset"] * (one.ruleset != two.ruleset)
                found.append((other, " and ".join(differs)))
        return found

    @property
    def blocks(self) -> Iterator[dict[str, Any]]:
        """The tables of the page, each with its heading and what must be read before it."""
        if not self.is_grid:
            yield {"title": "", "html": listing(self.table, self.known), "about": ""}
            return
        for i, part in enumerate(self.parts):
            html = heat_map(part, self.known, self.notes, first=i == 0)
            title = one_line(words(part.column.name)).capitalize() if len(self.parts) > 1 else ""
            yield {"title": title, "html": html, "about": self.about(part)}

    def about(self, part: Part) -> Markup:
        """What holds for all columns: model and conditions, unit, direction."""
        said = [] if len({s.metric for s in part.series}) > 1 else [escape(one_line(part.column.meaning))]
        first = coordinates(part.series[0])
        if values := [(n, v) for n, v in first if n in part.shared or len(part.series) == 1]:
            said.append(escape("All columns: " + ", ".join(v if n == "model" else f"{words(n)} {v}" for n, v in values) + "."))
        if part.unit not in (None, "1"):
            said.append(escape(f"Unit: {part.unit}."))
        if len({s.direction for s in part.series if s.direction}) == 1:
            direction = next(s.direction for s in part.series if s.direction)
            said.append(escape(f"{DIRECTIONS[direction].capitalize()}."))
        return Markup(" ").join(said)

    @property
    def marks(self) -> list[tuple[Column, list[tuple[str, str]], str]]:
        """(column, its letters with their words, the word that goes unmarked) for what single cells carry."""
        letters = self.notes.marks(self.table)
        result = []
        for column in self.notes.of_cells:
            usual = Counter(row.text(column.name) for row in self.table.rows).most_common(1)[0][0]
            result.append((column, [(mark, word) for (name, word), mark in letters.items() if name == column.name], usual))
        return result

    @property
    def read_off(self) -> str | None:
        return READ_OFF if any(how == "digitised" for how, _, _ in self.exactness) else None

    @property
    def ranks(self) -> bool:
        return any(c.direction in ("higher", "lower") for c in self.r.columns)

    @property
    def has_mean_ranks(self) -> bool:
        return self.is_grid and any(p.mean_ranks for p in self.parts)

    @cached_property
    def models(self) -> list[tuple[str, list[str], str, str]]:
        """(name, names as printed, family, what it is) for every model of the table."""
        glossary = self.atlas.catalog.glossary
        if glossary is None:
            return []
        families = {f.id: f.name for f in glossary.families}
        known = self.known.models
        seen = _by_id(n for c in self.table.cells if (n := c.model))
        return [(known[i].name, printed, families.get(known[i].family, ""), known[i].about) for i, printed in seen.items() if i in known]

    @cached_property
    def others(self) -> list[tuple[str, str, list[str], str, str]]:
        """(id, name, names as printed, what it is, where that is known from) for methods without a page of their own."""
        known = self.known.others
        seen = _by_id(n for row in self.table.rows if (n := row.optimizer))
        return [
            (i, known[i].name, printed, known[i].about, known[i].source)
            for i, printed in seen.items()
            if i in known and i not in self.atlas.views
        ]


def _by_id(names: Iterator[Named]) -> dict[str, list[str]]:
    """The names as printed by id, each with what sets it apart."""
    found: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        if name.id:
            found.setdefault(name.id, []).append(f"{name.printed} ({name.variant})" if name.variant else name.printed)
    return found


def result_views(atlas: Atlas) -> list[TableView]:
    names = Names(atlas)
    return [TableView(atlas, table, names) for table in atlas.catalog.results.values()]


def result_pages(atlas: Atlas, env: Environment, tables: list[TableView]) -> Iterator[tuple[str, str]]:
    """(path, Markdown) of the overview and of each table's page."""
    sections = [(title, about, found) for key, (title, about) in SECTIONS.items() if (found := [v for v in tables if v.section == key])]
    yield "results/index.md", env.get_template("results.md.j2").render(sections=sections, tables=tables, exactness=EXACTNESS)
    page = env.get_template("result.md.j2")
    findings, catalog = env.globals["findings"], atlas.catalog
    assert isinstance(findings, Findings)
    statements = catalog.folklore.statements if catalog.folklore else ()
    for view in tables:
        claims = [s for s in findings.claims if view.id in s.claim.tables]
        sayings = [s for s in statements if view.id in s.tables]
        yield f"results/{view.id}.md", page.render(v=view, directions=DIRECTIONS, claims=claims, sayings=sayings)


def result_records(atlas: Atlas) -> list[dict[str, Any]]:
    """One search record a table, and one for the overview."""
    overview = {
        "id": "results/index.html",
        "title": "Published results",
        "aliases": "benchmarks · tables · leaderboard · comparison",
        "idea": "What others measured, with where each number comes from.",
    }
    tables = [
        {
            "id": f"results/{v.id}.html",
            "title": v.r.title,
            "aliases": " · ".join(dict.fromkeys([v.id, v.r.group.benchmark])),
            "idea": v.r.measured,
            "words": " ".join([v.r.setup.task, v.r.setup.data, "results", "benchmark", "table"]),
        }
        for v in result_views(atlas)
    ]
    return [overview, *tables] if tables else []


__all__ = ["TableView", "result_pages", "result_records", "result_views"]
