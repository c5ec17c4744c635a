"""The pages of claims, of AlgoPerf, of settings and of folklore: their numbers against the CSVs, computed here a second time with NumPy."""

from __future__ import annotations

import csv
import html
import inspect
import json
import re
from collections import Counter, defaultdict
from dataclasses import is_dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from playwright.sync_api import expect
from site_browser import DESKTOP, PHONE, Visit, accessible
from site_build import ROOT, Site, dead_links, part, squeeze
from test_site import HOSTILE, PLAIN

from tools.cli import main
from tools.results import recommend, survey
from tools.results.outcome import outcomes
from tools.site.build import build
from tools.site.charts import DASHES, MARKERS, scatter, shade, steps_chart

pytestmark = pytest.mark.site
COUPLING, SURVEY, GPT2 = "claims/coupling-bias.html", "claims/survey.html", "claims/gpt2.html"
PAGES = ("recommended.html", "algoperf.html", "folklore.html", "claims/index.html", COUPLING, SURVEY, GPT2)
MINUS = "\N{MINUS SIGN}"
CATEGORY = {"a": "SGD-M SGDP LION", "b": "Adam Adamax NAdam AdamW LAMB RAdam AdamP Adan", "d": "AdaGrad AdaDelta RMSProp"}
BASELINE = "Baseline (NadamW, warmup + cosine)"


# Reading pages and tables


def rows(site: Site, page: str, id_: str) -> list[list[str]]:
    """The texts of a table's cells, row by row, its heading first; a minus is that of the keyboard."""
    found = re.search(rf'<table[^>]* id="{id_}"[^>]*>(.*?)</table>', site.pages[page].html, re.S)
    assert found, f"{page} has no table {id_}"
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", found[1], re.S)]
    return [[squeeze(html.unescape(re.sub(r"<[^>]*>", " ", c))).replace(MINUS, "-") for c in row] for row in cells]


def text(site: Site, page: str) -> str:
    return squeeze(site.pages[page].content.text).replace(MINUS, "-")


@cache
def table(id_: str) -> list[dict[str, str]]:
    with (ROOT / "catalog" / "results" / f"{id_}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def accuracy(id_: str = "bocb-cifar100") -> tuple[list[str], list[str], np.ndarray]:
    """Backbones, optimizers and the matrix of accuracies, one backbone a row."""
    backbones = list(dict.fromkeys(r["model"] for r in table(id_)))
    names = list(dict.fromkeys(r["optimizer"] for r in table(id_)))
    at = {(r["model"], r["optimizer"]): float(r["top1"]) for r in table(id_)}
    return backbones, names, np.array([[at[b, n] for n in names] for b in backbones])


def ranked(values: np.ndarray) -> np.ndarray:
    """Ranks, the greatest first, ties sharing their mean."""
    return np.array([(values > v).sum() + ((values == v).sum() + 1) / 2 for v in values])


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(ranked(np.asarray(x)), ranked(np.asarray(y)))[0, 1])


def category(name: str) -> str:
    return next((k for k, names in CATEGORY.items() if name in names.split()), "c")


# Settings that others used


def recommended(capsys: pytest.CaptureFixture[str], method: str) -> dict[str, Any]:
    """What `atlas recommend` prints, by family and setting."""
    capsys.readouterr()
    assert main(["--root", str(ROOT), "recommend", method, "--format", "json"]) == 0
    return {r["family"]: r["settings"] for r in json.loads(capsys.readouterr().out)["recommendations"]}


def plain(value: float) -> str:
    head, e, power = f"{value:.3g}".partition("e")
    return head + (f"e{int(power)}" if e else "")


def twice(value: float) -> set[str]:
    """The value with two digits that count, rounded both ways where it lies just between."""
    return {f"{float(f'{v:.2g}'):g}" for v in (value * (1 - 1e-9), value * (1 + 1e-9))}


@cache
def glossary() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "catalog" / "glossary.yaml").read_text("utf-8"))
    return found


