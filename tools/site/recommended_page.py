"""What the page of recommended settings shows: settings by method and family, and learning rates over AdamW's."""

from __future__ import annotations

from math import log10
from typing import Any

from tools.results import recommend
from tools.site.charts import shade
from tools.site.findings import Findings

TIMES = (0.02, 0.3, 0.65, 1.5, 2.5)  # the same for the decimal logarithm of a ratio


def recommended_context(findings: Findings) -> dict[str, Any]:
    """Settings by method and family, learning rates over AdamW's by method and source, and where sources disagree."""
    found = findings.recommended
    methods = sorted(found, key=lambda i: findings.name(i).casefold())
    used = [f for f in findings.families if any(r.family == f for rs in found.values() for r in rs)]
    relative = recommend.relative_learning_rates(findings.catalog, by_table=True) if found else []
    columns = list(dict.fromkeys((r.tables[0], r.family) for r in sorted(relative, key=lambda r: (r.tables[0], used.index(r.family)))))
    cells = {(r.method, (r.tables[0], r.family)): r for r in relative}
    heads: dict[str, list[str]] = {}
    for table, family in columns:
        heads.setdefault(table, []).append(family)
    settings = [s for rs in found.values() for r in rs for s in r.settings.values()]
    tables = dict.fromkeys([x.table for s in settings for x in s.sources] + [x.table for s in settings for x in s.searched])
    return {
        "rows": [(i, {r.family: r for r in found[i]}) for i in methods],
        "used": used,
        "columns": columns,
        "heads": heads,
        "relative": [
            (i, [(c, shade(log10(c.middle), TIMES) if c else "") for c in (cells.get((i, column)) for column in columns)])
            for i in sorted({r.method for r in relative}, key=lambda i: findings.name(i).casefold())
        ],
        "apart": [(i, r, s) for i in methods for r in found[i] for s in r.settings.values() if s.disagree],
        "tables": [findings.catalog.results[t] for t in tables],
    }


__all__ = ["recommended_context"]
