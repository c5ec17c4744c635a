"""Learning rate and weight decay by family of models, from the tables that list settings, each value with its source."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass

from tools.catalog.loader import Catalog
from tools.catalog.result_table import Cell, ResultTable
from tools.results.numbers import geometric_mean

SETTINGS = ("learning_rate", "weight_decay")
FACTOR = 3.0


@dataclass(frozen=True)
class Observation:
    """One value that somebody used, and where it stands: `where` is the file and line of the cell."""

    value: float
    text: str
    hyperparameter: str
    model: str
    model_name: str
    variant: str | None
    context: str
    table: str
    paper: str | None
    where: str


@dataclass(frozen=True)
class Searched:
    """A range in which somebody looked; it says where to search, not what worked."""

    low: float
    high: float
    hyperparameter: str
    variant: str | None
    table: str
    paper: str | None
    where: str


@dataclass(frozen=True)
class Source:
    """What one table says: the least, the greatest and the most frequent of its values."""

    table: str
    paper: str | None
    low: float
    high: float
    typical: float
    count: int


@dataclass(frozen=True)
class Setting:
    """One hyperparameter for one family of models. `typical` is the middle of the sources' own (the lower one of two)."""

    hyperparameter: str
    low: float
    high: float
    typical: float
    observations: tuple[Observation, ...]
    sources: tuple[Source, ...]
    searched: tuple[Searched, ...]
    factor: float | None
    disagree: bool

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(o.model_name for o in self.observations))


@dataclass(frozen=True)
class Recommendation:
    method: str
    family: str
    settings: dict[str, Setting]


class UnknownFamily(LookupError):
    """No family and no model goes by this name; `known` are the families."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"no family of models {name!r}; families are {', '.join(known)}, and a single model's name is taken too")
        self.known = known


def families(catalog: Catalog) -> dict[str, str]:
    """Ids and names of the families, in the glossary's order."""
    return {f.id: f.name for f in catalog.glossary.families} if catalog.glossary else {}


def observations(catalog: Catalog) -> list[tuple[str, Observation]]:
    """Every learning rate and weight decay of the catalog's tables, as (method, value)."""
    found = []
    models = {m.id: m.name for m in catalog.glossary.models} if catalog.glossary else {}
    for table in catalog.results.values():
        for cell in table.cells:
            if cell.optimizer is None or cell.optimizer.id is None or cell.model is None or cell.model.id is None:
                continue
            name = cell.column.hyperparameter or _named(cell)
            if name in SETTINGS and cell.column.name not in ("low", "high"):
                for value in cell.values:
                    found.append((cell.optimizer.id, _observation(models, table, cell, name, value)))
    return found


def searched(catalog: Catalog) -> list[tuple[str, Searched]]:
    """Every range of the search spaces, as (method, range); the same range in two files is one."""
    found: dict[tuple[str, str, str | None, float, float], Searched] = {}
    for table in catalog.results.values():
        names = {c.name for c in table.record.columns}
        if not {"hyperparameter", "low", "high"} <= names:
            continue
        ends = {(c.row.line, c.column.name): c.value for c in table.cells}
        for row in table.rows:
            low, high = ends[row.line, "low"], ends[row.line, "high"]
            method, name = row.optimizer, row.text("hyperparameter")
            if low is None or high is None or method is None or method.id is None or name not in SETTINGS:
                continue
            where = f"{table.path}:{row.line}"
            entry = Searched(low, high, name, method.variant, table.id, table.record.paper, where)
            found.setdefault((method.id, name, method.variant, low, high), entry)
    return [(key[0], entry) for key, entry in found.items()]


def recommend(catalog: Catalog, method: str, family: str | None = None) -> list[Recommendation]:
    """What the tables say for a method, one entry a family of models (or a single model) in which it was used.

    With `family` only that one; a family in which the method was never used gives an empty list. Raises UnknownFamily.
    """
    models = {m.id: m for m in catalog.glossary.models} if catalog.glossary else {}
    scopes = {id_: {m for m, entry in models.items() if entry.family == id_} for id_ in families(catalog)}
    if family is not None:
        wanted = family.casefold()
        chosen = {id_: ids for id_, ids in scopes.items() if wanted in (id_, families(catalog)[id_].casefold())}
        chosen = chosen or {m: {m} for m, entry in models.items() if wanted in (m, entry.name.casefold())}
        if not chosen:
            raise UnknownFamily(family, list(scopes))
        scopes = chosen
    own = [o for id_, o in observations(catalog) if id_ == method]
    ranges = [s for id_, s in searched(catalog) if id_ == method]
    return _recommended(method, own, ranges, scopes)


