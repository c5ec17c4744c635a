"""Backbone by optimizer on CIFAR-100 (arXiv 2410.06373): failures, spreads, shares of variance, correlations, distances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from tools.catalog.loader import Catalog
from tools.results.numbers import deviation, iqr, mean, median, pearson, ranks, spread

CATEGORIES = {
    "a": ("SGD-M", "SGDP", "LION"),
    "b": ("Adam", "Adamax", "NAdam", "AdamW", "LAMB", "RAdam", "AdamP", "Adan"),
    "c": ("AdaBound", "LARS", "AdaFactor", "AdaBelief", "NovoGrad", "Sophia"),
    "d": ("AdaGrad", "AdaDelta", "RMSProp"),
}
GAMMA = 3.0
Columns = dict[str, dict[str, float]]
Cells = set[tuple[str, str]]


def columns(catalog: Catalog, table: str = "bocb-cifar100", key: str | None = None) -> Columns:
    """Accuracy by backbone (or by the key column's words) and optimizer."""
    found: Columns = {}
    for cell in catalog.results[table].cells:
        if cell.value is not None and cell.optimizer:
            name = cell.row.text("model") + (f" ({cell.row.text(key)})" if key else "")
            found.setdefault(name, {})[cell.optimizer.printed] = cell.value
    return found


def marked(catalog: Catalog, table: str = "bocb-cifar100") -> Cells:
    """The cells that the paper marks as failures: (backbone, optimizer)."""
    rows = catalog.results[table].rows
    return {(r.text("model"), r.text("optimizer")) for r in rows if r.text("mark") in ("failure", "worst")}


def printed_rule(values: Sequence[float]) -> float:
    """The threshold as the paper prints it."""
    return max(values) - min(iqr(values), GAMMA)


def median_rule(values: Sequence[float]) -> float:
    """The threshold that comes close to the paper's marks."""
    return median(values) - min(iqr(values), GAMMA)


def plain_rule(values: Sequence[float]) -> float:
    return median(values) - GAMMA


def failures(table: Columns, rule: Callable[[Sequence[float]], float] = median_rule) -> Cells:
    """Cells below the rule's threshold for their backbone."""
    limits = {backbone: rule(list(column.values())) for backbone, column in table.items()}
    return {(backbone, name) for backbone, column in table.items() for name, value in column.items() if value < limits[backbone]}


def without_worst(values: Sequence[float]) -> list[float]:
    return sorted(values)[1:]


def spread_per_backbone(table: Columns) -> dict[str, dict[str, float]]:
    """Range and deviation of each backbone's column without its worst cell, as the paper takes them, and with it."""
    return {
        backbone: {
            "range": spread(without_worst(list(c.values()))),
            "deviation": deviation(without_worst(list(c.values()))),
            "range_with_worst": spread(list(c.values())),
            "iqr": iqr(list(c.values())),
        }
        for backbone, c in table.items()
    }


def centred(table: Columns) -> Columns:
    """Each accuracy minus the median of its backbone: what the optimizer adds, in points."""
    return {backbone: {name: v - median(list(c.values())) for name, v in c.items()} for backbone, c in table.items()}


def spread_per_optimizer(table: Columns) -> dict[str, dict[str, float]]:
    """How an optimizer's distance to the backbone's median varies over the backbones."""
    points = centred(table)
    by_name = {name: [c[name] for c in points.values()] for name in next(iter(points.values()))}
    return {n: {"median": median(v), "iqr": iqr(v), "worst": min(v), "best": max(v), "range": spread(v)} for n, v in by_name.items()}


def rank_columns(table: Columns) -> Columns:
    """Ranks within each backbone; 1 is best, ties share the mean."""
    return {b: dict(zip(c, ranks(list(c.values()), higher=True), strict=True)) for b, c in table.items()}


def mean_ranks(table: Columns, backbones: Sequence[str] = ()) -> dict[str, float]:
    """The mean rank of each optimizer over the backbones, best first."""
    chosen = [c for b, c in rank_columns(table).items() if not backbones or b in backbones]
    return dict(sorted(((n, mean([c[n] for c in chosen])) for n in chosen[0]), key=lambda item: item[1]))


def categories_by_backbone(table: Columns) -> dict[str, dict[str, float]]:
    """For each backbone, the best accuracy of each category minus the best of all: 0 marks the category that suits it."""
    return {b: {k: max(c[n] for n in names) - max(c.values()) for k, names in CATEGORIES.items()} for b, c in table.items()}


def variance_shares(table: Columns, leave_out: Sequence[str] = ()) -> dict[str, float]:
    """A two-way analysis of variance without replication: shares of the total sum of squares.

    Every accuracy is split into the grand mean, an effect of its backbone, one of its optimizer, and the rest. With one
    number a cell the rest holds the interaction of the two and the noise of single runs alike; they cannot be told apart.
    """
    rows = [[v for n, v in c.items() if n not in leave_out] for c in table.values()]
    grand = mean([v for row in rows for v in row])
    by_row = [mean(row) - grand for row in rows]
    by_column = [mean(column) - grand for column in zip(*rows, strict=True)]
    total = sum((v - grand) ** 2 for row in rows for v in row)
    backbone = sum(e * e for e in by_row) * len(by_column) / total
    optimizer = sum(e * e for e in by_column) * len(by_row) / total
    return {"backbone": backbone, "optimizer": optimizer, "interaction_and_noise": 1 - backbone - optimizer}


def within_backbone_shares(table: Columns, leave_out: Sequence[str] = ()) -> dict[str, float]:
    """The same split after the backbone's own level is taken away: how much of what optimizers change is the same everywhere."""
    shares = variance_shares(table, leave_out)
    inner = 1 - shares["backbone"]
    return {"optimizer": shares["optimizer"] / inner, "interaction_and_noise": shares["interaction_and_noise"] / inner}


def correlations(table: Columns) -> dict[tuple[str, str], float]:
    """Spearman's correlation of the optimizers' order for each pair of backbones."""
    ranked = {backbone: list(column.values()) for backbone, column in rank_columns(table).items()}
    names = list(ranked)
    return {(a, b): pearson(ranked[a], ranked[b]) for i, a in enumerate(names) for b in names[i + 1 :]}


def setting_distances(catalog: Catalog, *, merge_tiny: bool = False) -> tuple[dict[str, float], dict[str, float]]:
    """How far the best learning rate and weight decay lie from the optimizer's usual ones: mean over backbones, and over optimizers.

    Values are numbered in order for each optimizer and setting; the distance is the number of steps to the most frequent
    value (the lowest of several), learning rate plus weight decay. `merge_tiny` takes 0 and 1e-8 as one value.
    """
    chosen: dict[str, dict[str, dict[str, float]]] = {}
    for cell in catalog.results["bocb-cifar100-settings"].cells:
        value = 0.0 if merge_tiny and cell.value == 1e-8 else cell.value
        if value is not None:
            chosen.setdefault(cell.row.text("optimizer"), {}).setdefault(cell.column.name, {})[cell.row.text("model")] = value
    by_optimizer: dict[str, list[int]] = {}
    by_backbone: dict[str, list[int]] = {}
    for name, settings in chosen.items():
        steps: Counter[str] = Counter()
        for values in settings.values():
            order = sorted(set(values.values()))
            codes = {model: order.index(v) for model, v in values.items()}
            counts = Counter(codes.values())
            usual = min(code for code, n in counts.items() if n == max(counts.values()))
            for model, code in codes.items():
                steps[model] += abs(code - usual)
        by_optimizer[name] = list(steps.values())
        for model, distance in steps.items():
            by_backbone.setdefault(model, []).append(distance)
    return _means(by_optimizer), _means(by_backbone)


def _means(found: dict[str, list[int]]) -> dict[str, float]:
    return dict(sorted(((k, mean(v)) for k, v in found.items()), key=lambda item: item[1]))
