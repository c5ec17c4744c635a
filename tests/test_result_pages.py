"""The pages of published results as a visitor sees them: every number against its CSV, read here with the standard library alone."""

from __future__ import annotations

import csv
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect
from pydantic import BaseModel
from site_browser import DESKTOP, PHONE, Visit, accessible
from site_build import ROOT, Site, dead_links, part, squeeze
from test_site import HOSTILE, PLAIN

from tools.catalog.csv_reader import Field
from tools.catalog.loader import Catalog
from tools.catalog.result_table import ResultTable, Row
from tools.results.grid import grid
from tools.site.build import build

pytestmark = pytest.mark.site
TABLES = sorted(p.stem for p in (ROOT / "catalog" / "results").glob("*.yaml"))
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
STATES = {"not reported", "diverged", "not reached", "not run", "not set"}
each = pytest.mark.parametrize("id_", TABLES)


# What a page shows


@dataclass
class Node:
    tag: str
    attributes: dict[str, str]
    parts: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        return squeeze("".join(p if isinstance(p, str) else f" {p.text} " for p in self.parts))

    @property
    def own(self) -> str:
        """Its text without that of small print."""
        inner = (p if isinstance(p, str) else "" if p.tag in ("small", "span") else p.own for p in self.parts)
        return squeeze("".join(inner))

    def all(self, tag: str, class_: str = "") -> list[Node]:
        found = []
        for p in self.parts:
            if isinstance(p, Node):
                found += [p] * (p.tag == tag and (not class_ or class_ in p.classes)) + p.all(tag, class_)
        return found


CELLS, LINES = {"td", "th"}, {"td", "th", "tr"}
CLOSES = {"td": CELLS, "th": CELLS, "tr": LINES, **dict.fromkeys(("thead", "tbody", "tfoot"), LINES | {"thead", "tbody", "tfoot"})}


