"""What the site offers of golden trajectories: files, index, page, links, and the examples, which run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from site_build import ROOT, Site, squeeze

from tools.catalog.ladder import Rung, rung
from tools.catalog.measurements import golden_path
from tools.site.maths import node

pytestmark = pytest.mark.site
ASSETS = ROOT / "docs" / "assets" / "golden"


@pytest.fixture(scope="module")
def verified(site: Site) -> set[str]:
    found = {o.id for o in site.catalog.optimizers.values() if rung(site.catalog, o) is Rung.VERIFIED}
    assert found
    return found


def flat(nested):
    return [y for x in nested for y in flat(x)] if isinstance(nested, list) else [nested]


def test_every_verified_method_has_its_file_and_a_link(site: Site, verified: set[str]) -> None:
    folder = site.path / "exports" / "golden"
    assert {p.stem for p in folder.glob("*.json")} == verified | {"index"}
    for id_ in verified:
        assert (folder / f"{id_}.json").read_text("utf-8") == golden_path(ROOT, id_).read_text("utf-8")
    for o in site.catalog.optimizers.values():
        links = {e.attributes.get("href") for e in site.pages[f"methods/{o.id}.html"].all("a")}
        assert (f"../exports/golden/{o.id}.json" in links) == (o.id in verified), o.id
        assert "../golden.html" in links or o.id not in verified


def test_index_and_page_say_what_the_files_hold(site: Site, verified: set[str]) -> None:
    folder = site.path / "exports" / "golden"
    rows = {r["method"]: r for r in json.loads((folder / "index.json").read_text("utf-8"))["methods"]}
    assert rows.keys() == verified
    words = {squeeze(e.text) for e in site.pages["golden.html"].all("code")}
    for id_, row in rows.items():
        data = json.loads((folder / row["file"]).read_text("utf-8"))
        asked = {a["ask"] for case in data["cases"] for step in case["steps"] for a in step.get("asked", [])}
        assert (row["cases"], row["steps"], row["name"]) == (len(data["cases"]), len(data["cases"][0]["steps"]), data["name"])
        assert set(row["asks"]) == asked
        assert row["gradients"] == ("gradients" in data["cases"][0]["steps"][0])
        assert asked <= words
        assert data.keys() | data["cases"][0].keys() | data["cases"][0]["steps"][0].keys() <= words
        assert row["file"] in {e.attributes.get("href", "").rpartition("/")[2] for e in site.pages["golden.html"].all("a")}
        assert id_ == data["method"]


def test_the_given_gradients_are_as_the_page_says(site: Site) -> None:
    """The third is zero, the fourth large, the fifth tiny."""
    for case in json.loads((site.path / "exports" / "golden" / "adam.json").read_text("utf-8"))["cases"]:
        sizes = [max(map(abs, flat(step["gradients"]))) for step in case["steps"]]
        others = sizes[:2] + sizes[5:]
        assert sizes[2] == 0
        assert sizes[3] > 5 * max(others)
        assert 0 < sizes[4] < min(others) / 5


@pytest.mark.parametrize("name", ["adam_golden.py", "adam_golden.mjs"])
def test_the_examples_on_the_page_run(site: Site, tmp_path: Path, name: str) -> None:
    """As they stand there; and they see a wrong number."""
    blocks = [e.text.strip() for e in site.pages["golden.html"].all("pre")]
    source = (ASSETS / name).read_text("utf-8").strip()
    assert source in blocks
    assert (site.path / "assets" / "golden" / name).read_text("utf-8").strip() == source
    program = tmp_path / name
    program.write_text(source, "utf-8")
    data = site.path / "exports" / "golden" / "adam.json"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(data.read_text("utf-8").replace('"lr": 0.001', '"lr": 0.00100001'), "utf-8")
    assert wrong.read_text("utf-8") != data.read_text("utf-8")
    environment = {"PATH": os.environ["PATH"]}
    start = [sys.executable, "-I"] if name.endswith(".py") else [node()]
    for file, code in ((data, 0), (wrong, 1)):
        done = subprocess.run([*start, str(program), str(file)], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == code, done.stderr
        assert done.stdout.startswith("largest difference: ")