def test_learning_rates_relative_to_adamw_are_those_of_the_csv(site: Site) -> None:
    printed = {m["printed"]: m["id"] for m in glossary()["model_names"] if "tables" not in m}
    family = {m["id"]: m["family"] for m in glossary()["models"]}
    ids = {n["printed"]: n["id"] for n in glossary()["optimizer_names"] if "tables" not in n}
    ratios: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    tables = {
        "bocb-cifar100-settings": ("learning_rate", ("model",)),
        "fantastic-phase2": ("learning_rate", ("model", "chinchilla")),
        "epfl-llm-settings": ("learning_rate", ("model", "scheduler", "run")),
        "survey-vits-lr": ("best_lr", ()),
    }
    for id_, (column, keys) in tables.items():
        used: dict[tuple[str, ...], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for r in table(id_):
            if re.fullmatch(r"[\d.e-]+", r[column]) and r["optimizer"] in ids and float(r[column]) > 0:
                used[r.get("model", "ViT-S"), *(r[k] for k in keys)][ids[r["optimizer"]]].append(float(r[column]))
        for at, methods in used.items():
            for method, rates in methods.items():
                if method != "adamw" and "adamw" in methods:
                    where = (method, id_, family[printed[at[0]]])
                    ratios[where].append(float(np.exp(np.mean(np.log(rates)) - np.mean(np.log(methods["adamw"])))))
    page = site.pages["recommended.html"].html
    sources = re.findall(r'colspan="(\d+)"[^>]*><a href="results/([\w-]+)\.html"', page)
    heads, families = rows(site, "recommended.html", "relative")[:2]
    names = {f["name"]: f["id"] for f in glossary()["families"]}
    columns = list(zip([t for n, t in sources for _ in range(int(n))], [names[f] for f in families], strict=True))
    assert len(heads) == 1 + len(sources)
    shown = 0
    names_of = {o.name: i for i, o in site.catalog.optimizers.items()} | {o["name"]: o["id"] for o in glossary()["optimizers"]}
    for name, *cells in rows(site, "recommended.html", "relative")[2:]:
        for (id_, kind), cell in zip(columns, cells, strict=True):
            got = ratios.pop((names_of[name], id_, kind), None)
            if got is None:
                assert cell == "–", (name, id_, cell)
                continue
            middle, span, count = re.fullmatch(r"([\d.e+]+)× (?:([\d.e+]+–[\d.e+]+), )?(\d+)", cell).groups()  # type: ignore[union-attr]
            assert middle in twice(float(np.exp(np.mean(np.log(got))))), (name, id_, kind)
            assert (span or "same").split("–") in (
                [[a, b] for a in twice(min(got)) for b in twice(max(got))] if len(set(got)) > 1 else [["same"]]
            )
            assert int(count) == len(got)
            shown += 1
    assert not ratios, "every pair of learning rates is on the page"
    assert shown > 80


def test_settings_on_all_pages_are_those_of_the_command(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    head, *lines = rows(site, "recommended.html", "typical")
    names = {f["name"]: f["id"] for f in glossary()["families"]}
    ids = {o.name: i for i, o in site.catalog.optimizers.items()}
    checked = differing = 0
    for name, *cells in lines:
        if name not in ids:
            continue
        found = recommended(capsys, ids[name])
        page = text(site, f"methods/{ids[name]}.html")
        assert "Recommended settings" in page
        assert page.count("search before you trust one") == sum(s["disagree"] for f in found.values() for s in f.values())
        for family, cell in zip(head[1:], cells, strict=True):
            settings = found.pop(names[family], {})
            told = []
            for word, setting in settings.items():
                low, high, typical = (plain(setting[k]) for k in ("low", "high", "typical"))
                told.append(f"{'lr' if word == 'learning_rate' else 'wd'} {typical}" + (" ≠" if setting["disagree"] else ""))
                told += [f"{low}–{high}"] if setting["low"] != setting["high"] else []
                span = f" {low} to {high} " if setting["low"] != setting["high"] else " – "
                on_page = squeeze(re.sub(r"<[^>]*>", " ", re.sub(r"</?code>", " ", site.pages[f"methods/{ids[name]}.html"].html)))
                assert f"{word.replace('_', ' ')} {typical}{span}" in on_page, (name, family, word)
                for source in setting["sources"]:
                    assert f'href="../results/{source["table"]}.html"' in site.pages[f"methods/{ids[name]}.html"].html
                checked += 1
                differing += setting["disagree"]
            assert cell == (" ".join(told) or "–"), (name, family)
        assert not found, f"{name}: every family has its column"
    assert checked > 150
    assert differing == len([r for r in rows(site, "recommended.html", "apart")[1:] if r[0] in ids]) > 3


def test_every_recommended_value_is_a_cell(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Each value stands in the cell that it names, in a row of the method; least, greatest and usual follow from the values."""
    ids: dict[str, set[str]] = defaultdict(set)
    for n in glossary()["optimizer_names"]:
        ids[n["printed"]].add(n["id"])
    looked = searched = 0
    for method in recommend.recommendations(site.catalog):
        if method not in site.catalog.optimizers:
            continue
        for settings in recommended(capsys, method).values():
            for word, setting in settings.items():
                by_table: dict[str, list[float]] = defaultdict(list)
                for o in setting["observations"]:
                    file, _, line = o["where"].partition(":")
                    with (ROOT / file).open(encoding="utf-8", newline="") as lines:
                        cells = list(csv.DictReader(lines))[int(line) - 2]
                    assert method in ids[cells["optimizer"]], o
                    own = [cells.get(c, "") for c in ("learning_rate", "best_lr")] if word == "learning_rate" else [cells.get(word, "")]
                    own += cells["tried"].split() if cells.get("hyperparameter") == word else []
                    assert o["value"] in [float(c) for c in own if re.fullmatch(r"[\d.e-]+", c)], o
                    by_table[o["table"]].append(o["value"])
                    looked += 1
                every = [v for values in by_table.values() for v in values]
                assert (setting["low"], setting["high"]) == (min(every), max(every))
                usual = []
                for values in by_table.values():
                    middle, often = sorted(values)[(len(values) - 1) // 2], max(map(values.count, values))
                    usual.append(min({v for v in values if values.count(v) == often}, key=lambda v, m=middle: (abs(v - m), v)))
                assert setting["typical"] == sorted(usual)[(len(usual) - 1) // 2]
                least = min(usual)
                page = text(site, f"methods/{method}.html")
                for values, middle in zip(by_table.values(), usual, strict=True):
                    assert f": {plain(middle)}" + (f" ({len(values)} values)" if len(values) > 1 else "") in page, (method, word)
                for r in setting["searched"]:
                    line = int(r["where"].partition(":")[2])
                    cells = table(r["table"])[line - 2]
                    assert (r["low"], r["high"]) == (float(cells["low"]), float(cells["high"]))
                    assert f"{word.replace('_', ' ')} {plain(r['low'])} to {plain(r['high'])}" in page
                    searched += 1
                assert setting["disagree"] == (len(usual) > 1 and (max(usual) > 3 * least if least else max(usual) > 0))
    assert looked > 900
    assert searched > 20


def test_all_recommendations_at_once_are_those_one_by_one(site: Site) -> None:
    found = recommend.recommendations(site.catalog)
    assert len(found) > 30
    for method, entries in found.items():
        assert entries == recommend.recommend(site.catalog, method), method
    apart = recommend.relative_learning_rates(site.catalog, by_table=True)
    for r in recommend.relative_learning_rates(site.catalog):
        parts = [a for a in apart if (a.method, a.family) == (r.method, r.family)]
        assert {a.tables[0] for a in parts} == set(r.tables)
        assert (sum(a.count for a in parts), min(a.low for a in parts), max(a.high for a in parts)) == (r.count, r.low, r.high)


def test_methods_without_published_settings_do_not_show_any(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    without = [i for i in ("swats", "adahessian", "mezo") if i in site.catalog.optimizers]
    assert without
    for id_ in without:
        assert recommended(capsys, id_) == {}
        assert "What published experiments used" not in text(site, f"methods/{id_}.html")


# AlgoPerf


def ratios_to_fastest(ruleset: str) -> tuple[list[str], dict[str, dict[str, float]], set[tuple[str, str]]]:
    """Workloads, times over the fastest by submission, and what counts: read from the CSV."""
    base = [r for r in table(f"algoperf-v05-{ruleset}-times") if r["workload"] == "base"]
    workloads = list(dict.fromkeys(r["model"] for r in base))
    seconds = {(r["optimizer"], r["model"]): float(r["time"]) for r in base if r["time"].replace(".", "").isdigit()}
    fastest = {w: min(t for (_, m), t in seconds.items() if m == w) for w in workloads if any(m == w for _, m in seconds)}
    found: dict[str, dict[str, float]] = {r["optimizer"]: {} for r in base}
    for (name, model), t in seconds.items():
        found[name][model] = t / fastest[model]
    return workloads, found, {(r["optimizer"], r["model"]) for r in base if r["counts"] == "yes"}


@pytest.mark.parametrize(("ruleset", "anchor"), [("external", "05-external-tuning"), ("self", "05-self-tuning")])
def test_scores_speed_ups_and_times_follow_from_the_csv(site: Site, ruleset: str, anchor: str) -> None:
    workloads, ratios, counts = ratios_to_fastest(ruleset)
    published = {r["optimizer"]: r["score"] for r in table(f"algoperf-v05-{ruleset}-scores")}
    grid = np.linspace(1, 4, 100)
    shown = rows(site, "algoperf.html", f"scores-v{anchor}")
    assert len(shown) == len(published) + 1
    for _, name, count, computed, printed, difference, area in shown[1:]:
        own = [r for w, r in ratios[name].items() if (name, w) in counts]
        profile = np.array([sum(r <= g for r in own) / len(workloads) for g in grid])
        score = float(((profile[1:] + profile[:-1]) / 2).sum() * (grid[1] - grid[0]) / 3)
        assert (count, computed, printed, difference) == (f"{len(own)} of {len(workloads)}", f"{score:.4f}", published[name], "0")
        exact = sum(max(0.0, 4 - r) for r in own) / 3 / len(workloads)
        assert float(area) == pytest.approx(exact, abs=6e-5)
        assert abs(exact - score) < 0.01, "the page says that they differ in the third decimal"
    assert any(abs(float(r[6]) - float(r[3])) > 5e-4 for r in shown[1:])
    speeds = {r[0]: r[1:] for r in rows(site, "algoperf.html", f"speed-v{anchor}")[1:]}
    assert set(speeds) == set(published) - {BASELINE}
    for name, (mean, count, saved, _) in speeds.items():
        both = [w for w in workloads if (name, w) in counts and (BASELINE, w) in counts]
        assert count == f"{len(both)} of {len(workloads)}"
        if not both:
            assert (mean, saved) == ("none to compare", "–")
            continue
        speed = float(np.exp(np.mean([np.log(ratios[BASELINE][w] / ratios[name][w]) for w in both])))
        assert (mean, saved) == (f"{speed:.2f}×", f"{1 - 1 / speed:.1%}")
    times = rows(site, "algoperf.html", f"times-v{anchor}")
    states = {(r["optimizer"], r["model"]): r["time"] for r in table(f"algoperf-v05-{ruleset}-times")}
    for name, *cells in times[1:]:
        for workload, cell in zip(workloads, cells, strict=True):
            ratio = ratios[name].get(workload)
            wanted = states.get((name, workload), "not run") if ratio is None else f"{ratio:.2f}×" + "*" * ((name, workload) not in counts)
            assert cell == wanted, (name, workload)


@pytest.mark.parametrize("ruleset", ["external", "self"])
def test_profiles_are_drawn_where_they_were_computed(site: Site, ruleset: str) -> None:
    workloads, ratios, counts = ratios_to_fastest(ruleset)
    drawing = re.search(rf'<svg class="chart" id="profile-algoperf-v05-{ruleset}-scores".*?</svg>', site.pages["algoperf.html"].html, re.S)
    assert drawing
    lines = re.findall(r"<g class=\"series s\d\"><title>(.*?)</title>(.*?)</g>", drawing[0], re.S)
    ticks = re.findall(r'<text class="mid" x="([\d.]+)" y="[\d.]+">([\d.]+)×</text>', drawing[0])
    left, right = (float(x) for x, at in ticks if at in ("1", "4"))
    heights = {t: float(y) for y, t in re.findall(r'<text class="end" x="[\d.]+" y="([\d.]+)">(\d+)%</text>', drawing[0])}
    bottom, top = heights["0"] - 4, heights["100"] - 4  # a text stands four units below its line
    assert {html.unescape(n) for n, _ in lines} == set(ratios)
    for name, drawn in lines:
        own = sorted(r for w, r in ratios[html.unescape(name)].items() if (html.unescape(name), w) in counts and r <= 4)
        path = re.search(r'class="line" d="M([\d.]+) ([\d.]+)((?:H[\d.]+V[\d.]+)*)"', drawn)
        assert path
        corners = [(float(path[1]), float(path[2])), *((float(x), float(y)) for x, y in re.findall(r"H([\d.]+)V([\d.]+)", path[3]))]
        got = [(1 + 3 * (x - left) / (right - left), (bottom - y) / (bottom - top)) for x, y in corners]
        at = sorted({1.0, *own, 4.0})
        wanted = [(r, sum(o <= r for o in own) / len(workloads)) for r in at]
        assert np.allclose(got, wanted, atol=1e-3), name
        assert drawn.count('class="mark') == len(set(own)), "a marker for each workload in sight"


def test_lines_are_told_apart_without_colour(site: Site) -> None:
    most = max(len(table(f"algoperf-v05-{r}-scores")) for r in ("external", "self"))
    assert len(set(DASHES)) >= most
    assert len(set(MARKERS)) >= most
    samples = re.findall(r'<svg class="sample series.*?</svg>', site.pages["algoperf.html"].html, re.S)
    assert len(samples) == sum(len(table(f"algoperf-v05-{r}-scores")) for r in ("external", "self"))
    for page in PAGES:
        for drawing in re.findall(r'<svg class="chart.*?</svg>', site.pages[page].html, re.S):
            names = re.search(
                r'role="img".*?aria-labelledby="(\S+) (\S+)"><title id="(\S+)">(.+?)</title><desc id="(\S+)">(.+?)</desc>', drawing
            )
            assert names, page
            assert (names[1], names[2]) == (names[3], names[5])
            assert len(names[6]) > 20


def test_versions_and_rulesets_are_kept_apart(site: Site) -> None:
    tables = [p.stem for p in (ROOT / "catalog" / "results").glob("algoperf-v*-scores.csv")]
    assert len(tables) == 3
    anchors = re.findall(r'id="scores-(v[\w-]+)"', site.pages["algoperf.html"].html)
    assert len(set(anchors)) == len(tables)
    assert "numbers of different versions or rulesets may not be compared" in text(site, "algoperf.html")
    newer = rows(site, "algoperf.html", "scores-v06-external-tuning")
    assert [r[:2] for r in newer[1:]] == [[r["optimizer"], r["score"]] for r in table("algoperf-v06-external-scores")]


# Backbones and optimizers


def test_the_rules_for_failures_flag_what_the_page_says(site: Site) -> None:
    _, names, matrix = accuracy()
    marks = np.array([r["mark"] in ("failure", "worst") for r in table("bocb-cifar100")])
    flat = np.array([[r["model"], r["optimizer"]] for r in table("bocb-cifar100")])
    backbones, *_ = accuracy()
    marked = np.zeros_like(matrix, dtype=bool)
    for (b, n), mark in zip(flat, marks, strict=True):
        marked[backbones.index(b), names.index(n)] = mark
    q1, middle, q3 = np.percentile(matrix, [25, 50, 75], axis=1)
    narrow = np.minimum(q3 - q1, 3)
    limits = {"max - min(IQR, 3), as printed": matrix.max(1) - narrow, "median - min(IQR, 3)": middle - narrow, "median - 3": middle - 3}
    shown = rows(site, COUPLING, "rules")[1:]
    assert [r[0] for r in shown] == list(limits)
    for told, flagged, right, missed, agreement in shown:
        cells = matrix < limits[told][:, None]
        assert (int(flagged), int(right), int(missed)) == (cells.sum(), (cells & marked).sum(), (~cells & marked).sum())
        assert agreement == f"{(cells == marked).mean():.1%}"
    grid = rows(site, COUPLING, "centred")
    assert grid[0][1:] == backbones
    source = re.search(r'<table[^>]* id="centred".*?</table>', site.pages[COUPLING].html, re.S)
    assert source
    frames = [
        ["flag" in c for c in re.findall(r"<td class=\"([^\"]*)\"", row)] for row in re.findall(r"<tr>(.*?)</tr>", source[0], re.S)[1:]
    ]
    cells = matrix < limits["median - min(IQR, 3)"][:, None]
    for (name, *line), frame in zip(grid[1:], frames, strict=True):
        at = names.index(name.split()[0])
        for b, cell in enumerate(line):
            value = round(matrix[b, at] - middle[b], 1) + 0.0
            assert cell == (f"{value:+.1f}" if value else "0.0") + "†" * int(marked[b, at]), (name, backbones[b])
        assert frame == list(cells[:, at]), name


def test_categories_spreads_and_ranks_of_the_coupling_page(site: Site) -> None:
    backbones, names, matrix = accuracy()
    kinds = np.array([category(n) for n in names])
    shown = rows(site, COUPLING, "suits")
    assert [r[0] for r in shown[1:]] == backbones
    first: Counter[str] = Counter()
    for (_, *cells, best, worst), line in zip(shown[1:], matrix, strict=True):
        gaps = {k: line[kinds == k].max() - line.max() for k in "abcd"}
        assert cells == [f"{v:.2f}" if v else "0" for v in gaps.values()]
        assert best == f"{names[line.argmax()]} {line.max():.2f}"
        assert worst == f"{names[line.argmin()]} {line.min():.2f}"
        first[max(gaps, key=gaps.__getitem__)] += 1
    told = ", ".join(f"({k}) on {first[k]}" for k in "abcd")
    assert f"of category {told} of the {len(backbones)} backbones" in text(site, COUPLING)
    for b, _, short, whole, half in rows(site, COUPLING, "per-backbone")[1:]:
        line = np.sort(matrix[backbones.index(b)])
        q1, q3 = np.percentile(line, [25, 75])
        assert (short, whole, half) == tuple(f"{v:.1f}" for v in (line[-1] - line[1], line[-1] - line[0], q3 - q1)), b
    points = matrix - np.median(matrix, axis=1)[:, None]
    ranks = np.array([ranked(line) for line in matrix])
    listed = rows(site, COUPLING, "per-optimizer")[1:]
    assert len(listed) == len(names)
    for name, _, half, middle, worst, best, rank in listed:
        own = points[:, names.index(name.split()[0])]
        q1, q3 = np.percentile(own, [25, 75])
        for got, wanted in zip((half, middle, worst, best), (q3 - q1, np.median(own), own.min(), own.max()), strict=True):
            assert float(got) == pytest.approx(wanted, abs=0.0501), name
        assert float(rank) == pytest.approx(ranks[:, names.index(name.split()[0])].mean(), abs=0.0501)


def test_shares_of_variance_and_correlations_of_the_coupling_page(site: Site) -> None:
    backbones, names, matrix = accuracy()
    for ident, left_out in (("all", ()), ("fewer", ("AdaGrad", "LARS"))):
        kept = matrix[:, [n not in left_out for n in names]]
        rest = kept - kept.mean(1, keepdims=True) - kept.mean(0, keepdims=True) + kept.mean()
        total = ((kept - kept.mean()) ** 2).sum()
        rows_, columns = ((kept.mean(a) - kept.mean()) ** 2 for a in (1, 0))
        shares = [rows_.sum() * kept.shape[1] / total, columns.sum() * kept.shape[0] / total, (rest**2).sum() / total]
        assert sum(shares) == pytest.approx(1)
        bar = re.search(rf'<svg class="chart shares" id="shares-{ident}".*?</svg>', site.pages[COUPLING].html, re.S)
        assert bar
        assert re.findall(r"<text[^>]*>(\d+%)</text>", bar[0]) == [f"{s:.0%}" for s in shares]
        widths = [float(w) for w in re.findall(r'<rect class="share s\d" [^>]*width="([\d.]+)"', bar[0])]
        assert np.allclose(np.array(widths) / sum(widths), shares, atol=1e-3)
        assert f"of what changes within a backbone, {shares[2] / (shares[1] + shares[2]):.0%} is interaction and noise" in text(
            site, COUPLING
        )
    shown = rows(site, COUPLING, "correlations")
    assert shown[0][1:] == [r[0] for r in shown[1:]] == backbones
    pairs = {}
    for i, (_, *line) in enumerate(shown[1:]):
        for j, cell in enumerate(line):
            rho = spearman(matrix[i], matrix[j])
            assert (cell == "1") if i == j else float(cell) == pytest.approx(rho, abs=0.00501), (i, j)
            if i < j:
                pairs[backbones[i], backbones[j]] = rho
    (low, a), (high, b) = (f(pairs, key=pairs.__getitem__) for f in (min, max))
    wanted = f"runs from {pairs[low, a]:+.2f} ({low} and {a}) to {pairs[high, b]:+.2f} ({high} and {b})"
    assert wanted in text(site, COUPLING)


def test_distances_of_settings_of_the_coupling_page(site: Site) -> None:
    steps: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name in dict.fromkeys(r["optimizer"] for r in table("bocb-cifar100-settings")):
        own = [r for r in table("bocb-cifar100-settings") if r["optimizer"] == name]
        for word in ("learning_rate", "weight_decay"):
            grid = sorted({float(r[word]) for r in own})
            codes = [grid.index(float(r[word])) for r in own]
            usual = np.bincount(codes).argmax()  # the first of several
            for r, code in zip(own, codes, strict=True):
                steps[name][r["model"]] += abs(code - int(usual))
    by_name = {n: np.mean(list(d.values())) for n, d in steps.items()}
    by_model = {m: np.mean([d[m] for d in steps.values()]) for m in next(iter(steps.values()))}
    for id_, wanted in (("tuning-optimizer", by_name), ("tuning-backbone", by_model)):
        shown = {r[0]: float(r[1]) for r in rows(site, COUPLING, id_)[1:]}
        assert shown == pytest.approx(wanted, abs=0.00501)
        assert list(shown.values()) == sorted(shown.values())


# The survey


FACTORS = ("x0_1", "x0_2", "x1", "x5", "x10")


def definitions(r: dict[str, str]) -> list[float]:
    """The six definitions of sensitivity for a row of the CSV."""
    given = [float(r[f]) if r[f] != "not reported" else None for f in FACTORS]
    reported = [v for v in given if v is not None]
    zero = np.array([v or 0.0 for v in given])
    best = int(zero.argmax())
    beside = [zero[i] for i in (best - 1, best + 1) if 0 <= i < 5]
    near = float((zero >= zero.max() - 5).sum())
    return [near, zero.mean(), zero.min(), zero[1:4].min(), min(reported), float(np.mean(beside)) - zero.max()]


def test_definitions_of_sensitivity_reorder_the_optimizers(site: Site) -> None:
    found = {r["optimizer"]: definitions(r) for r in table("survey-vits-lr")}
    shown = rows(site, SURVEY, "sensitivity")
    given = {r["optimizer"]: r for r in table("survey-vits-lr")}
    assert len(shown) == len(found) + 1
    for name, _, *cells in shown[1:]:
        assert cells[:5] == [f"{float(given[name][f]):.1f}" if given[name][f] != "not reported" else "not reported" for f in FACTORS]
        for i, cell in enumerate(cells[5:]):
            value, place = cell.rstrip(".").split()
            assert float(value) == pytest.approx(found[name][i], abs=0.0501), (name, i)
            assert int(place) == 1 + sum(v[i] > found[name][i] + 1e-9 for v in found.values()), (name, i)
    winners = rows(site, SURVEY, "winners")[1:]
    assert len(winners) == 6
    first = []
    for i, (_, names, value, muon) in enumerate(winners):
        best = max(v[i] for v in found.values())
        first.append(sorted(n for n, v in found.items() if v[i] == pytest.approx(best)))
        assert sorted(names.replace(" ,", ",").split(", ")) == first[-1]
        assert float(value) == pytest.approx(best, abs=0.0501)
        assert int(muon) == 1 + sum(v[i] > found["Muon"][i] + 1e-9 for v in found.values())
    assert len({tuple(f) for f in first}) >= 3, "the page says that the definitions name different winners"


def test_gains_head_room_and_transfer_of_the_survey(site: Site) -> None:
    at = {(r["model"], r["epochs"], r["optimizer"]): float(r["top1"]) for r in table("survey-epochs")}
    read = {(r["model"], r["epochs"], r["optimizer"]): r["how_read"] == "digitised" for r in table("survey-epochs")}
    names = list(dict.fromkeys(r["optimizer"] for r in table("survey-epochs")))
    shown = rows(site, SURVEY, "epochs")
    assert len(shown) == len(names) + 1
    for name, *cells in shown[1:]:
        for model, (short, long, gain, place) in (("ViT-S", cells[:4]), ("ResNet-50", cells[4:])):
            for length, cell in (("100", short), ("300", long)):
                assert cell == "≈" * read[model, length, name] + f"{at[model, length, name]:.2f}"
            assert float(gain) == pytest.approx(at[model, "300", name] - at[model, "100", name], abs=0.00501)
            moved = [1 + sum(at[model, e, o] > at[model, e, name] for o in names) for e in ("100", "300")]
            assert place == f"{moved[0]} → {moved[1]}", name
    assert sum(cell.startswith("≈") for row in shown[1:] for cell in row) == sum(read.values()) > 40
    for model in ("ViT-S", "ResNet-50"):
        start = np.array([at[model, "100", n] for n in names])
        rho = spearman(start, np.array([at[model, "300", n] for n in names]) - start)
        assert f"{rho:.2f} on {model}" in text(site, SURVEY)
        assert rho < -0.5, "the page says that the gain is mostly room that was left"
    conditions = [(m, e) for m in ("ViT-S", "ResNet-50") for e in ("100", "300")]
    column = {c: np.array([at[*c, n] for n in names]) for c in conditions}
    for (label, *cells, deviation), a in zip(rows(site, SURVEY, "transfer")[1:], conditions, strict=True):
        assert label == f"{a[0]}, {a[1]} epochs"
        assert [float(c) for c in cells] == pytest.approx([spearman(column[a], column[b]) for b in conditions], abs=0.00501)
        assert deviation == f"{column[a].std():.1f} points"
    for i, model in enumerate(("ViT-S", "ResNet-50")):
        drawing = re.search(rf'<svg class="chart points" id="head-room-{i}".*?</svg>', site.pages[SURVEY].html, re.S)
        assert drawing
        assert set(re.findall(r"<g class=\"series s\d\"><title>(.*?)</title>", drawing[0])) == set(names), model


# GPT-2


def test_the_gpt2_table_stands_beside_cifar(site: Site) -> None:
    losses = {r["optimizer"]: float(r["train_loss"]) for r in table("gpt2-alpaca")}
    ids = {n["printed"]: n["id"] for n in glossary()["optimizer_names"] if "tables" not in n}
    _, names, matrix = accuracy()
    mean = {ids[n]: r for n, r in zip(names, np.mean([ranked(line) for line in matrix], axis=0), strict=True)}
    shown = rows(site, GPT2, "gpt2")[1:]
    assert len(shown) == len(losses)
    for name, loss, place, behind, rank in shown:
        assert loss == f"{losses[name]:.4f}"
        assert int(place) == 1 + sum(v < losses[name] for v in losses.values())
        assert float(behind) == pytest.approx(losses[name] - min(losses.values()), abs=5e-5)
        wanted = mean.get(ids.get(name, ""))
        assert rank == "not in that table" if wanted is None else float(rank) == pytest.approx(wanted, abs=0.0501)
    both = [n for n in losses if ids.get(n) in mean]
    rho = spearman(-np.array([losses[n] for n in both]), -np.array([mean[ids[n]] for n in both]))
    close = sum(v - min(losses.values()) < 0.1 for v in losses.values())
    assert f"{close} of the {len(losses)} losses lie within 0.1 of the first" in text(site, GPT2)
    assert f"The order of the {len(both)} methods that CIFAR-100 has too correlates with theirs by {rho:.2f}" in text(site, GPT2)


# Claims and folklore


def test_each_claim_stands_beside_its_outcome_and_its_code(site: Site) -> None:
    catalog = site.catalog
    assert catalog.claims
    found = outcomes(catalog)
    index = text(site, "claims/index.html")
    homes: Counter[str] = Counter()
    for claim in catalog.claims.claims:
        (home,) = (p for p in PAGES if re.search(rf'<section[^>]* id="{claim.id}"', site.pages[p].html))
        homes[home] += 1
        section = re.search(rf'<section[^>]* id="{claim.id}".*?</section>', site.pages[home].html, re.S)
        assert section
        words = squeeze(html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<(?=/?(p|h3|details|summary|pre))", " <", section[0])))).replace(
            MINUS, "-"
        )
        outcome = found[claim.id]
        for piece in (claim.claim, outcome.verdict, outcome.finding, claim.how, *(t for t in claim.tables)):
            assert squeeze(piece) in words, (claim.id, piece)
        module, name = claim.computed_by.split(".")
        code = inspect.getsource(getattr(import_module(f"tools.results.{module}"), name))
        assert squeeze(code) in words, claim.id
        assert claim.claim in index
        assert outcome.finding in index
    assert set(homes) == set(PAGES) - {"recommended.html", "folklore.html", "claims/index.html"}
    for verdict, count in Counter(o.verdict for o in found.values()).items():
        assert f"{count}{verdict}" in index.replace(f"{count} {verdict}", f"{count}{verdict}")


def test_the_code_behind_the_claims_is_whole(site: Site) -> None:
    for page in (COUPLING, SURVEY, GPT2, "algoperf.html"):
        shown = re.findall(
            r'<details class="function" id="code-(\w+)-(\w+)"><summary>.*?</summary>(<div class="highlight">.*?</div>)',
            site.pages[page].html,
            re.S,
        )
        assert len(shown) > 3, page
        for module, name, block in shown:
            value = getattr(import_module(f"tools.results.{module}"), name)
            written = inspect.isfunction(value) or is_dataclass(value)
            code = squeeze(inspect.getsource(value)) if written else name
            shown_code = squeeze(html.unescape(re.sub(r"<[^>]*>", "", block)))
            assert shown_code == code if written else re.match(rf"{code}(: [^=]+)? = ", shown_code), (page, name)
    needed = {"failures", "median_rule", "variance_shares", "correlations", "spread_per_backbone", "categories_by_backbone"}
    assert needed <= set(re.findall(r'id="code-bocb-(\w+)"', site.pages[COUPLING].html))
    assert set(survey.DEFINITIONS) | {"head_room", "gains"} <= set(re.findall(r'id="code-survey-(\w+)"', site.pages[SURVEY].html))


def test_folklore_says_what_was_measured_and_what_would_settle_it(site: Site) -> None:
    catalog, page = site.catalog, text(site, "folklore.html")
    assert catalog.folklore
    assert len(site.pages["folklore.html"].all("h2")) == len(catalog.folklore.statements) >= 8
    for s in catalog.folklore.statements:
        for piece in (f"“{s.claim}”", s.circulates, s.measured, s.missing, s.settles, s.trust, *(x.text for x in s.sources)):
            assert squeeze(piece) in page, (s.id, piece)
        assert s.id in site.pages["folklore.html"].ids
        for id_ in s.claims:
            assert f'#{id_}"' in site.pages["folklore.html"].html


# numbers that templates may say themselves, each with why
SAID = {
    "claim_coupling.md.j2": {"100": "CIFAR-100", "1": "Equation 1; rank 1", "0": "what a 0 means", "1.5": "whiskers"},
    "claim_survey.md.j2": {
        "2026": "year",
        "1": "top-1",
        "100": "epochs",
        "300": "epochs",
        "50": "ResNet-50",
        "82": "scale of the curves",
        "0": "scale",
    },
    "claim_gpt2.md.j2": {"2": "GPT-2", "0.1": "the bound that is tested above", "100": "CIFAR-100"},
    "claim_index.md.j2": {},
    "claim_macros.j2": {},
    "folklore.md.j2": {},
    "recommended.md.j2": {"0": "a value of 0"},
    "recommended_part.j2": {"0": "a value of 0"},
    "algoperf.md.j2": {
        "0": "none of the workloads",
        "1": "range of the score",
        "4": "range of the score",
        "100": "points of the trapezoids",
    },
}


def test_templates_say_no_number_that_a_program_computes() -> None:
    for name, said in SAID.items():
        source = (ROOT / "tools" / "site" / "templates" / name).read_text("utf-8")
        prose = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|\]\([^)]*\)|&\w+;", " ", source, flags=re.S)
        found = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", prose))
        assert found <= set(said), f"{name}: {found - set(said)}"


HOSTILE_CLAIM = ("claim", "where", "how", "note")
HOSTILE_STATEMENT = ("claim", "circulates", "measured", "missing", "settles", "trust")


def test_contributed_statements_never_become_markup(site: Site, tmp_path: Path) -> None:
    pages = {}
    claims, folklore = site.catalog.claims, site.catalog.folklore
    assert claims
    assert folklore
    for name, words in (("plain", PLAIN), ("hostile", HOSTILE)):
        changed = replace(
            part(site.catalog, "soap"),
            claims=claims.model_copy(
                update={"claims": tuple(c.model_copy(update=dict.fromkeys(HOSTILE_CLAIM, words)) for c in claims.claims)}
            ),
            folklore=folklore.model_copy(
                update={
                    "statements": tuple(
                        s.model_copy(
                            update=dict.fromkeys(HOSTILE_STATEMENT, words)
                            | {"sources": tuple(x.model_copy(update={"text": words}) for x in s.sources)}
                        )
                        for s in folklore.statements
                    )
                }
            ),
        )
        build(changed, tmp_path / name, scratch=tmp_path / "scratch")
        pages[name] = Site(tmp_path / name, site.catalog)
    shown = squeeze("".join(c if c.isprintable() else " " for c in HOSTILE))
    seen = 0
    for name in PAGES:
        page = pages["hostile"].pages[name]
        assert page.shape() == pages["plain"].pages[name].shape(), name
        seen += squeeze(page.content.text).count(shown)
        assert not [a for _, _, a in page.links if "evil" in a and not a.startswith("#")]
    assert seen > 100
    _, dead = dead_links(pages["hostile"].path, pages["hostile"].pages)
    assert not [d for d in dead if d.startswith(PAGES)]


# Drawings


def test_shades_deepen_with_the_distance() -> None:
    steps = (0.5, 1, 2)
    assert [shade(v, steps) for v in (-3, -1.5, -0.6, -0.4, 0, 0.4, 0.5, 2)] == ["neg3", "neg2", "neg1", "", "", "", "pos1", "pos3"]


def test_names_in_a_drawing_are_escaped_and_never_overlap() -> None:
    points = [(f"<b>{i}&", 1 + 0.01 * i, 2.0) for i in range(30)]
    drawn = str(scatter("x", "<t>", "d & e", points, ("a", "b"), ([0, 1, 2], [0, 2, 4])))
    assert "<b>" not in drawn
    assert "&lt;t&gt;" in drawn
    places = [(float(x), float(y)) for x, y in re.findall(r'<text class="name[^"]*" x="([\d.]+)" y="([\d.]+)">', drawn)]
    assert 0 < len(places) < len(points), "names without room are left out"
    assert len(places) == len(set(places))
    lines = str(steps_chart("y", "t", "d", [("<i>", [(1, 0), (4, 1)], [(2, 0.5)])]))
    assert "<i>" not in lines


# In a browser


@pytest.mark.browser
@pytest.mark.parametrize(
    ("view", "scheme"),
    [(DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light")],
    ids=["desktop-light", "phone-dark", "desktop-dark", "phone-light"],
)
def test_the_pages_in_a_browser(address: str, visit: Visit, view: dict[str, int], scheme: str) -> None:
    watched = visit(address, color_scheme=scheme, viewport=view, bypass_csp=True, reduced_motion="reduce")
    passes = 0
    for kind in (*PAGES, "methods/adamw.html"):
        watched.page.goto(address + kind)
        expect(watched.page.locator("h1")).to_have_count(1)
        wide = watched.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{kind}: {wide} px too wide"
        for details in watched.page.locator("section.claim details").all()[:2]:
            details.locator("summary").click()
            expect(details.locator("pre")).to_be_visible()
        # more of the same costs axe much time and teaches nothing
        watched.page.evaluate(
            """() => document.querySelectorAll(
                "table.shaded tbody tr:nth-child(n+9), details.function ~ details.function, section.claim ~ section.claim ~ section.claim"
            ).forEach((e) => e.remove())"""
        )
        passes += accessible(watched.page, kind)
    assert passes > 20 * len(PAGES)
    assert not watched.faults


@pytest.mark.browser
def test_the_strict_policy_lets_every_drawing_through(address: str, visit: Visit) -> None:
    watched = visit(address)
    drawings = 0
    for kind in PAGES:
        watched.page.goto(address + kind)
        for drawing in watched.page.locator("svg.chart, svg.row-chart, svg.spark").all():
            drawings += 1
            box = drawing.bounding_box()
            assert box, kind
            assert box["width"] > 60, kind
    assert drawings > 60
    assert not watched.faults
