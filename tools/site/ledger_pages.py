"""The ledger of discrepancies: one page with all rows, a method's own rows, and the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from markupsafe import Markup

from tools.catalog.discrepancies import PROBES, STATUSES, TOPICS, Discrepancy, example_path, measured
from tools.site.code import code_html
from tools.site.context import Atlas, View

PAGE = "discrepancies.html"
COLUMNS = (
    ("method", "Method"),
    ("library", "Library"),
    ("differs", "What differs"),
    ("status", "Status"),
    ("effect", "Effect"),
)


class Row:
    """One difference with everything that the page says about it."""

    def __init__(self, atlas: Atlas, record: Discrepancy) -> None:
        self.atlas, self.d, self.id = atlas, record, record.id
        self.status = record.reproduction.status

    @cached_property
    def methods(self) -> list[View]:
        return [self.atlas.views[i] for i in self.d.optimizers if i in self.atlas.views]

    @cached_property
    def names(self) -> list[str]:
        """The methods' names as they are filtered: those of the catalog, then those outside."""
        return [*(v.name for v in self.methods), *self.d.methods_outside]

    @cached_property
    def equations(self) -> list[tuple[str, str]]:
        """(equation's id, address from the page) of each equation that says it rightly."""
        found: dict[str, str] = {}
        for view in self.methods:
            own = {e.id for e in view.o.equations}
            for id_ in self.d.equations:
                if id_ in own:
                    found.setdefault(id_, f"{view.url}#eq-{id_.replace('.', '-')}")
        return [(id_, found[id_]) for id_ in self.d.equations if id_ in found]

    @cached_property
    def measured(self) -> dict[str, Any] | None:
        """What was measured of its example: a site is built from a checked catalog, so it is there and fresh wherever there is one."""
        return measured(self.atlas.catalog.root, self.d) if self.d.reproduction.package else None

    @cached_property
    def code(self) -> str:
        return example_path(self.atlas.catalog.root, self.id).read_text("utf-8").strip()

    @cached_property
    def code_html(self) -> Markup:
        return code_html(self.code)

    @cached_property
    def effect(self) -> str:
        """The measured size as it is printed."""
        return "" if self.measured is None else size(self.measured["effect"])

    @property
    def threads(self) -> list[tuple[str, str]]:
        """(address, short name) of its sources."""
        return [(url, thread(url)) for url in self.d.sources]


def size(effect: float) -> str:
    """An effect with two digits, as a reader writes it: 0, 0.21, 1.4e-7."""
    return f"{effect:.2g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")


def thread(url: str) -> str:
    """`optax#532` for a thread on GitHub, the host for other addresses."""
    parts = urlsplit(url)
    steps = parts.path.strip("/").split("/")
    if parts.netloc == "github.com" and len(steps) == 4 and steps[2] in ("issues", "pull"):
        return f"{steps[1]}#{steps[3]}"
    return parts.netloc.removeprefix("www.")


def rows(atlas: Atlas) -> list[Row]:
    """Every record, those that can be seen today first, then by library and id."""
    order = list(STATUSES)
    found = [Row(atlas, record) for record in atlas.catalog.discrepancies.values()]
    return sorted(found, key=lambda r: (order.index(r.status), r.d.libraries[0].name.casefold(), r.id))


def prepare_ledger(atlas: Atlas, env: Environment) -> None:
    """Templates know the rows of each method."""
    own: dict[str, list[Row]] = {}
    for row in rows(atlas):
        for id_ in row.d.optimizers:
            own.setdefault(id_, []).append(row)
    env.globals |= {"ledger": own, "statuses": STATUSES}


def ledger_pages(atlas: Atlas, env: Environment) -> Iterator[tuple[str, str]]:
    everything = rows(atlas)
    yield (
        PAGE.replace(".html", ".md"),
        env.get_template("discrepancies.md.j2").render(
            rows=everything, columns=COLUMNS, facets=facets(everything), counts=Counter(r.status for r in everything), probes=PROBES
        ),
    )


def facets(everything: list[Row]) -> list[tuple[str, str, list[str]]]:
    """The drop-down filters: (name, title, words that at least one row has)."""

    def used(words: Iterator[str]) -> list[str]:
        return sorted(set(words), key=str.casefold)

    return [
        ("status", "Status", [s for s in STATUSES if any(r.status == s for r in everything)]),
        ("library", "Library", used(x.name for r in everything for x in r.d.libraries)),
        ("method", "Method", used(n for r in everything for n in r.names)),
        ("topic", "Topic", [t for t in TOPICS if any(r.d.topic == t for r in everything)]),
        ("origin", "Found by", used(r.d.origin for r in everything)),
    ]


def discrepancies_json(atlas: Atlas) -> str:
    """All rows for programs: each record with what was measured of its example, and the example's code."""
    found = []
    for row in sorted(rows(atlas), key=lambda r: r.id):
        data = row.d.model_dump(mode="json")
        seen = row.measured
        keys = ("package", "version", "effect", "measured_on")
        found.append(
            {
                **data,
                "page": f"{PAGE}#{row.id}",
                "measured": {k: seen[k] for k in keys} if seen else None,
                "example": row.code + "\n" if seen else None,
            }
        )
    text = json.dumps({"statuses": STATUSES, "tests": PROBES, "discrepancies": found}, ensure_ascii=False, indent=1)
    return text.replace("<", "\\u003c") + "\n"


def ledger_record(atlas: Atlas) -> dict[str, str]:
    """The page for the search."""
    libraries = " ".join(sorted({x.name for r in atlas.catalog.discrepancies.values() for x in r.libraries}))
    return {
        "id": PAGE,
        "title": "Discrepancies",
        "aliases": "ledger · known differences · bugs · deviations",
        "idea": "Where libraries differ from papers and from each other, run on the installed versions.",
        "words": libraries,
    }