class Tree(HTMLParser):
    """Elements with their children; end tags that HTML lets one leave out in tables are put in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {})
        self.open = [self.root]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        while self.open[-1].tag in CLOSES.get(tag, ()):
            self.open.pop()
        self.open[-1].parts.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1 and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


@cache
def article(path: Path) -> Node:
    return Tree(path.read_text("utf-8")).root.all("article")[0]


# What the catalog's files say


@cache
def record(id_: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / f"catalog/results/{id_}.yaml").read_text("utf-8")))


@cache
def lines(id_: str) -> list[dict[str, str]]:
    with (ROOT / f"catalog/results/{id_}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns(id_: str, *roles: str) -> list[dict[str, Any]]:
    return [c for c in record(id_)["columns"] if c["role"] in roles]


def coordinates(id_: str, line: dict[str, str], column: dict[str, Any]) -> list[str]:
    """What a heading must say of a cell: its model and further conditions, in words."""
    model = column.get("model") or next((line[c["name"]] for c in columns(id_, "model")), None)
    keys = [(c["name"], line[c["name"]]) for c in columns(id_, "key")] + list(column.get("at", {}).items())
    return [*([model] if model else []), *(f"{name.replace('_', ' ')} {value}" for name, value in keys)]


def how_read(id_: str, line: dict[str, str], column: dict[str, Any]) -> str:
    own = next((line[c["name"]] for c in columns(id_, "exactness")), None)
    return own or column.get("exactness") or record(id_)["exactness"]


def wanted(id_: str, line: dict[str, str], column: dict[str, Any]) -> str:
    """The text that a cell must show."""
    raw = line[column["name"]]
    if raw in STATES:
        return raw
    return ("≈" if how_read(id_, line, column) == "digitised" else "") + raw.replace(" ", ", ")


def value(text: str) -> float:
    return float(text.removeprefix("≈"))


def competition(values: list[float], direction: str) -> list[str]:
    """Places as in a race, with = where they are shared."""
    better = sorted(values, reverse=direction == "higher")
    return [f"{better.index(v) + 1}{'=' if better.count(v) > 1 else ''}" for v in values]


def plainly(number: Decimal) -> str:
    return f"{number:f}"


# One table, one page


@each
def test_every_cell_of_the_csv_stands_once_on_its_page_under_its_own_heading(site: Site, id_: str) -> None:
    page = article(site.path / f"results/{id_}.html")
    seen: Counter[tuple[int, str]] = Counter()
    tables = page.all("table", "heat")
    for number, table in enumerate(tables):
        seen.update(heat_cells(id_, page, table, first=number == 0))
    for table in page.all("table", "listing"):
        seen.update(listed_cells(id_, table))
    values = [c["name"] for c in columns(id_, "value")]
    assert seen == Counter({(i, name): 1 for i in range(len(lines(id_))) for name in values})
    assert len(seen) == record(id_)["cells"] > 0
    missing = sum(lines(id_)[i][name] in STATES for i, name in seen)
    assert missing == record(id_).get("missing", 0)
    print(f"{id_}: {len(seen)} cells, {missing} of them words")


def heat_cells(id_: str, page: Node, table: Node, *, first: bool) -> Iterator[tuple[int, str]]:
    """(line, column) of every number of a heat map, each compared with its cell, its place and its shade."""
    heads = table.all("thead")[0].all("th")
    rows = table.all("tbody")[0].all("tr")
    foot = {row.all("th")[0].text: row.all("td") for row in table.all("tfoot")[0].all("tr")}
    around = page.text
    marks = letters(page, id_) if first else {}
    assert len(rows) == len({r["optimizer"] for r in lines(id_)})
    for at, head in enumerate(heads[1:], start=1):
        if "data-column" not in head.attributes:
            continue
        column = next(c for c in columns(id_, "value") if c["name"] == head.attributes["data-column"])
        direction = column["direction"] if column["direction"] != "none" else None
        assert head.attributes.get("data-best") == direction
        told = [head.own, *(s.text for s in head.all("span"))]
        cells = []
        for row in rows:
            name, cell = row.all("th")[0], [p for p in row.parts if isinstance(p, Node)][at]
            fits = [
                i for i, line in enumerate(lines(id_)) if line["optimizer"] == name.own and heading_fits(id_, line, column, told, around)
            ]
            assert len(fits) == 1, (name.own, told)
            line = lines(id_)[fits[0]]
            assert cell.own == wanted(id_, line, column), (name.own, told)
            if cell.own in STATES:
                assert cell.classes == ["state"]
            mark = "".join(marks.get((n, line[n]), "") for n in dict.fromkeys(n for n, _ in marks))
            small = cell.all("small")
            assert "".join(b.text for s in small for b in s.all("b")) == mark
            cells.append((cell, line[column["name"]], squeeze("".join(p for p in small[0].parts if isinstance(p, str))) if small else ""))
            yield fits[0], column["name"]
        numbers = [(cell, Decimal(raw), place) for cell, raw, place in cells if raw not in STATES]
        if direction:
            check_field(numbers, direction, [foot[name][at - 1] for name in ("Best", "Median", "Spread")])
            if len(numbers) < len(cells) or "Numbers" in foot:
                assert foot["Numbers"][at - 1].text == f"{len(numbers)} of {len(cells)}"
        else:
            assert not [c for c, *_ in cells if any(k.startswith("heat") for k in c.classes)]
            if "Lowest" in foot:
                ends = [Decimal(foot[name][at - 1].text) for name in ("Lowest", "Highest")]
                assert ends == [min(n for _, n, _ in numbers), max(n for _, n, _ in numbers)]
    check_mean_ranks(id_, heads, rows)


def heading_fits(id_: str, line: dict[str, str], column: dict[str, Any], told: list[str], around: str) -> bool:
    """Whether a heading tells each coordinate of a cell, or the page does for all columns at once."""
    common = re.search(r"All columns: (.*?)\. (?:[A-Z]|$)", around)
    return all(c in told or (common and c in common[1].split(", ")) for c in coordinates(id_, line, column))


def check_field(numbers: list[tuple[Node, Decimal, str]], direction: str, foot: list[Node]) -> None:
    """Places, shades, the mark of the best, and the lines below the column."""
    values = [n for _, n, _ in numbers]
    if not values:
        assert [f.text for f in foot] == ["no number", "–", "–"]
        return
    best = max(values) if direction == "higher" else min(values)
    assert [place for *_, place in numbers] == [f"#{p}" for p in competition([float(v) for v in values], direction)]
    shades = []
    for cell, number, place in numbers:
        shade = int(next(c for c in cell.classes if c.startswith("heat-")).removeprefix("heat-"))
        shades.append((abs(number - best), shade))
        assert ("best" in cell.classes) == (number == best) == (place in ("#1", "#1="))
        assert shade == 9 or number != best
    assert [s for _, s in sorted(shades, key=lambda x: x[0])] == sorted((s for _, s in shades), reverse=True)
    assert Decimal(foot[0].own.removeprefix("≈")) == best
    assert Decimal(foot[1].text) == statistics.median(values)
    assert Decimal(foot[2].text) == max(values) - min(values)


def check_mean_ranks(id_: str, heads: list[Node], rows: list[Node]) -> None:
    at = next((i for i, h in enumerate(heads) if h.text == "Mean rank"), None)
    if at is None:
        return
    places: dict[str, list[float]] = {}
    for i, head in enumerate(heads[1:at], start=1):
        values = [value([p for p in r.parts if isinstance(p, Node)][i].own) for r in rows]
        better = sorted(values, reverse=head.attributes["data-best"] == "higher")
        for r, v in zip(rows, values, strict=True):
            places.setdefault(r.all("th")[0].own, []).append(better.index(v) + 1 + (better.count(v) - 1) / 2)
    assert all(len(p) > 2 for p in places.values())
    for r in rows:
        assert r.all("td")[at - 1].text == f"{statistics.mean(places[r.all('th')[0].own]):.2f}", id_


def letters(page: Node, id_: str) -> dict[tuple[str, str], str]:
    """(column, word) -> letter, as the legend of the page explains them."""
    found = {}
    for column in columns(id_, "note", "exactness"):
        for p in page.all("p", "legend-line"):
            if p.text.startswith(squeeze(column["meaning"])) and "Letters under numbers" in p.text:
                told, usual = p.text.split("Letters under numbers:")[1].split("; no letter:")
                for pair in told.split(","):
                    letter, _, word = pair.strip().partition(" ")
                    found[column["name"], word] = letter
                assert (column["name"], usual.strip(" .")) not in found
                words = {line[column["name"]] for line in lines(id_)}
                assert words == {w for n, w in found if n == column["name"]} | {usual.strip(" .")}
    assert len(set(found.values())) == len(found)
    return found


def listed_cells(id_: str, table: Node) -> Iterator[tuple[int, str]]:
    heads = [h.attributes["data-column"] for h in table.all("thead")[0].all("th")]
    assert sorted(heads) == sorted(lines(id_)[0])
    rows = table.all("tbody")[0].all("tr")
    assert len(rows) == len(lines(id_))
    values = {c["name"]: c for c in columns(id_, "value")}
    for i, (row, line) in enumerate(zip(rows, lines(id_), strict=True)):
        for name, cell in zip(heads, (p for p in row.parts if isinstance(p, Node)), strict=True):
            if name in values:
                assert cell.own == wanted(id_, line, values[name])
                assert (cell.classes == ["state"]) == (cell.own in STATES)
                yield i, name
            else:
                assert cell.own == squeeze(line[name])


def test_the_tables_show_all_kinds_of_pages(site: Site) -> None:
    """So that no check above passes because there was nothing to check."""
    pages = {i: article(site.path / f"results/{i}.html") for i in TABLES}
    assert len(pages) >= 21
    kinds = {i: ("heat" if p.all("table", "heat") else "listing") for i, p in pages.items()}
    assert set(kinds.values()) == {"heat", "listing"}
    assert sum(len(p.all("td", "best")) for p in pages.values()) > 100
    assert sum(len(p.all("td", "state")) for p in pages.values()) > 1000
    assert sum(len(letters(p, i)) for i, p in pages.items()) >= 7
    assert sum("Mean rank" in p.text for p in pages.values()) >= 5
    assert any("=" in s.text for p in pages.values() for s in p.all("small"))


@each
def test_protocol_caveats_and_contradictions_stand_before_the_numbers(site: Site, id_: str) -> None:
    page, r = article(site.path / f"results/{id_}.html"), record(id_)
    before = page.text.split("Numbers ¶")[0]
    parts_ = [r["measured"], r["seeds"]["text"], r["trust"], r["place"], *r.get("protocol", []), *r.get("tuned", [])]
    parts_ += [*r.get("not_tuned", []), *r.get("caveats", []), *(x["text"] for x in r.get("contradictions", []))]
    parts_ += [r["setup"][k][1:] for k in r["setup"]] + [r["measured_by"]["who"][1:], r["measured_by"].get("note", "")]
    for text in parts_:
        assert squeeze(text) in before, text
    assert not page.text.split("Numbers ¶")[0].count("#1")
    links = {a.attributes.get("href", "") for a in page.all("a")}
    assert r["url"] in links
    assert f"../exports/results/{id_}.csv" in links
    for end in ("yaml", "csv"):
        assert [a for a in links if a.endswith(f"/edit/main/catalog/results/{id_}.{end}")]


@each
def test_every_region_has_a_label_and_a_first_column_that_stays(site: Site, id_: str) -> None:
    page = article(site.path / f"results/{id_}.html")
    regions = page.all("div", "scroll")
    assert [r.all("table", "sortable") for r in regions]
    for r in regions:
        assert r.attributes["data-label"]
        assert "sticky" in r.all("table")[0].classes
        assert r.all("caption")[0].text
        assert all(h.attributes["scope"] in ("row", "col") for h in r.all("th"))


@each
def test_the_download_is_the_catalogs_file(site: Site, id_: str) -> None:
    assert (site.path / f"exports/results/{id_}.csv").read_bytes() == (ROOT / f"catalog/results/{id_}.csv").read_bytes()


def test_models_and_methods_are_explained_or_linked(site: Site) -> None:
    glossary = yaml.safe_load((ROOT / "catalog/glossary.yaml").read_text("utf-8"))
    models = {m["id"]: m for m in glossary["models"]}
    linked = explained = 0
    for id_ in TABLES:
        page = article(site.path / f"results/{id_}.html")
        terms = {d.text for d in page.all("dt")}
        for printed in {str(c.get("model") or line.get("model", "")) for c in columns(id_, "value") for line in lines(id_)} - {""}:
            meaning = models[meant(id_, "model_names", printed)[0]]
            assert any(printed in t for t in terms), printed
            assert squeeze(meaning["about"]) in page.text
            explained += 1
        for table in page.all("table"):
            for head in (h for row in table.all("tbody")[0].all("tr") for h in row.all("th")[:1]):
                if columns(id_, "optimizer"):
                    target = head.all("a")[0].attributes["href"]
                    known, variant = meant(id_, "optimizer_names", head.own)
                    assert target == (f"../methods/{known}.html" if known in site.catalog.optimizers else f"#name-{known}")
                    assert variant is None or variant in head.text
                    linked += 1
    assert linked > 500
    assert explained > 60


def meant(id_: str, kind: str, printed: str) -> tuple[str, str | None]:
    """(id, variant) of a printed name: a line of the glossary for this table goes before one for all."""
    known = names(kind).get(printed, [])
    own = [n for n in known if id_ in n.get("tables", [])] or [n for n in known if not n.get("tables")]
    return own[0]["id"], own[0].get("variant")


@cache
def names(kind: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for n in yaml.safe_load((ROOT / "catalog/glossary.yaml").read_text("utf-8"))[kind]:
        found.setdefault(n["printed"], []).append(n)
    return found


# The overview


def test_the_overview_has_every_table_with_where_it_comes_from(site: Site) -> None:
    page = article(site.path / "results/index.html")
    found = {e.attributes["id"]: e for e in page.all("div", "result")}
    assert sorted(found) == TABLES
    relations = {"independent": "independent", "self-reported": "self-reported", "mixed": "partly self-reported"}
    for id_, entry in found.items():
        r = record(id_)
        facts = [e.text for e in entry.all("li")]
        assert entry.all("a")[0].attributes["href"] == f"{id_}.html"
        assert entry.all("a")[0].text == squeeze(r["title"])
        assert squeeze(r["measured"]) in entry.text
        assert r["setup"]["data"] in entry.text
        assert r["setup"]["budget"] in entry.text
        assert r["measured_by"]["who"][1:] in entry.text
        assert r["kind"] == "targets" or relations[r["measured_by"]["relation"]] in facts
        hows = Counter(how_read(id_, line, c) for line in lines(id_) for c in columns(id_, "value"))
        assert all((how if len(hows) == 1 else f"{how}: {n}") in facts for how, n in hows.items())
        states = Counter(line[c["name"]] for line in lines(id_) for c in columns(id_, "value") if line[c["name"]] in STATES)
        assert all(f"{n} {state}" in facts for state, n in states.items())
        if r["kind"] == "measurements":
            assert squeeze(r["seeds"]["text"]) in entry.text
            count = r["seeds"].get("count")
            assert (f"{count} runs a cell" if count else "runs not stated") in facts
    numbers = sum(r["cells"] - r.get("missing", 0) for r in map(record, TABLES))
    assert f"{len(TABLES)} tables with {numbers} numbers" in page.text


def test_what_may_not_be_compared_is_kept_apart(site: Site) -> None:
    apart = 0
    for id_ in TABLES:
        group, page = record(id_)["group"], article(site.path / f"results/{id_}.html")
        if record(id_)["kind"] != "measurements":
            continue
        said = page.text.split("Before you compare")[1].split("Numbers ¶")[0]
        for other in set(TABLES) - {id_}:
            theirs, title = record(other)["group"], squeeze(record(other)["title"])
            if theirs == group:
                assert title in said.split("Not to be compared")[0]
            elif theirs["benchmark"] == group["benchmark"]:
                differs = [w for k, w in (("version", "version"), ("ruleset", "ruleset")) if theirs.get(k) != group.get(k)]
                sentence = said.split(f"Not to be compared with {title} : ")[1].split(".")[0]
                assert all(f"another {d}" in sentence for d in differs)
                apart += 1
            else:
                assert title not in said
        titles = [squeeze(p.all("caption")[0].text) for p in page.all("table")]
        assert all(t.startswith(squeeze(record(id_)["title"])) for t in titles)
    assert apart >= 8


# Each method's page


def expected_standings() -> dict[str, Counter[tuple[str, ...]]]:
    """By method: (table, name there, column, result, place, distance, spread) for every cell of a column that ranks."""
    found: dict[str, Counter[tuple[str, ...]]] = {}
    for id_ in TABLES:
        if record(id_)["kind"] not in ("measurements", "ranking"):
            continue
        for column in (c for c in columns(id_, "value") if c["direction"] != "none"):
            fields: dict[tuple[str, ...], list[dict[str, str]]] = {}
            for line in lines(id_):
                fields.setdefault(tuple(coordinates(id_, line, column)), []).append(line)
            for label, rows in fields.items():
                numbers = [Decimal(r[column["name"]]) for r in rows if r[column["name"]] not in STATES]
                best = (max if column["direction"] == "higher" else min)(numbers, default=Decimal(0))
                places = dict(zip(numbers, competition(list(map(float, numbers)), column["direction"]), strict=True))
                for row in rows:
                    raw = row[column["name"]]
                    place, off = f"none of {len(numbers)}", "–"
                    if raw not in STATES:
                        place, off = f"{places[Decimal(raw)]} of {len(numbers)}", plainly(abs(Decimal(raw) - best))
                    spread = plainly(max(numbers) - min(numbers)) if numbers else "–"
                    entry = (id_, row["optimizer"], column["name"], *label, wanted(id_, row, column), place, off, spread)
                    method = meant(id_, "optimizer_names", row["optimizer"])[0]
                    found.setdefault(method, Counter())[tuple(entry)] += 1
    return found


def test_every_standing_on_every_method_page_is_that_of_the_csv(site: Site) -> None:
    wanted_ = expected_standings()
    total = without = 0
    for id_, o in site.catalog.optimizers.items():
        page = article(site.path / f"methods/{id_}.html")
        blocks = page.all("div", "standing")
        left = wanted_.pop(id_, Counter())
        section = page.text.split("Published results ¶")[1]
        if not left:
            assert "No published result here yet" in section
            assert not blocks
            without += 1
            continue
        assert "No published result here yet" not in section
        for block in blocks:
            total += check_block(block, left, o.name)
        assert not +left, f"{id_}: {list(+left)[:3]}"
    assert total > 1000
    assert without > 5
    assert all(m not in site.catalog.optimizers for m in wanted_)
    print(f"{total} standings, {without} methods without any")


def check_block(block: Node, left: Counter[tuple[str, ...]], method: str) -> int:
    """Strike out of `left` what a block shows; the number of its lines."""
    id_ = block.all("a")[0].attributes["href"].removeprefix("../results/").removesuffix(".html")
    said = block.all("span", "quiet")[0].text
    called = re.search(r"there called (.*?)(;|$)", said)
    rows = block.all("tbody")[0].all("tr")
    places = []
    same = block.all("thead")[0].all("th")[2].text.removeprefix("Place").strip()
    for row in rows:
        label = row.all("th")[0].text
        result, place, off, spread = (c.text for c in row.all("td"))
        place = f"{place} {same}".strip()
        fits = [e for e in left if e[0] == id_ and e[-4:] == (result, place, off, spread)]
        fits = [e for e in fits if (e[1] == called[1] if called else plain(e[1]) == plain(method))]
        column = {c["name"]: c for c in columns(id_, "value")}
        alone = len(column) == 1 or not columns(id_, "model")
        fits = [e for e in fits if alone or e[2].replace("_", " ") in said.split("; ")]
        fits = [e for e in fits if label_fits(label, e, id_)]
        assert len(fits) == 1, (id_, label, result, fits)
        left[fits[0]] -= 1
        places += [int(re.match(r"\d+", place)[0])] if place[0].isdigit() else []  # type: ignore[index]
    if block.all("summary"):
        together = block.all("summary")[0].text
        assert together.startswith(f"{len(rows)} columns: ")
        assert len(rows) > 3
        if places:
            span = f"{min(places)} to {max(places)}" if min(places) != max(places) else str(min(places))
            told = [f"{e.all('td')[1].text} {same}".split() for e in rows]
            fields = sorted({int(of) for place, _, of, *_ in told if place[0].isdigit()})
            among = f"of {fields[0]}" if len(fields) == 1 else f"among {fields[0]} to {fields[-1]}"
            assert f"place {span} {among}, " in together
            assert f"median {statistics.median(places):g}" in together
            assert block.all("path")[0].attributes["d"].count("h0") == len(places)
        states = Counter(t for r in rows if (t := r.all("td")[0].text) in STATES)
        assert all(f"{n} {state}" in together for state, n in states.items())
    else:
        assert len(rows) <= 3
    return len(rows)


def label_fits(label: str, entry: tuple[str, ...], id_: str) -> bool:
    """Whether a line's label holds what tells its column from the others of the table: conditions, or else the column's name."""
    others = {tuple(coordinates(id_, line, c)) for line in lines(id_) for c in columns(id_, "value") if c["direction"] != "none"}
    own = entry[3:-4]
    telling = [x for i, x in enumerate(own) if len({o[i] for o in others}) > 1]
    return all(t in label.split(", ") for t in telling) if telling else label.startswith(entry[2].replace("_", " ")) or len(own) > 0


def plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


# Hostile text


def with_text(model: Any, text: str) -> Any:
    """The record with `text` in every field that says something to people."""
    if isinstance(model, tuple):
        return tuple(with_text(m, text) if isinstance(m, BaseModel) else text if isinstance(m, str) else m for m in model)
    kept = {"id", "kind", "group", "paper", "url", "relation", "exactness", "name", "role", "type", "unit_from", "direction", "range"}
    kept |= {"states", "words", "sum", "at", "hyperparameter", "model", "family", "tables", "families"}
    changed = {}
    for name, old in model:
        if name not in kept:
            changed[name] = text if isinstance(old, str) else with_text(old, text) if isinstance(old, BaseModel | tuple) else old
    return model.model_copy(update=changed)


def filled(catalog: Catalog, text: str) -> Catalog:
    """A small catalog with three tables of different kinds whose words all are `text`, names and notes of their lines too."""
    tables = {}
    for id_ in ("survey-llama60m", "algoperf-workloads", "algoperf-v05-external-scores"):
        table = catalog.results[id_]
        notes = {c.name for c in table.record.columns if c.role == "note" and not c.words}
        rows = {row: spoiled(row, text, notes) for row in table.rows}
        cells = tuple(replace(c, row=rows[c.row], model=c.model and replace(c.model, printed=text, variant=text)) for c in table.cells)
        tables[id_] = ResultTable(with_text(table.record, text), table.path, tuple(rows.values()), cells)
    glossary = catalog.glossary
    assert glossary is not None
    return replace(part(catalog), results=tables, glossary=with_text(glossary, text), claims=None, folklore=None)


def spoiled(row: Row, text: str, notes: set[str]) -> Row:
    fields = {n: Field(text, f.line, f.col) if n in notes else f for n, f in row.fields.items()}
    # the line keeps names apart, which differ in every row
    name = row.optimizer and replace(row.optimizer, printed=f"{row.line} {text}", variant=text)
    return Row(row.line, fields, name, row.model and replace(row.model, printed=text, variant=text))


def test_hostile_text_in_a_table_never_becomes_markup(site: Site, tmp_path: Path) -> None:
    built = {}
    for name, text in (("plain", PLAIN), ("hostile", HOSTILE)):
        build(filled(site.catalog, text), tmp_path / name, scratch=tmp_path / "scratch")
        built[name] = Site(tmp_path / name, site.catalog)
    hostile, harmless = built["hostile"].pages, built["plain"].pages
    assert set(hostile) == set(harmless)
    pages = [p for p in hostile if p.startswith("results/")]
    assert len(pages) == 4
    shown = squeeze("".join(c if c.isprintable() else " " for c in HOSTILE))
    for name in [*pages, *(p for p in hostile if p.startswith("methods/"))]:
        assert hostile[name].shape() == harmless[name].shape(), name
        assert not [a for _, _, a in hostile[name].links if "evil" in a and not a.startswith("#")], name
    for name in pages:
        assert squeeze(hostile[name].content.text).count(shown) > 3, name
    assert any(shown in squeeze(hostile[p].content.text) for p in hostile if p.startswith("methods/"))
    followed, dead = dead_links(tmp_path / "hostile", hostile)
    assert followed > 100
    assert not [d for d in dead if d.startswith("results/")]


def test_a_table_of_one_number_and_one_without_numbers_have_pages(site: Site, tmp_path: Path) -> None:
    """Ties of all, a single line, and a column in which nobody has a number."""
    table = site.catalog.results["survey-llama60m"]
    rows = [r for r in table.rows if r.optimizer and r.optimizer.id in ("sgd", "muon", "adamw")]
    cells = [replace(c, values=(), state="diverged") if c.column.name == "x5" else c for c in table.cells if c.row in rows]
    cells = [
        replace(c, values=(12.0,), field=Field("12.0", c.field.line, c.field.col), state=None) if c.column.name == "base" else c
        for c in cells
    ]
    tables = {table.id: replace(table, rows=tuple(rows), cells=tuple(cells))}
    small = replace(part(site.catalog, "muon"), results=tables, claims=None, folklore=None)
    assert [s.spread for s in grid(small.results[table.id]).series][1] is None
    build(small, tmp_path / "site", scratch=tmp_path / "scratch")
    page = article(tmp_path / "site/results/survey-llama60m.html")
    assert [s.text for s in page.all("small") if s.text.startswith("#")][:1] == ["#1="]
    foot = {r.all("th")[0].text: [c.text for c in r.all("td")] for r in page.all("tfoot")[0].all("tr")}
    assert foot["Best"][0] == "12.0 3 methods"
    assert foot["Best"][1] == "no number"
    assert foot["Spread"][:2] == ["0.0", "–"]
    assert foot["Numbers"][:2] == ["3 of 3", "0 of 3"]
    rows = article(tmp_path / "site/methods/muon.html").all("table", "places")[0].all("tr")
    assert [c.text for c in rows[2].all("td")] == ["diverged", "none of 0", "–", "–"]


# In a browser


def first_column(page: Page) -> list[str]:
    return page.locator("table.sortable").first.locator("tbody th").all_inner_texts()


def column_of(page: Page, at: int) -> list[str]:
    cells = page.locator("table.sortable").first.locator(f"tbody tr > :nth-child({at + 1})").all_inner_texts()
    return [c.split("\n")[0].removeprefix("≈").strip() for c in cells]


@pytest.mark.browser
@pytest.mark.parametrize(("id_", "at", "higher"), [("survey-vits-lr", 4, True), ("algoperf-v05-external-times", 1, False)])
def test_a_press_on_a_heading_sorts_with_the_best_first_and_words_last(address: str, visit: Visit, id_: str, at: int, higher: bool) -> None:
    page = visit(f"{address}results/{id_}.html").page
    before, cells = first_column(page), column_of(page, at)
    numbers = [float(c) for c in cells if c not in STATES]
    assert 3 < len(numbers) < len(cells)
    head = page.locator("table.sortable thead th").nth(at)
    for down in (higher, not higher):
        head.get_by_role("button").click()
        expect(head).to_have_attribute("aria-sort", "descending" if down else "ascending")
        shown = column_of(page, at)
        assert [float(c) for c in shown[: len(numbers)]] == sorted(numbers, reverse=down)
        assert set(shown[len(numbers) :]) <= STATES
        after = first_column(page)
        assert sorted(after) == sorted(before) != after
    page.locator("table.sortable thead th").first.get_by_role("button").press("Enter")
    assert [c.split("\n")[0].casefold() for c in first_column(page)] == sorted(c.split("\n")[0].casefold() for c in before)
    assert page.locator("thead th[aria-sort]").count() == 1


@pytest.mark.browser
def test_lists_are_sorted_by_number_and_by_word(address: str, visit: Visit) -> None:
    page = visit(f"{address}results/epfl-llm-settings.html").page
    heads = [h.text for h in article_of(page, "thead").all("th")]
    at = next(i for i, h in enumerate(heads) if h.startswith("learning rate"))
    cells = column_of(page, at)
    page.locator("table.sortable thead th").nth(at).get_by_role("button").click()
    assert [float(c) for c in column_of(page, at)] == sorted(map(float, cells))
    assert column_of(page, at) != cells
    page.locator("table.sortable thead th").nth(1).get_by_role("button").click()
    assert column_of(page, 1) == sorted(column_of(page, 1))


def article_of(page: Page, selector: str) -> Node:
    return Tree(page.locator(selector).first.evaluate("e => e.outerHTML")).root


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_results_and_standings(address: str, visit: Visit, scheme: str) -> None:
    page = visit(address, color_scheme=scheme, viewport=PHONE if scheme == "dark" else DESKTOP, bypass_csp=True).page
    passes = 0
    pages = ("results/index", "results/bocb-cifar100", "results/algoperf-workloads", "results/survey-llama60m", "methods/nadamw")
    for name in pages:
        page.goto(f"{address}{name}.html")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        passes += accessible(page, name)
    assert passes > 20 * len(pages)


@pytest.mark.browser
def test_on_a_phone_a_wide_table_scrolls_in_its_region_and_its_first_column_stays(address: str, visit: Visit) -> None:
    page = visit(address, viewport=PHONE).page
    for id_ in TABLES:
        page.goto(f"{address}results/{id_}.html")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, id_
    page.goto(f"{address}results/bocb-cifar100.html")
    region = page.get_by_role("region", name=re.compile("CIFAR-100"))
    expect(region).to_have_attribute("tabindex", "0")
    head, cell = region.locator("tbody th").first, region.locator("tbody td").first
    before = head.bounding_box(), cell.bounding_box()
    region.evaluate("e => { e.scrollLeft = 300; }")
    after = head.bounding_box(), cell.bounding_box()
    assert before[0]
    assert after[0]
    assert before[0]["x"] == pytest.approx(after[0]["x"], abs=1)
    assert before[1]
    assert after[1]
    assert before[1]["x"] - after[1]["x"] == pytest.approx(300, abs=1)


def test_digits_can_be_read_on_every_shade(site: Site) -> None:
    """WCAG's contrast of the ink on each shade, in both schemes, and shades that grow steadily darker or lighter."""
    style = (site.path / "assets/atlas.css").read_text("utf-8")
    schemes = re.findall(r"\{ --atlas-ink: (#\w+); ((?:--heat-\d: #\w{6}; ?)+)\}", style)
    assert len(schemes) == 2
    for ink, shades in schemes:
        found = [luminance(c) for c in re.findall(r"#\w{6}", shades)]
        assert len(found) == 10
        letters_ = luminance(ink)
        assert all((max(s, letters_) + 0.05) / (min(s, letters_) + 0.05) >= 4.5 for s in found)
        assert found in (sorted(found), sorted(found, reverse=True))
        assert len(set(found)) == 10


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts_ = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts_]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
