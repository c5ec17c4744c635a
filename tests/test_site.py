"""The built site, read as a visitor's browser would read it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
from pydantic import BaseModel
from site_build import ROOT, Page, Site, dead_links, fingerprint, part, squeeze

from tools.catalog.ladder import rung
from tools.catalog.loader import Catalog
from tools.catalog.schema import Disagreement, Hyperparameter, Optimizer, Peer, StateSlot
from tools.site import build as building
from tools.site.build import BuildError, build
from tools.site.finish import with_policy
from tools.site.maths import MathError, Maths

pytestmark = pytest.mark.site
METHOD_BYTES, METHOD_GZIP, CODE_GZIP, SEARCH_GZIP = 60_000, 15_000, 150_000, 300_000
LOST = "404.html"


def gzipped(*paths: Path) -> int:
    return sum(len(gzip.compress(p.read_bytes(), 9)) for p in paths)


def methods(site: Site) -> list[tuple[Optimizer, Page]]:
    found = [(o, site.pages[f"methods/{i}.html"]) for i, o in site.catalog.optimizers.items()]
    assert len(found) >= 40
    return found


def test_every_page_has_one_title_one_heading_and_its_own_description(site: Site) -> None:
    assert len(site.pages) >= len(site.catalog.optimizers) + 9
    for name, page in site.pages.items():
        assert len(page.all("h1")) == 1, name
        assert page.all("h1")[0].text.strip("¶ "), name
        assert page.all("head")[0].inner.count("title") == 1, name
        assert len(page.description) >= 20, name
        assert page.all("html")[0].attributes["lang"] == "en", name
    for what in (lambda p: p.all("title")[0].text, lambda p: p.description):
        twice = [text for text, count in Counter(map(what, site.pages.values())).items() if count > 1]
        assert not twice


def test_every_internal_link_and_anchor_resolves(site: Site) -> None:
    followed, dead = dead_links(site.path, site.pages)
    print(f"{followed} links followed on {len(site.pages)} pages")
    assert followed > 1000
    assert not dead, "\n".join(dead[:20])


@pytest.mark.parametrize("address", ["nosuch.html", "index.html#nosuch", "#nosuch", "../methods/nosuch.html"])
def test_the_link_checker_sees_a_planted_fault(site: Site, address: str) -> None:
    page = site.pages["papers.html"]
    planted = Page(page.path, page.html.replace("</h1>", f'</h1><a href="{address}">x</a>', 1))
    before, _ = dead_links(site.path, site.pages)
    after, dead = dead_links(site.path, {**site.pages, "papers.html": planted})
    assert after == before + 1
    assert len(dead) == 1
    assert address in dead[0]


def test_ids_are_unique_and_the_skip_link_leads_to_the_content(site: Site) -> None:
    for name, page in site.pages.items():
        twice = [i for i, count in Counter(page.ids).items() if count > 1]
        assert not twice, f"{name}: {twice}"
        if name != LOST:
            skip = page.all("a", "md-skip")
            assert len(skip) == 1, name
            assert skip[0].attributes["href"] == "#" + page.all("h1")[0].attributes["id"], name


def test_nothing_is_left_of_marks_templates_and_missing_values(site: Site) -> None:
    for name, page in site.pages.items():
        for mark in ("\u27e6", "\u27e7", "{{ ", " }}", "{%", "{#", "[object", "Markup("):
            assert mark not in page.html, f"{name}: {mark}"
        for e in page.elements:
            assert e.tag == "code" or e.has("kc") or e.text.strip() not in ("None", "nan", "NaN", "Undefined", "undefined"), f"{name}: {e}"
            assert not [v for v in e.attributes.values() if re.search(r"(^|[/=#-])(None|undefined|nan)($|[.&#])", v)], f"{name}: {e}"


def test_every_equation_stands_on_its_page_as_mathml(site: Site) -> None:
    total = 0
    for o, page in methods(site):
        rows = page.all("div", "equation")
        assert [e.attributes["id"] for e in rows] == [
            "eq-" + e.id.replace(".", "-") for step in site.catalog.taxonomy.steps for e in o.equations if e.step == step.id
        ], o.id
        assert all(e.inner.count("math") == 1 for e in rows), o.id
        shown = [m for m in page.all("math") if "data-latex" in m.attributes]
        assert len(shown) == len(o.equations), o.id
        assert all(m.attributes["data-latex"] and m.attributes["display"] == "block" and m.text.strip() for m in shown), o.id
        total += len(shown)
    assert total == sum(len(o.equations) for o in site.catalog.optimizers.values()) > 150


def test_every_hyperparameter_state_slot_and_source_stands_on_its_page(site: Site) -> None:
    total = 0
    for o, page in methods(site):
        heads = [e.text for e in page.all("th") if e.attributes.get("scope") == "row"]
        for h in o.hyperparameters:
            assert h.name in heads, f"{o.id}: {h.name}"
            assert squeeze(h.meaning) in squeeze(page.content.text), f"{o.id}: {h.name}"
            total += 1
        assert all(s.name in heads for s in o.state), o.id
        assert squeeze(o.summary) in squeeze(page.content.text)
        addresses = {value for _, _, value in page.links}
        assert not o.code or o.code in addresses
        assert {f"{e.id}.html" for e in o.builds_on} <= addresses, o.id
    assert total > 100


def test_code_stands_beside_the_equations_of_implemented_methods(site: Site) -> None:
    rows = 0
    for o, page in methods(site):
        cells = page.all("div", "code")
        assert len(cells) == (len(o.equations) if o.implementation else 0), o.id
        rows += sum("pre" in c.inner for c in cells)
    assert rows > 20


def test_each_implemented_method_says_whether_it_can_be_compiled(site: Site) -> None:
    refusals = 0
    for o, page in methods(site):
        if o.implementation:
            text = squeeze(page.content.text)
            assert (squeeze("torch.compile fuses its steps") in text) == (not o.implementation.refuses), o.id
            for refusal in o.implementation.refuses:
                assert squeeze(f"{refusal.way}=True is refused. {refusal.reason}") in text, o.id
                refusals += 1
    assert refusals > 0


def test_the_explorer_is_a_plain_table_of_all_methods(site: Site) -> None:
    page = site.pages["methods/index.html"]
    rows = [e for e in page.all("tr") if "data-id" in e.attributes]
    assert {e.attributes["data-id"] for e in rows} == set(site.catalog.optimizers)
    assert not any("hidden" in e.attributes for e in rows)
    for row in rows:
        o = site.catalog.optimizers[row.attributes["data-id"]]
        assert o.name in row.text
        assert str(site.catalog.papers[o.papers.introduced_in].year) in row.text
        assert rung(site.catalog, o).word in row.text
    assert "hidden" in next(e for e in page.elements if e.attributes.get("id") == "filters").attributes


def test_the_roadmap_has_each_method_and_each_edge(site: Site) -> None:
    page = site.pages["roadmap.html"]
    boxes = {e.attributes["data-id"]: e.attributes["href"] for e in page.all("a", "box")}
    assert boxes == {i: f"methods/{i}.html" for i in site.catalog.optimizers}
    drawn = sorted((e.attributes["data-from"], e.attributes["data-to"]) for e in page.all("path") if "data-from" in e.attributes)
    assert drawn == sorted((edge.id, o.id) for o in site.catalog.optimizers.values() for edge in o.builds_on)
    assert len(drawn) > 30
    assert {e.text for e in page.all("li")} & {o.name for o in site.catalog.optimizers.values() if not o.builds_on}


def test_papers_and_taxonomy_name_everything(site: Site) -> None:
    page = site.pages["papers.html"]
    assert set(site.catalog.papers) <= set(page.ids)
    text = squeeze(page.content.text)
    for paper in site.catalog.papers.values():
        assert squeeze(paper.title) in text, paper.key
    words = squeeze(site.pages["taxonomy.html"].content.text)
    taxonomy = site.catalog.taxonomy
    for word in (*taxonomy.orders, *taxonomy.scenarios, *taxonomy.families, *taxonomy.categories, *taxonomy.kinds, *taxonomy.steps):
        assert squeeze(word.definition) in words, word.id
    listed = Counter(value for _, _, value in site.pages["taxonomy.html"].links)
    for o in site.catalog.optimizers.values():
        assert listed[f"methods/{o.id}.html"] >= 1 + len(o.families), o.id


def test_exports_are_on_the_site_and_can_be_read(site: Site) -> None:
    folder = site.path / "exports"
    papers, optimizers = site.catalog.papers, site.catalog.optimizers
    for name in ("optimizers.bib", "optimizers-biblatex.bib"):
        library = bibtexparser.parse_string((folder / name).read_text("utf-8"))
        assert not library.failed_blocks, name
        assert {e.key for e in library.entries} == set(papers), name
    assert len(json.loads((folder / "optimizers.csl.json").read_text("utf-8"))) == len(papers)
    assert (folder / "optimizers.ris").read_text("utf-8").count("\nER  -") == len(papers)
    assert len(json.loads((folder / "methods.json").read_text("utf-8"))["optimizers"]) == len(optimizers)
    rows = list(csv.reader(io.StringIO((folder / "methods.csv").read_text("utf-8-sig"), newline="")))
    assert len(rows) == len(optimizers) + 1
    assert len({len(r) for r in rows}) == 1
    for name in optimizers:
        assert json.loads((folder / "methods" / f"{name}.json").read_text("utf-8"))["optimizers"][0]["id"] == name
    schemas = [json.loads(p.read_text("utf-8")) for p in (site.path / "schema").glob("*.json")]
    assert len(schemas) >= 4
    listed = {value for _, _, value in site.pages["cite.html"].links}
    assert {f"exports/{p.name}" for p in folder.iterdir() if p.is_file()} <= listed


def test_each_page_offers_its_citation(site: Site) -> None:
    for o, page in methods(site):
        text = next(e.text for e in page.elements if e.attributes.get("id") == "citation")
        entries = bibtexparser.parse_string(text).entries
        assert [e.key for e in entries] == [o.papers.introduced_in]
        assert [e.attributes["data-copy"] for e in page.all("button") if "data-copy" in e.attributes] == ["citation"]


def test_the_data_scripts_hold_all_records(site: Site) -> None:
    found = json_of(site.path / "assets" / "search.js", "atlasSearch")
    assert {f"methods/{i}.html" for i in site.catalog.optimizers} <= {r["id"] for r in found}
    assert len({r["id"] for r in found}) == len(found)
    cited = json_of(site.path / "assets" / "citations.js", "atlasCitations")
    assert set(cited["papers"]) == set(site.catalog.papers)
    assert set(cited["methods"]) == set(site.catalog.optimizers)


def json_of(path: Path, name: str) -> Any:
    text = path.read_text("utf-8")
    start = f"window.{name} = "
    assert text.startswith(start)
    assert "<" not in text
    return json.loads(text[len(start) :].rstrip().removesuffix(";"))


# Budgets


def test_pages_and_assets_keep_their_budgets(site: Site) -> None:
    for o, _ in methods(site):
        path = site.path / "methods" / f"{o.id}.html"
        assert path.stat().st_size <= METHOD_BYTES, f"{o.id}: {path.stat().st_size} bytes"
        assert gzipped(path) <= METHOD_GZIP, f"{o.id}: {gzipped(path)} bytes gzipped"
    for name, page in site.pages.items():
        code = {a for tag, _, a in page.links if tag == "script" or (tag == "link" and a.endswith(".css"))}
        files = [(site.path / name).parent / a for a in code]
        assert name == LOST or len(files) >= 4, name
        # what scripts fetch when they are needed counts as well, but not the records of search and citations
        assert gzipped(*files, site.path / "assets/minisearch.js") <= CODE_GZIP, name
    assert gzipped(site.path / "assets" / "search.js") <= SEARCH_GZIP


def test_no_file_of_the_site_goes_unused(site: Site) -> None:
    names = {p.relative_to(site.path).as_posix() for p in site.path.rglob("*") if p.is_file()}
    assert not [n for n in names if n.endswith((".map", ".gz")) or "lunr" in n or "/workers/" in n]
    assert not [n for n in names if Path(n).name.startswith(".")]


# Security


def test_a_strict_policy_holds_on_every_page(site: Site) -> None:
    for name, page in site.pages.items():
        policy = dict(part.strip().split(" ", 1) for part in page.policy.split(";"))
        assert policy["default-src"] == "'none'", name
        assert policy["base-uri"] == policy["form-action"] == "'none'", name
        for kind in ("script-src", "style-src"):
            assert all(word == "'self'" or word.startswith("'sha256-") for word in policy[kind].split()), name
        assert not [word for word in page.policy.split() if word.startswith(("http", "*", "'unsafe"))], name
        before = page.html.split("Content-Security-Policy")[0]
        assert "<script" not in before, name
        assert "<link" not in before, name
        for e in page.elements:
            assert "style" not in e.attributes, f"{name}: {e.tag}"
            assert not [a for a in e.attributes if a.startswith("on")], f"{name}: {e.tag}"
            assert e.tag not in ("iframe", "object", "embed", "base", "img", "foreignobject"), f"{name}: {e.tag}"
            if e.tag == "form":
                assert "action" not in e.attributes, name
    with pytest.raises(ValueError, match="charset"):
        with_policy("<html></html>")


def test_no_page_asks_another_host_for_anything(site: Site) -> None:
    outside = 0
    for name, page in site.pages.items():
        for tag, attribute, address in page.links:
            if re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", address) and address != "data:,":
                assert (tag, attribute) == ("a", "href"), f"{name}: <{tag} {attribute}={address}>"
                assert address.startswith("https://"), f"{name}: {address}"
                outside += 1
        assert "http://" not in re.sub("http://(www.w3.org/|localhost|127.0.0.1)", "", page.html), name
    assert outside > 200
    checked = 0
    for path in [p for p in site.path.rglob("*") if p.suffix in (".css", ".js", ".svg")]:
        text = path.read_text("utf-8")
        assert "sourceMappingURL" not in text, path.name
        if path.suffix == ".css":
            addresses = re.findall(r"url\(\s*[\"']?([^\"')]+)", text)
            for address in addresses:
                checked += 1
                assert address.startswith(("data:", "#")) or (path.parent / address).is_file(), f"{path.name}: {address}"
            assert "@import" not in text, path.name
        elif path.name not in ("search.js", "citations.js"):  # data, whose addresses are only shown
            text = re.sub(r"/\*.*?\*/|^\s*(?://|\*).*?$", "", text, flags=re.S | re.M)
            named = set(re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}(?=[/\"'`?)])", text)) - {"http://www.w3.org"}
            if path.name.startswith("bundle."):
                # the theme can count a repository's stars and load a drawing library; the pages ask for neither
                named -= {"https://api.github.com", "https://unpkg.com"}
            assert not named, path.name
    assert checked


HOSTILE = "\n".join(
    (
        "Zq <script>alert(1)</script><img src=x onerror=alert(1)>",
        "](javascript:alert(1)) [a](javascript:alert(1)) ![b](https://evil.example/b.png) <https://evil.example>",
        "{{ 7*7 }} {% raw %} {# c #} ${x} &amp; &lt;b&gt; &#60;i&#62; \" ' ` `` <!-- c --> ]]> \\<u\\> \\\\",
        "$x$ $$y$$ \\(z\\) *a* __b__ ~~c~~ ==d== ^e^ {: .evil #evil onclick=alert(1) } [TOC] :smile: | a | b |",
        '" onmouseover="alert(1)" x="',
        "---",
        "title: evil",
        "---",
        "",
        "# Evil",
        "",
        "```python",
        "~~~",
        "    indented",
        "",
        "</p></div></article></title></pre></svg></math><h1>Evil</h1>",
        "!!! note",
        "- item",
        "1. item",
        "> quote",
        "*[evil]: abbreviation",
        "[^1]: footnote",
        "[evil]: https://evil.example",
        "\u27e6math:0\u27e7 \u27e60123456789abcdef:0\u27e7 \u202eevil\u202c \u2028 \x07 end",
    )
)
PLAIN = "Zq plain words"
TEXTS = {"summary", "text", "meaning", "where", "note", "change", "setting", "value", "what", "paper", "version", "rest", "title"}
TEXTS |= {"definition", "range", "short", "publisher", "volume", "number", "pages", "aliases", "not_executable"}
TEXTS |= {"literal", "given", "family", "source", "reason"}
NAMES = (Hyperparameter, StateSlot, Peer)  # whose names are identifiers that equations use


def with_text(record: Any, text: str) -> Any:
    """The record with `text` in every field that is not an identifier, an address, a number or mathematics."""
    if isinstance(record, BaseModel):
        changed = {}
        for name, value in record:
            words = isinstance(value, str) and type(value) is str and not value.startswith("https://")
            mine = name in TEXTS or (name == "name" and not isinstance(record, NAMES))
            mine = mine or (name == "code" and isinstance(record, Disagreement))
            if words and mine and not (name == "family" and not hasattr(record, "given")):
                changed[name] = text
            elif name == "aliases" and value and isinstance(record, Optimizer):
                changed[name] = (text,)
            elif name == "authors":
                changed[name] = tuple(text if isinstance(a, str) else with_text(a, text) for a in value)
            elif isinstance(value, BaseModel | tuple):
                changed[name] = with_text(value, text)
        return record.model_copy(update=changed)
    if isinstance(record, tuple):
        return tuple(with_text(item, text) for item in record)
    return record


def filled(catalog: Catalog, text: str) -> Catalog:
    small = part(catalog, "soap", "adafactor")
    return Catalog(
        small.root,
        {i: with_text(o, text) for i, o in small.optimizers.items()},
        {k: with_text(p, text) for k, p in small.papers.items()},
        with_text(small.taxonomy, text),
        with_text(small.errata, text),
    )


def test_contributed_text_never_becomes_markup(site: Site, tmp_path: Path) -> None:
    shapes = {}
    for name, text in (("plain", PLAIN), ("hostile", HOSTILE)):
        build(filled(site.catalog, text), tmp_path / name, scratch=tmp_path / "scratch")
        shapes[name] = Site(tmp_path / name, site.catalog)
    hostile, plain = shapes["hostile"], shapes["plain"]
    assert set(hostile.pages) == set(plain.pages)
    shown = squeeze("".join(c if c.isprintable() else " " for c in HOSTILE))
    seen = 0
    for name, page in hostile.pages.items():
        assert page.shape() == plain.pages[name].shape(), (name, page.shape() - plain.pages[name].shape())
        evil = [a for _, _, a in page.links if "evil" in a.replace("%20", "")]
        assert not [a for a in evil if not a.startswith(("https://www.connectedpapers.com/search?q=Zq", "#"))]
        seen += squeeze(page.content.text).count(shown)
        if name != LOST and "Zq" in page.all("h1")[0].text:
            assert shown in squeeze(page.all("h1")[0].text), name
            assert shown in squeeze(page.all("title")[0].text), name
        if "Zq" in page.description:
            assert shown in squeeze(page.description), name
    assert seen > 300
    _, dead = dead_links(hostile.path, hostile.pages)
    assert not dead
    json_of(hostile.path / "assets" / "search.js", "atlasSearch")
    json_of(hostile.path / "assets" / "citations.js", "atlasCitations")
    json.loads((hostile.path / "exports" / "methods.json").read_text("utf-8"))


def test_an_address_that_is_not_https_stops_the_build(site: Site, tmp_path: Path) -> None:
    small = part(site.catalog)
    small.optimizers["adam"] = small.optimizers["adam"].model_copy(update={"code": "javascript:alert(1)"})
    with pytest.raises(ValueError, match="no https address"):
        build(small, tmp_path / "site", scratch=tmp_path / "scratch")
    assert not (tmp_path / "site").exists()


def test_mathematics_may_hold_nothing_but_mathematics() -> None:
    hostile = (r"\href{javascript:alert(1)}{x}", r"\text{<script>alert(1)</script>}", r"\class{a}{x}", r'\text{" onclick="}')
    for latex in (*hostile, r"\mathrm{<img src=x>}"):
        maths = Maths()
        mark = maths(latex, True)
        maths.start()
        try:
            maths.finish()
        except MathError:
            continue
        page = Page("x", maths.fill(f"<p>{mark}</p>"))
        assert {e.tag for e in page.elements} <= {"p", "math", "mrow", "mi", "mo", "mn", "mtext", "mspace"}, latex
        assert not [a for e in page.elements for a in e.attributes if a.startswith("on") or a in ("href", "src", "style")], latex


def test_a_formula_that_cannot_be_set_is_named() -> None:
    maths = Maths()
    maths(r"\frac{a", True)
    maths.start()
    with pytest.raises(MathError, match="frac"):
        maths.finish()


# Building


@pytest.fixture
def small(site: Site, tmp_path: Path) -> tuple[Catalog, Path, Path]:
    """A part of the catalog, a built site of it, and a folder for what lies between."""
    catalog, target, scratch = part(site.catalog), tmp_path / "site", tmp_path / "scratch"
    build(catalog, target, scratch=scratch)
    return catalog, target, scratch


def leftovers(*folders: Path) -> list[Path]:
    return [p for folder in folders for p in folder.glob(".*")]


def test_the_same_catalog_gives_the_same_bytes(small: tuple[Catalog, Path, Path]) -> None:
    catalog, target, scratch = small
    before = fingerprint(target)
    build(catalog, target, scratch=scratch)
    assert fingerprint(target) == before
    assert not leftovers(target.parent, scratch)


@pytest.mark.parametrize("phase", ["write_docs", "render", "finish"])
@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt])
def test_a_build_that_breaks_off_leaves_the_old_site(
    small: tuple[Catalog, Path, Path], monkeypatch: pytest.MonkeyPatch, phase: str, fault: type[BaseException]
) -> None:
    catalog, target, scratch = small
    before = fingerprint(target)
    real = getattr(building, phase)

    def broken(*given: Any) -> None:
        real(*given)
        raise fault("stop")

    monkeypatch.setattr(building, phase, broken)
    with pytest.raises(fault, match="stop"):
        build(catalog, target, scratch=scratch)
    assert fingerprint(target) == before
    assert not leftovers(target.parent, scratch)


def test_a_fault_that_mkdocs_finds_ends_the_build(small: tuple[Catalog, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, target, scratch = small
    before = fingerprint(target)
    real = building.write_docs

    def with_dead_link(catalog: Catalog, docs: Path, repository: str) -> int:
        count = real(catalog, docs, repository)
        (docs / "papers.md").write_text("# Papers\n\n[gone](nosuch.md)\n", "utf-8")
        return count

    monkeypatch.setattr(building, "write_docs", with_dead_link)
    with pytest.raises(BuildError, match=r"nosuch\.md"):
        build(catalog, target, scratch=scratch)
    assert fingerprint(target) == before


def test_where_folders_cannot_be_swapped_they_are_moved(small: tuple[Catalog, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    catalog, target, scratch = small
    before = fingerprint(target)
    (target / "old.txt").write_text("old")
    monkeypatch.setattr(building, "exchange", lambda one, other: False)
    build(catalog, target, scratch=scratch)
    assert fingerprint(target) == before
    assert not leftovers(target.parent, scratch)


SLOW_BUILD = """
import sys, time
from pathlib import Path
sys.path[:0] = [{root!r}, {tests!r}]
from site_build import ROOT, part
from tools.catalog.loader import load_catalog
from tools.site import build as building
real = building.finish
def slow(*given):
    count = real(*given)
    print("written", flush=True)
    time.sleep(600)
    return count
