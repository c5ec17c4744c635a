"""The built site in headless Chromium: search, explorer, copying, keyboard, accessibility, and everything without scripts.

The browser and its fixtures stand in site_browser.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import bibtexparser
import pytest
from playwright.sync_api import Page, expect
from site_browser import DESKTOP, PHONE, SMALL, TABLET, Visit, accessible
from site_build import Site

pytestmark = pytest.mark.browser
KINDS = (
    "index.html",
    "methods/index.html",
    "methods/adam.html",
    "methods/soap.html",
    "roadmap.html",
    "papers.html",
    "taxonomy.html",
    "algorithm.html",
    "equations.html",
    "results/index.html",
    "results/survey-epochs.html",
    "results/algoperf-v05-external-times.html",
    "cite.html",
    "errata.html",
    "conformance.html",
    "writings.html",
    "contribute.html",
    "404.html",
)
# what people type, and the first result (or results) that they must see
MUST_FIND = (
    ("adam", ["Adam"]),
    ("Adam", ["Adam"]),
    ("ADAM", ["Adam"]),
    ("adma", ["Adam"]),
    ("adma w", ["AdamW"]),
    ("adamw", ["AdamW"]),
    ("adam-w", ["AdamW"]),
    ("ada factor", ["Adafactor"]),
    ("adafctor", ["Adafactor"]),
    ("ada delta", ["ADADELTA"]),
    ("adagard", ["AdaGrad"]),
    ("rms prop", ["RMSprop"]),
    ("RMSProp", ["RMSprop"]),
    ("sgd", ["SGD"]),
    ("kingma", ["Adam"]),
    ("Diederik Kingma", ["Adam"]),
    ("Loshchilov", ["AdamW"]),
    ("decoupled weight decay", ["AdamW"]),
    ("foret", ["SAM"]),
    ("sharpness", ["SAM"]),
    ("sharpness-aware minimization", ["SAM"]),
    ("lion", ["Lion"]),
    ("muon", ["Muon"]),
    ("newton-schulz", ["Muon"]),
    ("shampo", ["Shampoo"]),
    ("schedule free adamw", ["Schedule-Free AdamW"]),
    ("look ahead", ["Lookahead"]),
    ("amsgrad", ["AMSGrad"]),
    ("on the convergence of adam and beyond", ["AMSGrad"]),
    ("prodigy", ["Prodigy"]),
    ("ademamix", ["AdEMAMix"]),
    ("radam", ["RAdam"]),
    ("nesterov adam", ["Nadam"]),
    ("galore", ["GaLore"]),
    ("roadmap", ["Roadmap"]),
    ("bibtex", ["How to cite"]),
    ("notation", ["Reading the equations"]),
    ("apollo", ["APOLLO (2024)", "Apollo (2020)"]),
    ("sophia", ["Sophia"]),
)


def names(page: Page) -> list[str]:
    return page.locator("#method-table tbody tr:visible th[scope=row]").all_inner_texts()


# Every kind of page


@pytest.mark.parametrize("over", ["http", "file"])
def test_no_page_complains_or_asks_elsewhere(site: Site, address: str, visit: Visit, over: str) -> None:
    base = address if over == "http" else site.path.as_uri() + "/"
    watched = visit(base + KINDS[0])
    for kind in KINDS:
        watched.page.goto(base + kind)
        watched.page.wait_for_load_state("networkidle")
        expect(watched.page.locator("h1")).to_have_count(1)
        if kind != "404.html":
            watched.page.keyboard.press("/")
            watched.page.locator("#search-input").fill("adam")
            expect(watched.page.locator("#search-list a").first).to_contain_text("Adam")
            watched.page.keyboard.press("Escape")
    assert not watched.faults
    assert len(watched.requests) > 3 * len(KINDS)
    assert not [r for r in watched.requests if not r.startswith((base, "data:", "blob:"))]


def test_a_lost_visitor_on_a_server_finds_home(site: Site, address: str, visit: Visit) -> None:
    lost = (site.path / "404.html").read_text("utf-8")
    watched = visit("about:blank")
    watched.page.route("**/methods/deep/nosuch.html", lambda route: route.fulfill(status=404, content_type="text/html", body=lost))
    watched.page.goto(address + "methods/deep/nosuch.html")
    watched.page.get_by_role("link", name="Home").click()
    expect(watched.page).to_have_url(address + "index.html")


@pytest.mark.parametrize("view", [DESKTOP, TABLET, PHONE, SMALL], ids=lambda v: str(v["width"]))
def test_no_page_scrolls_sideways(address: str, visit: Visit, view: dict[str, int]) -> None:
    watched = visit(address, viewport=view)
    for kind in KINDS:
        watched.page.goto(address + kind)
        wide = watched.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{kind}: {wide} px too wide"


@pytest.mark.parametrize(
    ("view", "scheme", "kinds"),
    [
        pytest.param(DESKTOP, "light", KINDS, id="desktop-light"),
        pytest.param(PHONE, "dark", KINDS, id="phone-dark"),
        pytest.param(DESKTOP, "dark", KINDS[:3], id="desktop-dark"),
        pytest.param(PHONE, "light", KINDS[:3], id="phone-light"),
    ],
)
def test_axe_finds_no_violation(address: str, visit: Visit, view: dict[str, int], scheme: str, kinds: tuple[str, ...]) -> None:
    """All kinds of pages in both schemes and at both widths; what depends on both at once, on three of them."""
    page = visit(address, color_scheme=scheme, viewport=view, bypass_csp=True, reduced_motion="reduce").page
    passes = 0
    for kind in kinds:
        page.goto(address + kind)
        if kind != "404.html":
            expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate" if scheme == "dark" else "default")
        passes += accessible(page, kind)
    page.goto(address)
    page.get_by_role("button", name="Search").click()
    page.locator("#search-input").fill("adam")
    expect(page.locator("#search-list a").first).to_be_visible()
    passes += accessible(page, "search")
    if view is PHONE:
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Menu").click()
        expect(page.locator(".md-sidebar--primary").get_by_role("link", name="Papers")).to_be_in_viewport()
        passes += accessible(page, "drawer")
    assert passes > 20 * len(kinds)


# Search


def test_search_finds_what_people_type(address: str, visit: Visit) -> None:
    watched = visit(address)
    watched.page.get_by_role("button", name="Search").click()
    box = watched.page.locator("#search-input")
    expect(box).to_be_focused()
    missed = []
    for query, wanted in MUST_FIND:
        box.fill("")
        box.fill(query)
        expect(watched.page.locator("#search-list a").first).to_be_visible()
        titles = watched.page.locator("#search-list strong").all_inner_texts()
        if set(titles[: len(wanted)]) != set(wanted):
            missed.append((query, wanted, titles[:4]))
    assert len(MUST_FIND) >= 30
    assert not missed
    box.fill("qqqqzzzz")
    expect(watched.page.locator("dialog.search [role=status]")).to_have_text("Nothing found.")
    assert watched.page.locator("#search-list a").count() == 0


def test_each_name_and_alias_finds_its_method(site: Site, address: str, visit: Visit) -> None:
    page = visit(address).page
    page.get_by_role("button", name="Search").click()
    page.locator("#search-input").fill("adam")
    expect(page.locator("#search-list a").first).to_be_visible()  # the records are there
    wanted = [(name, o) for o in site.catalog.optimizers.values() for name in (o.name, *o.aliases)]
    found = page.evaluate(
        """async (names) => {
            const box = document.getElementById("search-input");
            const found = [];
            for (const name of names) {
                box.value = name;
                box.dispatchEvent(new Event("input"));
                await new Promise((resolve) => setTimeout(resolve));
                found.push([...document.querySelectorAll("#search-list a")].map((a) => a.getAttribute("href")));
            }
            return found;
        }""",
        [name for name, _ in wanted],
    )
    missed = []
    for (name, o), links in zip(wanted, found, strict=True):
        if not any(link.endswith(f"methods/{o.id}.html") for link in links[: 1 + len(o.shares_name_with)]):
            missed.append((name, links[:3]))
    assert len(wanted) > 60
    assert not missed


def test_search_is_driven_by_the_keyboard(address: str, visit: Visit) -> None:
    page = visit(address + "papers.html").page
    page.keyboard.press("/")
    box = page.locator("#search-input")
    expect(box).to_be_focused()
    page.keyboard.type("adam")
    expect(page.locator("#search-list a").nth(1)).to_be_visible()
    first = box.get_attribute("aria-activedescendant")
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") != first
    chosen = page.locator("#search-list a[aria-selected=true]")
    expect(chosen).to_have_count(1)
    target = chosen.get_attribute("href")
    page.keyboard.press("ArrowUp")
    assert box.get_attribute("aria-activedescendant") == first
    page.keyboard.press("Escape")
    expect(page.locator("dialog.search")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#search-list a").nth(1)).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert target is not None
    expect(page).to_have_url(target)


# Explorer


def test_columns_are_chosen_and_kept_in_the_address(site: Site, address: str, visit: Visit) -> None:
    page = visit(address + "methods/index.html").page
    shown = page.locator("#method-table thead th[data-key]:visible")
    usual = shown.count()
    expect(page.locator("th[data-key=temporary]")).to_be_hidden()
    page.locator(".columns summary").click()
    page.get_by_label("Temporary bytes").check()
    page.get_by_label("Families").uncheck()
    expect(page.locator("th[data-key=temporary]")).to_be_visible()
    expect(page.locator("th[data-key=families]")).to_be_hidden()
    assert shown.count() == usual
    expect(page).to_have_url(re.compile("columns=year,order,category"))
    page.reload()
    expect(page.locator("th[data-key=temporary]")).to_be_visible()
    page.locator("th[data-key=temporary] button").click()
    at = page.locator("#method-table thead th").evaluate_all("heads => heads.findIndex((h) => h.dataset.key === 'temporary')")
    numbers = [float(t) for t in page.locator(f"#method-table tbody tr td:nth-child({at + 1})").all_inner_texts() if t]
    assert len(numbers) >= 70
    assert numbers == sorted(numbers)


def test_filters_and_sorting_change_rows_and_address(site: Site, address: str, visit: Visit) -> None:
    page = visit(address + "methods/index.html").page
    everything = names(page)
    assert len(everything) == len(site.catalog.optimizers)
    page.locator("#filters select[name=order]").select_option("second")
    second = {o.name for o in site.catalog.optimizers.values() if o.order == "second"}
    assert set(names(page)) == second
    expect(page).to_have_url(re.compile(r"\?order=second$"))
    expect(page.locator("#shown")).to_have_text(f"{len(second)} of {len(everything)} methods")
    page.get_by_role("button", name="Year").click()
    years = page.locator("#method-table tbody tr:visible td:nth-child(3)").all_inner_texts()
    assert years == sorted(years)
    page.get_by_role("button", name="Year").click()
    assert page.locator("#method-table tbody tr:visible td:nth-child(3)").all_inner_texts() == sorted(years, reverse=True)
    expect(page).to_have_url(re.compile(r"\?order=second&sort=year-down$"))
    expect(page.locator("th[data-key=year]")).to_have_attribute("aria-sort", "descending")
    before = names(page)
    page.reload()
    assert names(page) == before
    assert page.locator("#filters select[name=order]").input_value() == "second"
    page.go_back()
    expect(page.locator("th[data-key=year]")).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    page.go_back()
    expect(page.locator("#shown")).to_have_text(f"{len(everything)} of {len(everything)} methods")
    assert names(page) == everything
    page.go_forward()
    expect(page.locator("#shown")).to_have_text(f"{len(second)} of {len(everything)} methods")
    assert set(names(page)) == second
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#shown")).to_have_text(f"{len(everything)} of {len(everything)} methods")
    expect(page).to_have_url(re.compile(r"methods/index\.html$"))


def test_every_filter_agrees_with_the_catalog(site: Site, address: str, visit: Visit) -> None:
    page = visit(address + "methods/index.html").page
    has: dict[str, Callable[[Any, str], bool]] = {
        "order": lambda o, w: o.order == w,
        "kind": lambda o, w: o.kind == w,
        "category": lambda o, w: o.category.letter == w,
        "family": lambda o, w: w in o.families,
        "scenario": lambda o, w: w in o.scenarios,
        "decay": lambda o, w: o.weight_decay is not None and o.weight_decay.kind.replace("_", " ") == w,
    }
    checked = 0
    for name, passes in has.items():
        box = page.locator(f"#filters select[name={name}]")
        for word in [v for v in box.locator("option").evaluate_all("all => all.map(o => o.value)") if v]:
            box.select_option(word)
            wanted = {o.name for o in site.catalog.optimizers.values() if passes(o, word)}
            assert set(names(page)) == wanted != set(), f"{name}={word}"
            checked += 1
        box.select_option("")
    assert checked > 20


def test_words_and_years_filter_rows(address: str, visit: Visit) -> None:
    page = visit(address + "methods/index.html").page
    page.get_by_label("Search").first.fill("loshchilov")
    expect(page.locator("#method-table tbody tr:visible").first).to_be_visible()
    page.wait_for_function("document.querySelectorAll('#method-table tbody tr:not([hidden])').length < 10")
    assert "AdamW" in names(page)
    expect(page).to_have_url(re.compile(r"\?q=loshchilov$"))
    page.get_by_label("Search").first.fill("")
    page.get_by_label("From year").fill("2015")
    page.get_by_label("To year").fill("2017")
    years = page.locator("#method-table tbody tr:visible td:nth-child(3)").all_inner_texts()
    assert years
    assert set(years) <= {"2015", "2016", "2017"}
    page.get_by_label("From year").fill("2099")
    expect(page.locator("#nothing")).to_be_visible()


@pytest.mark.parametrize("over", ["http", "file"])
def test_chosen_rows_are_copied_and_downloaded(site: Site, address: str, visit: Visit, over: str) -> None:
    base = address if over == "http" else site.path.as_uri() + "/"
    permissions = ["clipboard-read", "clipboard-write"]
    watched = visit(base + "methods/index.html?sort=year", permissions=permissions, accept_downloads=True)
    page = watched.page
    for name in ("Adam", "Lion"):
        page.get_by_label(f"Choose {name}", exact=True).check()
    expect(page).to_have_url(re.compile("pick=adam,lion"))
    page.reload()
    expect(page.locator("#chosen")).to_have_text(", 2 chosen")
    page.get_by_role("button", name="Copy BibTeX").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    if over == "http":
        assert keys(page.evaluate("navigator.clipboard.readText()")) == {"kingma-2014-adam", "chen-2023-symbolic"}
    for button, check in (
        ("Download .bib", lambda text: keys(text) == {"kingma-2014-adam", "chen-2023-symbolic"}),
        ("Download CSV", lambda text: text.startswith("id,name,year,") and text.count("\r\n") == 3),
        ("Download JSON", lambda text: [row["id"] for row in json.loads(text)] == ["adam", "lion"]),
    ):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        assert check(download.value.path().read_bytes().decode()), button
    page.get_by_role("button", name="Choose none").click()
    expect(page).not_to_have_url(re.compile("pick"))
    assert not watched.faults


def keys(text: str) -> set[str]:
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    return {e.key for e in library.entries}


@pytest.mark.parametrize("kind", ["methods/adam.html", "cite.html", "papers.html"])
def test_the_copy_button_puts_bibtex_on_the_clipboard(address: str, visit: Visit, kind: str) -> None:
    page = visit(address + kind, permissions=["clipboard-read", "clipboard-write"]).page
    button = page.get_by_role("button", name="Copy BibTeX").first
    button.scroll_into_view_if_needed()
    expect(button).to_be_visible()
    button.click()
    expect(page.get_by_text("Copied", exact=True).first).to_be_visible()
    assert len(keys(page.evaluate("navigator.clipboard.readText()"))) == 1


# Keyboard


def test_focus_can_be_seen_and_the_skip_link_skips(address: str, visit: Visit) -> None:
    for kind in ("index.html", "methods/adam.html", "methods/index.html"):
        page = visit(address + kind).page
        page.keyboard.press("Tab")
        assert "md-skip" in page.evaluate("document.activeElement.className"), kind
        seen = 0
        for _ in range(25):
            page.keyboard.press("Tab")
            found = page.evaluate(
                """() => { let e = document.activeElement;
                if (e.matches(".md-option")) e = e.nextElementSibling;  // the theme shows the focus of its switch on the label
                const s = getComputedStyle(e), r = e.getBoundingClientRect();
                return [e.tagName, e.className.toString(), s.outlineStyle, s.outlineWidth, s.borderBottomColor, r.width * r.height]; }"""
            )
            if found[0] == "BODY":
                break
            assert found[2] not in ("none", ""), f"{kind}: {found}"
            assert found[3] != "0px", f"{kind}: {found}"
            assert found[5] > 0, f"{kind}: {found}"
            seen += 1
        assert seen > 10
        page.goto(address + kind)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{address}{kind}#{page.locator('h1').get_attribute('id')}")


def test_the_roadmap_is_walked_by_keyboard(site: Site, address: str, visit: Visit) -> None:
    page = visit(address + "roadmap.html").page
    page.locator("a.box[data-id=adam]").focus()
    lit = set(page.locator("a.box.on").evaluate_all("all => all.map(a => a.dataset.id)"))
    assert {"adam", "rmsprop", "adamw"} <= lit
    assert len(lit) < len(site.catalog.optimizers)
    page.keyboard.press("Enter")
    expect(page).to_have_url(address + "methods/adam.html")
    page.goto(address + "roadmap.html")
    page.get_by_label("Show the lineage of").select_option("lion")
    expect(page.locator("a.box[data-id=lion]")).to_be_in_viewport()
    assert "lion" in page.locator("a.box.on").evaluate_all("all => all.map(a => a.dataset.id)")
    expect(page.locator(".map .lanes")).to_be_in_viewport()


def test_the_drawer_of_a_phone_opens_and_leads_on(address: str, visit: Visit) -> None:
    for kind, target in (("methods/adam.html", "Roadmap"), ("methods/index.html", "Roadmap"), ("taxonomy.html", "The general algorithm")):
        page = visit(address + kind, viewport=PHONE, reduced_motion="reduce").page
        link = page.locator(".md-sidebar--primary").get_by_role("link", name=target)
        expect(link).to_have_count(0)  # hidden from everybody while it is shut
        menu = page.get_by_role("button", name="Menu")
        menu.focus()
        page.keyboard.press("Enter")
        expect(menu).to_have_attribute("aria-expanded", "true")
        link.click()
        expect(page.locator("h1")).to_contain_text(target)


def test_the_colour_scheme_can_be_switched_and_stays(address: str, visit: Visit) -> None:
    page = visit(address).page
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "default")
    page.get_by_title("Switch to dark mode").click()
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")
    page.goto(address + "methods/adam.html")
    expect(page.locator("body")).to_have_attribute("data-md-color-scheme", "slate")


# Without scripts


def test_pages_are_whole_without_scripts(site: Site, address: str, visit: Visit) -> None:
    watched = visit(address + "methods/index.html", java_script_enabled=False)
    page = watched.page
    assert page.locator("#method-table tbody tr").filter(visible=True).count() == len(site.catalog.optimizers)
    for hidden in ("#filters", "#cart", "#method-table .choose >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()
    page.locator("#method-table").get_by_role("link", name="Adam", exact=True).click()
    expect(page).to_have_url(address + "methods/adam.html")
    expect(page.locator("math[display=block]").first).to_be_visible()
    expect(page.locator("#citation")).to_be_visible()
    expect(page.get_by_role("button", name="Copy BibTeX")).to_be_hidden()
    page.goto(address + "roadmap.html")
    expect(page.locator("#roadmap-filter")).to_be_hidden()
    assert page.locator("a.box").filter(visible=True).count() == len(site.catalog.optimizers)
    page.locator("a.box[data-id=lion]").click()
    expect(page).to_have_url(address + "methods/lion.html")
    for kind in KINDS:
        page.goto(address + kind)
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("button").filter(visible=True).count() == 0, kind
    assert not watched.faults


def test_a_printed_page_is_plain(address: str, visit: Visit) -> None:
    page = visit(address + "methods/adam.html").page
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    for hidden in (".md-header", ".md-tabs", ".search-open", ".cite button"):
        expect(page.locator(hidden).first).to_be_hidden()
