"""Pages on what published numbers say: claims recomputed, AlgoPerf's profiles, settings that others used, folklore.

Everything here is computed from the tables while the site is built, by the functions of tools/results, which the pages show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from jinja2 import Environment

from tools.catalog.statements import Verdict
from tools.site.algoperf_page import algoperf_context
from tools.site.claim_contexts import COUPLING, GPT2, SURVEY, TUNING, coupling_context, gpt2_context, survey_context
from tools.site.context import Atlas
from tools.site.findings import Findings, Shown, prepare
from tools.site.recommended_page import recommended_context

OWN_CODE = {  # functions that a page needs besides its claims' own
    "claims/coupling-bias.html": ("bocb.centred", "bocb.spread_per_optimizer", "bocb.categories_by_backbone"),
    "claims/survey.html": ("survey.sensitivity", "survey.gains", "survey.head_room", "survey.rank_correlation", "survey.deviations"),
    "claims/gpt2.html": ("grid.grid",),
    "algoperf.html": ("algoperf.profiles", "algoperf.scores", "algoperf.speed_ups", "algoperf.saved_with_budgets"),
}
TITLES = {
    "claims/coupling-bias.html": "Backbones and optimizers",
    "claims/survey.html": "The survey's experiments",
    "claims/gpt2.html": "GPT-2 and other language models",
    "algoperf.html": "AlgoPerf",
}


def claim_pages(atlas: Atlas, env: Environment) -> Iterator[tuple[str, str]]:
    """(path below build/docs, Markdown) for every page that the tables allow."""
    findings = env.globals["findings"]
    assert isinstance(findings, Findings)

    def page(template: str, **context: Any) -> str:
        return env.get_template(template).render(**context)

    yield "recommended.md", page("recommended.md.j2", **recommended_context(findings))
    yield "algoperf.md", page("algoperf.md.j2", **shared(findings, "algoperf.html"), **algoperf_context(findings))
    yield "folklore.md", page("folklore.md.j2", statements=atlas.catalog.folklore.statements if atlas.catalog.folklore else ())
    written = []
    if findings.has(COUPLING, TUNING):
        written.append("claims/coupling-bias.html")
        yield "claims/coupling-bias.md", page("claim_coupling.md.j2", **shared(findings, written[-1]), **coupling_context(findings))
    if findings.has(*SURVEY):
        written.append("claims/survey.html")
        yield "claims/survey.md", page("claim_survey.md.j2", **shared(findings, written[-1]), **survey_context(findings))
    if findings.has(GPT2, COUPLING):
        written.append("claims/gpt2.html")
        yield "claims/gpt2.md", page("claim_gpt2.md.j2", **shared(findings, written[-1]), **gpt2_context(findings))
    homes = [(p, found) for p in (*written, "algoperf.html") if (found := findings.at(p))]
    yield "claims/index.md", page("claim_index.md.j2", homes=homes, titles=TITLES, verdicts=counts(findings.claims))


def shared(findings: Findings, page: str) -> dict[str, Any]:
    """What every page of claims has: its claims, their verdicts, and the code behind them."""
    claims = findings.at(page)
    ids = [s.code.id for s in claims]
    own = [i for i in OWN_CODE[page] if i not in ids]
    return {
        "claims": claims,
        "counts": counts(claims),
        "own": [findings.source[i] for i in own],
        "behind": findings.source.behind([*ids, *own]),
    }


def counts(claims: list[Shown]) -> list[tuple[Verdict, int]]:
    """How many claims got each verdict, those that none got left out."""
    return [(v, n) for v in get_args(Verdict) if (n := sum(s.outcome.verdict == v for s in claims))]


__all__ = ["claim_pages", "prepare"]