building.finish = slow
building.build(part(load_catalog(ROOT)[0]), Path({site!r}), scratch=Path({scratch!r}))
"""


def test_a_killed_build_leaves_the_old_site_and_the_next_one_sweeps_up(small: tuple[Catalog, Path, Path]) -> None:
    catalog, target, scratch = small
    before = fingerprint(target)
    program = SLOW_BUILD.format(root=str(ROOT), tests=str(ROOT / "tests"), site=str(target), scratch=str(scratch))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert fingerprint(target) == before
    assert leftovers(target.parent)
    build(catalog, target, scratch=scratch)
    assert fingerprint(target) == before
    assert not leftovers(target.parent, scratch)


def test_the_repository_and_the_address_come_from_outside(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATLAS_SITE_URL", "https://someone.example/atlas/")
    monkeypatch.setenv("ATLAS_REPOSITORY", "https://forge.example/someone/atlas/")
    build(part(site.catalog), tmp_path / "site", scratch=tmp_path / "scratch")
    built = Site(tmp_path / "site", site.catalog)
    addresses = {a for _, _, a in built.pages["methods/adam.html"].links}
    assert "https://forge.example/someone/atlas/edit/main/catalog/optimizers/adam.yaml" in addresses
    wanted = {"/atlas/index.html", "/atlas/papers.html", "/atlas/methods/index.html"}
    assert {a for tag, _, a in built.pages[LOST].links if tag == "a"} == wanted
    sitemap = (tmp_path / "site" / "sitemap.xml").read_text("utf-8")
    assert "https://someone.example/atlas/methods/adam.html" in sitemap
    assert "lastmod" not in sitemap


def test_hand_written_pages_show_their_formulas(site: Site) -> None:
    source = (ROOT / "docs" / "algorithm.md").read_text("utf-8")
    wanted = source.count("$$") // 2
    page = site.pages["algorithm.html"]
    assert wanted >= 4
    assert len([m for m in page.all("math") if m.attributes.get("display") == "block"]) == wanted
    assert "$" not in page.content.text


def test_the_list_of_leftovers_is_not_blind(tmp_path: Path) -> None:
    (tmp_path / f".atlas-{os.getpid()}-living").mkdir()
    (tmp_path / ".atlas-999999999-dead").mkdir()
    (tmp_path / ".atlas-odd").mkdir()
    building.sweep(tmp_path)
    assert {p.name for p in leftovers(tmp_path)} == {f".atlas-{os.getpid()}-living", ".atlas-odd"}


def test_every_schema_that_a_file_names_is_written() -> None:
    named = {
        path.read_text("utf-8").partition("\n")[0].rpartition("/")[2]
        for path in sorted((ROOT / "catalog").rglob("*.yaml"))
    }
    assert {"optimizer.json", "paper.json"} <= named <= building.schema_files().keys()
