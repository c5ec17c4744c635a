"""What the pages of claims, of AlgoPerf and of settings share: outcomes, recommendations, names and the code behind them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from jinja2 import Environment

from tools.catalog.schema import Paper
from tools.catalog.statements import PaperClaim
from tools.export.names import parts
from tools.results import recommend
from tools.results.numbers import plain
from tools.results.outcome import Outcome, outcomes
from tools.site.charts import MINUS, shade
from tools.site.claim_code import Function, Source
from tools.site.context import Atlas

# where a claim is shown, by the first of its tables; every other one stands with the language models
HOMES = (("bocb", "claims/coupling-bias.html"), ("survey", "claims/survey.html"), ("algoperf", "algoperf.html"))
ELSEWHERE = "claims/gpt2.html"
POINTS = (0.5, 1, 2, 4, 8)  # where the colour of a difference in accuracy deepens


@dataclass(frozen=True)
class Shown:
    """A claim with what the numbers say, the page where it stands, and the code that computed it."""

    claim: PaperClaim
    outcome: Outcome
    paper: Paper | None
    home: str
    code: Function


class Findings:
    """What the pages share; each part is computed once a build, when a page asks for it."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas, self.catalog = atlas, atlas.catalog
        self.source = Source()

    @cached_property
    def claims(self) -> list[Shown]:
        if not self.catalog.claims:
            return []
        found = outcomes(self.catalog)
        return [
            Shown(c, found[c.id], self.catalog.papers[c.paper] if c.paper else None, home(c), self.source[c.computed_by])
            for c in self.catalog.claims.claims
        ]

    def at(self, page: str) -> list[Shown]:
        return [s for s in self.claims if s.home == page]

    @cached_property
    def by_id(self) -> dict[str, Shown]:
        return {s.claim.id: s for s in self.claims}

    @cached_property
    def recommended(self) -> dict[str, list[recommend.Recommendation]]:
        return recommend.recommendations(self.catalog)

    @cached_property
    def families(self) -> dict[str, str]:
        return recommend.families(self.catalog)

    @cached_property
    def unrecorded(self) -> dict[str, str]:
        """Names of the optimizers that tables have and the catalog has not."""
        return {o.id: o.name for o in self.catalog.glossary.optimizers} if self.catalog.glossary else {}

    def name(self, id_: str) -> str:
        return self.atlas.views[id_].name if id_ in self.atlas.views else self.unrecorded.get(id_, id_)

    def ids(self, *tables: str) -> dict[str, str]:
        """What printed names of optimizers mean, as far as the catalog has them."""
        cells = [c for t in tables if t in self.catalog.results for c in self.catalog.results[t].cells]
        return {c.optimizer.printed: c.optimizer.id for c in cells if c.optimizer and c.optimizer.id in self.atlas.views}

    def models(self, table: str) -> dict[str, str]:
        """Full names of a table's printed models."""
        names = {m.id: m.name for m in self.catalog.glossary.models} if self.catalog.glossary else {}
        cells = self.catalog.results[table].cells
        return {c.model.printed: names.get(c.model.id or "", c.model.printed) for c in cells if c.model}

    def searched(self, method: str) -> list[recommend.Searched]:
        """Ranges in which somebody searched for the method, each once."""
        settings = [s for r in self.recommended.get(method, ()) for s in r.settings.values()]
        return list(dict.fromkeys(x for s in settings for x in s.searched))

    def has(self, *tables: str) -> bool:
        return all(t in self.catalog.results for t in tables)


def home(claim: PaperClaim) -> str:
    return next((page for start, page in HOMES if claim.tables[0].startswith(start)), ELSEWHERE)


def prepare(atlas: Atlas, env: Environment) -> None:
    """Give templates what the pages here and the methods' pages need."""
    findings = Findings(atlas)
    env.globals |= {"findings": findings, "factor": recommend.FACTOR}
    env.filters |= {"plain": plain, "fixed": fixed, "signed": signed, "cite": short_citation, "times": times, "percent": percent}
    env.filters["minus"] = lambda text: re.sub(r"(?<=[\s(])-(?=\d)", MINUS, text)
    env.filters["shade"] = lambda value: shade(value, POINTS)


def fixed(value: float, digits: int = 1) -> str:
    """A number with so many decimals and a true minus sign; no negative zero."""
    return format(round(value, digits) + 0.0, f".{digits}f").replace("-", MINUS)


def signed(value: float, digits: int = 1) -> str:
    """The same with its sign, a zero without."""
    rounded = round(value, digits) + 0.0
    return format(rounded, f"+.{digits}f" if rounded else f".{digits}f").replace("-", MINUS)


def percent(value: float, digits: int = 0) -> str:
    return f"{value:.{digits}%}"


def times(value: float) -> str:
    """A ratio with two digits that count: 0.096, 1, 22, 680."""
    return f"{float(f'{value:.2g}'):g}"


def short_citation(paper: Paper) -> str:
    """`Li et al. 2024`."""
    names = [p.literal or p.family or "" for p in map(parts, paper.authors)]
    more = " et al." if len(names) > 2 else f" and {names[1]}" if len(names) == 2 else ""
    return f"{names[0]}{more} {paper.year}"


__all__ = ["POINTS", "Findings", "Shown", "prepare"]
