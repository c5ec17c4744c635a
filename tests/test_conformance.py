"""The pages on conformance against the measurements as they lie there, counted and compared by other code."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from site_build import ROOT, Site, squeeze

from tools.catalog.ladder import Rung, rung
from tools.catalog.loader import load_catalog

pytestmark = pytest.mark.site
CATALOG, _ = load_catalog(ROOT)
MEASURED = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((ROOT / "catalog" / "measurements").glob("*.json"))}


def libraries(measured: dict[str, Any]) -> set[str]:
    """Packages whose steps are the method's."""
    return {p["object"].split(":")[0].split(".")[0] for p in measured["peers"] if p["verdict"] == "agrees"}


def cells(page: str) -> list[list[str]]:
    """The texts of a table's body, row by row; a cell that spans rows stands in the first."""
    body = re.search(r"<tbody>(.*?)</tbody>", page, re.S)
    assert body
    rows = re.split(r"<tr[^>]*>", body[1])[1:]
    return [[squeeze(html.unescape(re.sub(r"<[^>]+>", " ", c))) for c in re.split(r"<t[hd][^>]*>", row)[1:]] for row in rows]


def test_what_the_project_promises_holds() -> None:
    """Verified methods, methods with one and with two agreeing libraries, proven identities, rules that run a second time."""
    assert sum(rung(CATALOG, o) is Rung.VERIFIED for o in CATALOG.optimizers.values()) >= 80
    assert sum(len(libraries(m)) >= 1 for m in MEASURED.values()) >= 60
    assert sum(len(libraries(m)) >= 2 for m in MEASURED.values()) >= 35
    assert sum(bool(r["holds"]) for m in MEASURED.values() for r in m["reductions"]) >= 40
    assert sum(m["equations"]["verdict"] == "agrees" for m in MEASURED.values()) >= 75


def test_all_three_writings_were_compared() -> None:
    """Where the equations run and a library agrees with the code, the equations were compared with that library too."""
    compared = 0
    for id_, m in MEASURED.items():
        for p in m["peers"]:
            if p["verdict"] == "agrees" and m["equations"]["settings"] and not m["equations"].get("second_writing"):
                assert p["from_equations"] is not None, id_
                assert p["from_equations"] <= p["tolerance"] + m["equations"]["difference"], id_
                compared += 1
    assert compared >= 100


def test_the_matrix_shows_every_method_and_library(site: Site) -> None:
    page = site.pages["conformance.html"]
    heads = [squeeze(e.text) for e in page.all("th") if e.attributes.get("scope") == "col"]
    columns = [squeeze(e.text) for e in page.all("span", "package")]
    assert len(columns) >= 15
    rows = cells(page.html)
    assert len(rows) == len(MEASURED)
    shown = {row[0]: row[1:] for row in rows}
    for id_, m in MEASURED.items():
        row = shown[site.catalog.optimizers[id_].name]
        agreeing = {c for c, text in zip(columns, row, strict=True) if text.startswith("=")}
        assert agreeing == libraries(m), id_
        compared = {p["object"].split(":")[0].split(".")[0] for p in m["peers"]}
        assert {c for c, text in zip(columns, row, strict=True) if text} == compared, id_
        others = [text for text in row if text.startswith("≠")]
        assert page.html.count(f'href="#{id_}"') == len(others), "what differs is one click away"
        told = any(p.differs or p.reason for p in CATALOG.optimizers[id_].implementation.peers)
        assert page.html.count(f'id="{id_}"') == bool(told), id_
    for version in {p["version"] for m in MEASURED.values() for p in m["peers"]}:
        assert version in " ".join(heads)


def test_the_numbers_of_the_three_writings_are_the_measured_ones(site: Site) -> None:
    text = squeeze(" ".join(map(" ".join, cells(site.pages["writings.html"].html))))
    looked = 0
    for m in MEASURED.values():
        for p in m["peers"]:
            for number in (p["difference"], p["from_equations"]):
                if number is not None:
                    assert (f"{number:.1e}" if number else "0") in text
                    looked += 1
    assert looked >= 200


def test_the_data_are_the_measurements(site: Site) -> None:
    data = json.loads((site.path / "exports" / "conformance.json").read_text("utf-8"))
    assert data["methods"].keys() == MEASURED.keys()
    for id_, m in MEASURED.items():
        given = data["methods"][id_]
        assert [p["object"] for p in given["peers"]] == [p["object"] for p in m["peers"]]
        assert [p["version"] for p in given["peers"]] == [p["version"] for p in m["peers"]]
        assert given["code_against_equations"]["difference"] == m["equations"]["difference"]
    assert data["counts"]["one"] == sum(bool(libraries(m)) for m in MEASURED.values())


def test_measured_facts_stand_on_each_page_and_in_the_explorer(site: Site) -> None:
    table = {squeeze(row[1]): row for row in cells(site.pages["methods/index.html"].html)}
    for id_, m in MEASURED.items():
        text = squeeze(site.pages[f"methods/{id_}.html"].content.text)
        for key in ("memory", "temporary"):
            assert m[key], id_
            for number in m[key].values():
                assert f"{number:.3g} bytes a parameter" in text, (id_, key)
        for kind, word in m["tensors"].items():
            assert word != "fails", (id_, kind)
        row = table[site.catalog.optimizers[id_].name]
        assert f"{next(iter(m['memory'].values())):.3g}" in row
        assert f"{next(iter(m['temporary'].values())):.3g}" in row
        assert ", ".join(kind for kind, word in m["tensors"].items() if word == "refused") in row
