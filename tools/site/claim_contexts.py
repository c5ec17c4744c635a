"""What the pages of the coupling-bias paper, the survey and GPT-2 show, computed from their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tools.results import bocb, survey
from tools.results.grid import grid
from tools.results.numbers import places, ranks, spearman, spread
from tools.site import charts
from tools.site.charts import shade
from tools.site.findings import POINTS, Findings

COUPLING, TUNING, SURVEY = "bocb-cifar100", "bocb-cifar100-settings", ("survey-vits-lr", "survey-epochs")
GPT2 = "gpt2-alpaca"
RHO = (0.1, 0.3, 0.5, 0.7, 0.9)
MULTIPLES = tuple(f"{f}×" for f in survey.FACTORS)
SENSITIVITY = {
    "near_best": ("Multiples near the best", "how many of the five come within 5 points of the best"),
    "mean_with_zero": ("Mean of all five", "with a missing one counted as 0"),
    "worst_of_grid": ("Worst of all five", "with a missing one counted as 0"),
    "worst_of_middle": ("Worst from 0.2× to 5×", "with a missing one counted as 0"),
    "worst_of_reported": ("Worst of those reported", "whatever is missing"),
    "drop_around_best": ("Mean change beside the best", "from the best multiple to its neighbours"),
}


def coupling_context(findings: Findings) -> dict[str, Any]:
    table = bocb.columns(findings.catalog)
    marked, flagged = bocb.marked(findings.catalog), bocb.failures(table)
    points = bocb.centred(table)
    category = {name: letter for letter, names in bocb.CATEGORIES.items() for name in names}
    per_backbone, per_optimizer = bocb.spread_per_backbone(table), bocb.spread_per_optimizer(table)
    by_name = {name: [c[name] for c in points.values()] for name in category}
    suits = bocb.categories_by_backbone(table)
    pairs = bocb.correlations(table)
    rules = []
    for rule, told in (
        (bocb.printed_rule, "max − min(IQR, 3), as printed"),
        (bocb.median_rule, "median − min(IQR, 3)"),
        (bocb.plain_rule, "median − 3"),
    ):
        cells = bocb.failures(table, rule)
        agreement = 1 - len(cells ^ marked) / sum(map(len, table.values()))
        rules.append(
            {"told": told, "cells": len(cells), "right": len(cells & marked), "agreement": agreement, "code": f"bocb.{rule.__name__}"}
        )
    tuning = bocb.setting_distances(findings.catalog)
    return {
        "table": table,
        "ids": findings.ids(COUPLING),
        "full": findings.models(COUPLING),
        "low": -BOX_SPAN[0],
        "categories": bocb.CATEGORIES,
        "category": category,
        "cells": {
            name: [(points[b][name], shade(points[b][name], POINTS), (b, name) in marked, (b, name) in flagged) for b in table]
            for name in category
        },
        "marked": marked,
        "rules": rules,
        "total": sum(map(len, table.values())),
        "suits": {b: [(k, v, shade(v, POINTS)) for k, v in row.items()] for b, row in suits.items()},
        "suited": {k: sum(row[k] == 0 for row in suits.values()) for k in bocb.CATEGORIES},
        "best": {b: max(c, key=c.__getitem__) for b, c in table.items()},
        "worst": {b: min(c, key=c.__getitem__) for b, c in table.items()},
        "backbones": sorted(per_backbone.items(), key=lambda item: -item[1]["range"]),
        "backbone_rows": {b: charts.box_row(list(c.values()), *BOX_SPAN, BOX_TICKS) for b, c in points.items()},
        "optimizers": sorted(per_optimizer.items(), key=lambda item: item[1]["iqr"]),
        "optimizer_rows": {n: charts.box_row(v, *BOX_SPAN, BOX_TICKS) for n, v in by_name.items()},
        "ruler": charts.ruler(*BOX_SPAN, BOX_TICKS),
        "mean_ranks": bocb.mean_ranks(table),
        "shares": shares(table),
        "swatches": [charts.swatch(i) for i in range(3)],
        "pairs": pairs,
        "matrix": [
            (a, [(rho, shade(rho, RHO)) if (rho := pairs.get((a, b), pairs.get((b, a)))) is not None else (None, "") for b in table])
            for a in table
        ],
        "ends": (min(pairs.items(), key=lambda item: item[1]), max(pairs.items(), key=lambda item: item[1])),
        "tuning": tuning,
        "tuning_ids": findings.ids(TUNING),
    }


BOX_SPAN = (-12, 6)  # points; what lies below is drawn at the edge
BOX_TICKS = (-12, -6, 0, 6)


def shares(table: bocb.Columns) -> list[dict[str, Any]]:
    """The split of variance with all optimizers and without the two most erratic ones, each with its bar."""
    rows = []
    for ident, told, left_out in (("all", "All optimizers", ()), ("fewer", "Without AdaGrad and LARS", ("AdaGrad", "LARS"))):
        whole, inner = bocb.variance_shares(table, left_out), bocb.within_backbone_shares(table, left_out)
        named = [
            ("backbone", whole["backbone"]),
            ("optimizer", whole["optimizer"]),
            ("interaction and noise", whole["interaction_and_noise"]),
        ]
        bar = charts.shares_bar(f"shares-{ident}", f"Shares of variance, {told[0].lower()}{told[1:]}", named)
        rows.append({"told": told, "whole": whole, "inner": inner, "bar": bar})
    return rows


def survey_context(findings: Findings) -> dict[str, Any]:
    rows, found = survey.by_factor(findings.catalog), survey.sensitivity(findings.catalog)
    order = sorted(rows, key=lambda n: -max(rows[n].values()))
    column = {d: dict(zip(v, places(list(v.values()), higher=True), strict=True)) for d, v in found.items()}
    epochs = survey.epochs(findings.catalog)
    conditions = list(epochs)
    exact = {
        (c.row.text("model"), c.row.text("epochs"), c.row.text("optimizer")): c.exactness != "digitised"
        for c in findings.catalog.results["survey-epochs"].cells
    }
    models = list(dict.fromkeys(m for m, _ in conditions))
    gains = {m: survey.gains(findings.catalog, m) for m in models}
    drawn = []
    for i, model in enumerate(models):
        short, gained = epochs[model, "100"], gains[model]
        first = [n for n in ("SGD", "Muon", "AdamW", *list(gained)[:3], *list(gained)[-1:]) if n in gained]
        drawn.append(
            charts.scatter(
                f"head-room-{i}",
                f"{model}: points gained from 100 to 300 epochs against the accuracy at 100 epochs",
                f"Each marker is an optimizer. Spearman's rank correlation is {survey.head_room(findings.catalog, model):.2f}.",
                [(n, short[n], gained[n]) for n in dict.fromkeys((*first, *gained))],
                (f"{model}: top-1 accuracy at 100 epochs, %", "points gained until 300 epochs"),
                (charts.ticks(list(short.values()), 5 if spread(list(short.values())) > 12 else 2), charts.ticks(list(gained.values()), 2)),
                i,
            )
        )
    pairs = {(a, b): survey.rank_correlation(findings.catalog, a, b) for a in conditions for b in conditions}
    return {
        "ids": findings.ids(*SURVEY),
        "multiples": MULTIPLES,
        "definitions": SENSITIVITY,
        "winners": survey.winners(findings.catalog),
        "sensitivity": [
            {
                "name": n,
                "spark": charts.spark([rows[n].get(f) for f in survey.FACTORS], 0, 82),
                "cells": [rows[n].get(f) for f in survey.FACTORS],
                "by": {d: (found[d][n], column[d][n], f"pos{6 - column[d][n]}" if column[d][n] < 6 else "") for d in SENSITIVITY},
            }
            for n in order
        ],
        "by": {n: {d: (found[d][n], column[d][n]) for d in SENSITIVITY} for n in order},
        "first": {d: [n for n, p in column[d].items() if p == 1] for d in SENSITIVITY},
        "models": models,
        "conditions": conditions,
        "epochs": epochs,
        "exact": exact,
        "gains": gains,
        "places": {c: dict(zip(v, places(list(v.values()), higher=True), strict=True)) for c, v in epochs.items()},
        "charts": drawn,
        "head_room": {m: survey.head_room(findings.catalog, m) for m in models},
        "pairs": [(a, [(pairs[a, b], shade(pairs[a, b], RHO) if a != b else "") for b in conditions]) for a in conditions],
        "deviations": survey.deviations(findings.catalog),
    }


@dataclass(frozen=True)
class Loss:
    """A line of the GPT-2 table; `rank` is the mean rank on CIFAR-100 where that table has the method."""

    name: str
    loss: float
    place: int
    behind: float
    rank: float | None


def gpt2_context(findings: Findings) -> dict[str, Any]:
    table = grid(findings.catalog.results[GPT2])
    (series,) = table.series
    printed = {c.optimizer.id: c.optimizer.printed for c in findings.catalog.results[COUPLING].cells if c.optimizer}
    on_images = bocb.mean_ranks(bocb.columns(findings.catalog))
    losses = {c.optimizer.printed: (c.optimizer.id, v) for c, v in series.numbers.items() if c.optimizer}
    numbers = [v for _, v in losses.values()]
    order = dict(zip(losses, places(numbers, higher=False), strict=True))
    rows = [
        Loss(name, value, order[name], value - min(numbers), on_images.get(printed.get(id_ or "", "")))
        for name, (id_, value) in losses.items()
    ]
    shared = [(r, r.rank) for r in rows if r.rank is not None]
    own = ranks([r.loss for r, _ in shared], higher=False)
    spots = sorted([(r.name, rank, place) for (r, rank), place in zip(shared, own, strict=True)], key=lambda s: -abs(s[1] - s[2]))
    chart = charts.scatter(
        "gpt2-cifar",
        "Rank on GPT-2 against the mean rank on CIFAR-100",
        "Each marker is an optimizer that both tables have; on a common order they would lie on a rising line.",
        spots,
        ("mean rank over the backbones, CIFAR-100", "rank on GPT-2"),
        ((0, 5, 10, 15, 20), (0, 5, 10, 15, 20)),
    )
    return {
        "ids": findings.ids(GPT2),
        "rows": sorted(rows, key=lambda r: r.loss),
        "spread": spread(numbers),
        "close": sum(r.behind < 0.1 for r in rows),
        "correlation": spearman([s[1] for s in spots], [s[2] for s in spots]),
        "chart": chart,
        "shared": len(shared),
        "record": findings.catalog.results[GPT2].record,
    }


__all__ = ["COUPLING", "GPT2", "SURVEY", "TUNING", "coupling_context", "gpt2_context", "survey_context"]