def recommendations(catalog: Catalog) -> dict[str, list[Recommendation]]:
    """What `recommend` gives for every method that any table has a setting for, from one reading of the tables."""
    scopes = {
        family: {m.id for m in catalog.glossary.models if m.family == family} if catalog.glossary else set() for family in families(catalog)
    }
    values: dict[str, list[Observation]] = {}
    for id_, observation in observations(catalog):
        values.setdefault(id_, []).append(observation)
    ranges: dict[str, list[Searched]] = {}
    for id_, entry in searched(catalog):
        ranges.setdefault(id_, []).append(entry)
    return {id_: _recommended(id_, own, ranges.get(id_, []), scopes) for id_, own in values.items()}


def _recommended(method: str, own: list[Observation], ranges: list[Searched], scopes: dict[str, set[str]]) -> list[Recommendation]:
    result = []
    for scope, ids in scopes.items():
        settings = {}
        for name in SETTINGS:
            values = [o for o in own if o.hyperparameter == name and o.model in ids]
            if values:
                settings[name] = _setting(name, values, [r for r in ranges if r.hyperparameter == name])
        if settings:
            result.append(Recommendation(method, scope, settings))
    return result


def _setting(name: str, values: list[Observation], ranges: list[Searched]) -> Setting:
    sources = []
    for table in dict.fromkeys(o.table for o in values):
        own = [o.value for o in values if o.table == table]
        paper = next(o.paper for o in values if o.table == table)
        sources.append(Source(table, paper, min(own), max(own), _typical(own), len(own)))
    each = [s.typical for s in sources]
    factor = max(each) / min(each) if min(each) > 0 else None
    apart = len(each) > 1 and (factor > FACTOR if factor is not None else max(each) > 0)
    numbers = [o.value for o in values]
    return Setting(
        name, min(numbers), max(numbers), statistics.median_low(each), tuple(values), tuple(sources), tuple(ranges), factor, apart
    )


def _typical(values: list[float]) -> float:
    """The most frequent value; of several, the one nearest to the middle of all values (the lower one of two)."""
    counts = Counter(values)
    often = max(counts.values())
    middle = statistics.median_low(values)
    return min((v for v, n in counts.items() if n == often), key=lambda v: (abs(v - middle), v))


def _named(cell: Cell) -> str | None:
    keys = dict(cell.keys)
    return keys.get("hyperparameter") if cell.column.type == "numbers" else None


def _observation(models: dict[str, str], table: ResultTable, cell: Cell, name: str, value: float) -> Observation:
    assert cell.optimizer
    assert cell.model
    model = cell.model.id or cell.model.printed
    skip = ("hyperparameter", "file", "point")
    context = [f"{k.replace('_', ' ')} {v}" for k, v in cell.keys if k not in skip]
    context += [cell.model.variant] if cell.model.variant else []
    text = cell.text if len(cell.values) == 1 else f"{value:g}"
    shown = models.get(model, cell.model.printed)
    where = f"{table.path}:{cell.field.line}"
    return Observation(value, text, name, model, shown, cell.optimizer.variant, ", ".join(context), table.id, table.record.paper, where)


@dataclass(frozen=True)
class Relative:
    """A method's learning rate as a multiple of AdamW's, on the same model of the same table."""

    method: str
    family: str
    low: float
    high: float
    middle: float
    count: int
    tables: tuple[str, ...]


def relative_learning_rates(catalog: Catalog, to: str = "adamw", *, by_table: bool = False) -> list[Relative]:
    """Learning rates divided by that of AdamW, where both were used on one model of one table: geometric mean and range.

    One entry a method and family of models, or with `by_table` one for each table of them.
    """
    pairs: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for method, o in observations(catalog):
        if o.hyperparameter == "learning_rate" and o.value > 0:
            pairs.setdefault((o.table, o.model, o.context), {}).setdefault(method, []).append(o.value)
    models = {m.id: m.family for m in catalog.glossary.models} if catalog.glossary else {}
    ratios: dict[tuple[str, str, str], list[tuple[float, str]]] = {}
    for (table, model, _), methods in pairs.items():
        base = methods.get(to)
        for method, values in methods.items() if base else ():
            if base and method != to:
                ratio = geometric_mean(values) / geometric_mean(base)
                key = (method, models.get(model, "other"), table if by_table else "")
                ratios.setdefault(key, []).append((ratio, table))
    return [
        Relative(method, family, min(r)[0], max(r)[0], geometric_mean([v for v, _ in r]), len(r), tuple(dict.fromkeys(t for _, t in r)))
        for (method, family, _), r in sorted(ratios.items())
    ]
