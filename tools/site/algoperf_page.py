"""What the page of AlgoPerf shows: profiles, scores and speed-ups, each version and ruleset for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tools.catalog.result_table import Cell, ResultTable
from tools.results import algoperf
from tools.site import charts
from tools.site.charts import shade
from tools.site.findings import Findings


@dataclass(frozen=True)
class Ruleset:
    """One version and ruleset of AlgoPerf: nothing in it is compared with another one."""

    version: str
    ruleset: str
    table: ResultTable
    scores: list[dict[str, Any]]
    times: ResultTable | None
    chart: Markup | None
    workloads: list[str]
    ids: dict[str, str]
    rows: dict[str, list[tuple[Cell | None, float | None, str]]]
    models: dict[str, str]

    @property
    def anchor(self) -> str:
        return f"v{self.version}-{self.ruleset}".replace(".", "").replace(" ", "-")

    @property
    def heading(self) -> str:
        """The anchor that Markdown gives to the section's title."""
        return f"version-{self.anchor[1:]}"


def algoperf_context(findings: Findings) -> dict[str, Any]:
    found = list(rulesets(findings))
    computed = [s for r in found if r.times for s in r.scores]
    equal = sum(f"{s['profile'].score:.4f}" == s["cell"].text for s in computed)
    return {
        "rulesets": found,
        "keys": [charts.key(i) for i in range(max((len(r.scores) for r in found), default=0))],
        "baseline": algoperf.BASELINE,
        "compared": len(computed),
        "equal": equal,
    }


def rulesets(findings: Findings) -> Iterator[Ruleset]:
    """Each version and ruleset with a table of scores, newest version first."""
    tables = [t for t in findings.catalog.results.values() if t.record.group.benchmark == "algoperf"]
    for table in sorted(tables, key=lambda t: (t.record.group.version or "", t.record.group.ruleset or "")):
        if not table.column("score"):
            continue
        group = table.record.group
        own = next((t for t in tables if t.record.group == group and t.column("time")), None)
        published = {c.row.text("optimizer"): c for c in table.column("score") if c.value is not None}
        order = list(published)
        scores, chart, workloads = [], None, []
        profiles = algoperf.profiles(own) if own else {}
        speed = algoperf.speed_ups(own) if own else {}
        budgets = findings.catalog.results.get(f"algoperf-v{(group.version or '').replace('.', '')}-budgets")
        for name, cell in published.items():
            profile = profiles.get(name)
            saved = algoperf.saved_with_budgets(own, budgets, name) if own and budgets and name != algoperf.BASELINE else None
            scores.append({"name": name, "cell": cell, "profile": profile, "speed": speed.get(name), "saved": saved})
        if own:
            workloads = list(algoperf.times(own))
            chart = profile_chart(f"profile-{table.id}", f"AlgoPerf {group.version}, {group.ruleset}", [profiles[n] for n in order])
        yield Ruleset(
            group.version or "",
            group.ruleset or "",
            table,
            scores,
            own,
            chart,
            workloads,
            findings.ids(table.id),
            {n: workload_cells(own, workloads, n) for n in order} if own else {},
            findings.models(own.id) if own else {},
        )


def profile_chart(ident: str, title: str, profiles: list[algoperf.Profile]) -> Markup:
    """Performance profiles as step functions; a marker stands at each workload that is trained within 4 times the fastest."""
    lines = []
    for profile in profiles:
        inside = sorted({r for r in profile.ratios if r <= algoperf.SLOWEST})
        lines.append((profile.name, profile.steps, [(r, profile.at(r)) for r in inside]))
    told = "; ".join(f"{p.name}: {p.at(1):.0%} fastest, {p.at(algoperf.SLOWEST):.0%} within 4 times" for p in profiles)
    about = f"Share of workloads trained within a multiple of the fastest time, from 1 to 4. {told}."
    return charts.steps_chart(ident, f"Performance profiles, {title}", about, lines)


def workload_cells(table: ResultTable, workloads: list[str], name: str) -> list[tuple[Cell | None, float | None, str]]:
    """For each workload: the cell, its time over the fastest one, and the class of its colour."""
    found: dict[str, Cell] = {c.row.text("model"): c for c in table.column("time") if c.row.text("optimizer") == name}
    fastest = {w: min(t.values()) for w, t in algoperf.times(table, counted=False).items() if t}
    row = []
    for workload in workloads:
        cell = found.get(workload)
        ratio = cell.value / fastest[workload] if cell and cell.value is not None else None
        row.append((cell, ratio, shade(1 - ratio, (0, 0.25, 0.75, 1.5, 3)) if ratio else ""))
    return row


__all__ = ["algoperf_context"]
