"""The ledger: every report is carried over, every example shows today what its record says, and the pages say the same."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from playwright.sync_api import expect
from site_browser import DESKTOP, PHONE, Visit, accessible
from site_build import ROOT, Site, part, squeeze

from tools.catalog.discrepancies import PROBES, SHOWN, STATUSES, TOPICS, Discrepancy, contradiction, example_path, measured
from tools.catalog.loader import load_catalog
from tools.measure.ledger import ExampleError, load_example, measure_example, run_example, version
from tools.site.build import build
from tools.site.ledger_pages import size, thread

REPORTS = 136  # collected from public threads, numbered from 1
CATALOG, _ = load_catalog(ROOT)
LEDGER = CATALOG.discrepancies
RUN = [d for d in LEDGER.values() if d.reproduction.package]
STANDARD = {"contextlib", "copy", "inspect", "io", "itertools", "math", "os", "types", "warnings"}
each = pytest.mark.parametrize("d", [pytest.param(d, id=d.id) for d in RUN])
assert RUN, "no example"


# What the records say


def test_every_report_is_carried_over_once():
    assert sorted(d.report for d in LEDGER.values() if d.report is not None) == list(range(1, REPORTS + 1))


def test_our_own_findings_are_there():
    own = [d for d in LEDGER.values() if d.origin == "atlas"]
    assert len(own) >= 15
    assert all(d.reproduction.package for d in own)


def test_every_word_of_the_vocabularies_is_used():
    assert {d.reproduction.status for d in LEDGER.values()} == STATUSES.keys()
    assert {d.topic for d in LEDGER.values()} == set(TOPICS)
    assert {t for d in LEDGER.values() for t in d.tests} <= PROBES.keys()


def test_what_cannot_be_run_says_why():
    silent = [d for d in LEDGER.values() if not d.reproduction.package]
    assert silent
    assert all(len(d.reproduction.reason or "") > 15 for d in silent)


def test_packages_are_those_of_the_tests():
    frozen = {re.sub("[-_.]+", "-", x.partition("==")[0]).lower() for x in (ROOT / "constraints.txt").read_text().splitlines()}
    assert {d.reproduction.package for d in RUN} <= frozen


# The examples


@each
def test_an_example_shows_what_its_record_says(d: Discrepancy):
    """Run on what is installed: the status, and the effect that was measured."""
    seen = measured(ROOT, d)
    assert seen is not None
    assert version(str(d.reproduction.package)) == seen["version"], f"measured with another version: atlas measure --ledger {d.id}"
    effect = run_example(example_path(ROOT, d.id))
    assert contradiction(d, effect) is None
    if d.reproduction.status in SHOWN:
        assert effect == pytest.approx(seen["effect"], rel=1e-3)


@cache
def distributions() -> dict[str, set[str]]:
    """The packages that each importable name comes from."""
    return {top: {re.sub("[-_.]+", "-", o).lower() for o in names} for top, names in metadata.packages_distributions().items()}


@each
def test_an_example_stands_on_its_own(d: Discrepancy):
    tree = ast.parse(example_path(ROOT, d.id).read_text("utf-8"))
    docstring = ast.get_docstring(tree, clean=False)
    assert docstring
    assert docstring.endswith(".")
    modules = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    modules |= {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
    tops = {m.partition(".")[0] for m in modules}
    owners = distributions()
    rest = tops - STANDARD - {"numpy", "torch", "jax", "reference_impls"}
    known = {str(x.reproduction.package) for x in RUN}
    assert all(owners.get(top, set()) & known for top in rest), f"imports {rest}"
    assert d.reproduction.package in {o for top in tops for o in owners.get(top, ())}, "it never imports the package"


def test_examples_are_different_programs():
    texts = [ast.dump(ast.parse(example_path(ROOT, d.id).read_text("utf-8"))) for d in RUN]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return float('nan')", "finite"),
        ("return -1.0", "not negative"),
        ("return 1 / 0", "ZeroDivisionError"),
        ("return next(count)", "the same each time"),
    ],
)
def test_an_example_that_gives_no_effect_is_refused(tmp_path: Path, body: str, message: str):
    path = tmp_path / "toy.py"
    path.write_text(f'"""Toy."""\n\nimport itertools\n\ncount = itertools.count()\n\n\ndef effect() -> float:\n    {body}\n')
    with pytest.raises(ExampleError, match=message):
        run_example(path)


def test_an_example_that_does_not_load_is_refused(tmp_path: Path):
    path = tmp_path / "toy.py"
    path.write_text('"""Toy."""\n\nimport no_such_package\n')
    with pytest.raises(ExampleError, match="ModuleNotFoundError"):
        load_example(path)


def test_a_missing_package_is_named(tmp_path: Path):
    record = RUN[0].model_copy(update={"reproduction": RUN[0].reproduction.model_copy(update={"package": "no-such-package"})})
    with pytest.raises(ExampleError, match="no-such-package is not installed"):
        measure_example(ROOT, record)


def test_a_measurement_is_that_of_its_example():
    record = next(d for d in RUN if d.reproduction.package == "torch")
    fresh, stored = measure_example(ROOT, record), measured(ROOT, record)
    assert stored is not None
    assert {k: fresh[k] for k in ("id", "package", "example_hash")} == {k: stored[k] for k in ("id", "package", "example_hash")}


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_and_an_effect_agree_on_one_side_of_the_limit_only(status: str):
    record = RUN[0].model_copy(update={"reproduction": RUN[0].reproduction.model_copy(update={"status": status, "above": 0.5})})
    assert (contradiction(record, 0.5) is None) != (contradiction(record, 0.6) is None)
    assert (contradiction(record, 0.6) is None) == (status in SHOWN)


# The pages


@pytest.mark.site
def test_the_page_has_every_row(site: Site):
    page = site.pages["discrepancies.html"]
    rows = {e.attributes["id"]: e for e in page.all("tr") if "data-status" in e.attributes}
    assert rows.keys() == site.catalog.discrepancies.keys()
    links = {value for _, _, value in page.links}
    for id_, d in site.catalog.discrepancies.items():
        text, row = squeeze(rows[id_].text), rows[id_]
        assert squeeze(d.differs) in text
        assert squeeze(d.outcome) in text
        assert row.attributes["data-status"] == d.reproduction.status
        assert row.attributes["data-library"].split("|") == [x.name for x in d.libraries]
        assert set(d.sources) <= links
        if d.reproduction.package:
            seen = measured(ROOT, d)
            assert seen is not None
            assert text.endswith(f"{size(seen['effect'])}{seen['package']} {seen['version']}")
            assert squeeze(example_path(ROOT, id_).read_text("utf-8")) in text
        else:
            assert squeeze(str(d.reproduction.reason)) in text


@pytest.mark.site
def test_a_method_shows_its_own_rows(site: Site):
    shown = 0
    for id_ in site.catalog.optimizers:
        page = site.pages[f"methods/{id_}.html"]
        prefix = "../discrepancies.html#"
        linked = [value.removeprefix(prefix) for _, _, value in page.links if value.startswith(prefix)]
        assert sorted(linked) == sorted(d.id for d in site.catalog.discrepancies.values() if id_ in d.optimizers)
        assert ("known-differences" in page.ids) == bool(linked)
        shown += len(linked)
    assert shown > REPORTS / 2


@pytest.mark.site
def test_the_feed_is_the_records(site: Site):
    text = (site.path / "exports" / "discrepancies.json").read_text("utf-8")
    assert "<" not in text
    feed = json.loads(text)
    assert [d["id"] for d in feed["discrepancies"]] == sorted(site.catalog.discrepancies)
    assert feed["statuses"] == STATUSES
    for data in feed["discrepancies"]:
        record = site.catalog.discrepancies[data["id"]]
        assert data.items() >= record.model_dump(mode="json").items()
        assert data["page"].partition("#")[2] in site.pages["discrepancies.html"].ids
        if record.reproduction.package:
            seen = measured(ROOT, record)
            assert seen is not None
            assert data["measured"].items() <= seen.items()
            assert data["example"] == example_path(ROOT, record.id).read_text("utf-8")
        else:
            assert data["measured"] is data["example"] is None


@pytest.mark.site
def test_texts_are_escaped(site: Site, tmp_path: Path):
    """A record full of marks builds a page with the same elements as an ordinary one."""
    hostile = '</td><script>alert("x")</script> & `code` *stars* [link](https://evil.example) {{ x }} | # {: .c }'

    def built(text: str, name: str) -> tuple[Counter, Counter]:
        reported = next(d for d in LEDGER.values() if not d.reproduction.package)
        record = reported.model_copy(
            update={
                "differs": text,
                "outcome": text,
                "optimizers": ("adam",),
                "methods_outside": (text[:80],),
                "libraries": (reported.libraries[0].model_copy(update={"name": text[:80], "versions": text}),),
                "reproduction": reported.reproduction.model_copy(update={"reason": text}),
            }
        )
        catalog = replace(part(site.catalog), discrepancies={record.id: record})
        build(catalog, tmp_path / name, scratch=tmp_path / f"{name}-scratch")
        seen = Site(tmp_path / name, catalog).pages
        assert squeeze(text) in squeeze(seen["discrepancies.html"].content.text)
        assert squeeze(text) in squeeze(seen["methods/adam.html"].content.text)
        return seen["discrepancies.html"].shape(), seen["methods/adam.html"].shape()

    assert built(hostile, "hostile") == built("Plain words.", "plain")


@pytest.mark.site
@pytest.mark.browser
def test_rows_are_filtered_and_sorted_and_a_link_finds_its_row(site: Site, address: str, visit: Visit):
    ledger = site.catalog.discrepancies
    page = visit(f"{address}discrepancies.html").page
    rows = page.locator("#ledger-table tbody tr:not([hidden])")
    page.locator("#ledger-filters select[name=library]").select_option("optax")
    wanted = {d.id for d in ledger.values() if "optax" in {x.name for x in d.libraries}}
    assert 1 < len(wanted) < len(ledger)
    assert {row.get_attribute("id") for row in rows.all()} == wanted
    expect(page.locator("#ledger-shown")).to_have_text(f"{len(wanted)} of {len(ledger)} differences")
    page.locator("#ledger-table th[data-key=effect] button").click()
    effects = [x.get_attribute("data-sort") or "" for x in page.locator("#ledger-table tbody tr:not([hidden]) td:last-child").all()]
    numbers = [float(e) for e in effects if e]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 1
    assert not any(effects[len(numbers) :]), "rows that were not run come last"
    page.reload()
    assert {row.get_attribute("id") for row in rows.all()} == wanted
    hidden = next(i for i in ledger if i not in wanted)
    page.goto(f"{address}discrepancies.html?library=optax#{hidden}")
    expect(page.locator(f"#{hidden}")).to_be_in_viewport()


@pytest.mark.site
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(address: str, visit: Visit, scheme: str):
    page = visit(address, color_scheme=scheme, viewport=PHONE if scheme == "dark" else DESKTOP, bypass_csp=True).page
    page.goto(f"{address}discrepancies.html")
    page.evaluate("document.querySelectorAll('#ledger-table tbody tr:nth-child(n+16)').forEach(r => r.remove())")  # more of the same
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert accessible(page, "discrepancies") > 15


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/google-deepmind/optax/issues/532", "optax#532"),
        ("https://github.com/google-deepmind/optax/pull/595", "optax#595"),
        ("https://github.com/google-deepmind/optax/blob/main/README.md", "github.com"),
        ("https://www.example.org/x", "example.org"),
    ],
)
def test_threads_have_short_names(url: str, name: str):
    assert thread(url) == name


@pytest.mark.parametrize(("effect", "text"), [(0.0, "0"), (1.4490681, "1.4"), (2.2e-07, "2.2e-7"), (0.0091, "0.0091"), (3.2e12, "3.2e12")])
def test_effects_are_printed_shortly(effect: float, text: str):
    assert size(effect) == text
