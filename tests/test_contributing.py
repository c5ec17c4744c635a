"""The walk-through of CONTRIBUTING.md, followed to the letter on a copy of the catalog."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.catalog.check import check
from tools.catalog.problems import FORMATS
from tools.cli import main

ROOT = Path(__file__).parent.parent
TEXT, _, ON_TABLES = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## Another example: a table of published results")
BLOCKS = re.findall(r'```\w+ title="(appended to )?([\w./-]+)"\n(.*?)```', TEXT, re.S)
FILES = re.findall(r'```\w+ title="(added to )?([\w./-]+)"\n(.*?)```', ON_TABLES, re.S)
MISTAKES = re.findall(r"^\| (.+?) \| `+(.+?)`+ \|$", ON_TABLES, re.M)


@pytest.fixture
def project(tmp_path):
    """The project without the example's files, should it have them."""
    for part in ("catalog", "reference_impls", "tests/second"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for _, name, _ in BLOCKS:
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "catalog/measurements/signsgd.json").unlink(missing_ok=True)
    return tmp_path


def atlas(project, *words):
    code = f"import sys; sys.path[:0] = [{str(project)!r}, {str(ROOT)!r}]; from tools.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, "--root", str(project), *words], capture_output=True, text=True, check=False, cwd=project
    )


def test_the_walk_through(project):
    assert [(bool(a), n.rpartition("/")[2]) for a, n, _ in BLOCKS] == [
        (False, "bernstein-2018-signsgd.yaml"),
        (False, "signsgd.yaml"),
        (False, "signsgd.py"),
        (True, "signsgd.yaml"),
    ]
    for appended, name, text in BLOCKS[:2]:
        (project / name).write_text(text, "utf-8")
        assert not appended
    seen = atlas(project, "check")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    seen = atlas(project, "run", "signsgd", "--surface", "rosenbrock", "--set", "lr=0.01", "--steps", "5")
    assert seen.returncode == 0, seen.stderr
    for appended, name, text in BLOCKS[2:]:
        with (project / name).open("a" if appended else "w", encoding="utf-8") as file:
            file.write(text)
    seen = atlas(project, "check")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    seen = atlas(project, "measure", "signsgd")
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert json.loads((project / "catalog/measurements/signsgd.json").read_text("utf-8"))["verdict"] == "verified"
    seen = atlas(project, "show", "signsgd", "--format", "json")
    assert json.loads(seen.stdout)["status"] == "verified"
    seen = atlas(project, "export", "bibtex", "signsgd")
    assert "@inproceedings{bernstein-2018-signsgd," in seen.stdout


# The walk-through of a table


@pytest.fixture(scope="module")
def with_table(tmp_path_factory):
    """A copy of the catalog, without what tables have nothing to do with, and the files of the walk-through just as it gives them."""
    root = tmp_path_factory.mktemp("table")
    shutil.copytree(ROOT / "catalog", root / "catalog", ignore=shutil.ignore_patterns("measurements", "discrepancies"))
    assert [(bool(added), name.rpartition("/")[2]) for added, name, _ in FILES] == [
        (False, "nanogpt-medium-steps.yaml"),
        (False, "nanogpt-medium-steps.csv"),
        (True, "glossary.yaml"),
    ]
    for added, name, text in FILES:
        path = root / name
        if added:
            for lines in re.findall(r"^(?:\w+:\n)(?:  .*\n)+", text, re.M):
                heading, _, entries = lines.partition("\n")
                glossary = path.read_text("utf-8")
                assert glossary.count(f"\n{heading}\n") == 1
                path.write_text(glossary.replace(f"\n{heading}\n", f"\n{heading}\n{entries}"), "utf-8")
        else:
            assert not path.exists(), f"{name} is in the catalog: the walk-through needs another example"
            path.write_text(text, "utf-8")
    return root


def told(root):
    """What `atlas check` says on the walk-through's files."""
    _, problems = check(root)
    return FORMATS["text"]([p for p in problems if p.path in {name for _, name, _ in FILES}])


def test_the_walk_through_of_a_table(with_table, capsys):
    assert told(with_table) == ""
    assert main(["--root", str(with_table), "recommend", "muon", "--model", "NanoGPT-medium"]) == 0
    assert "learning_rate = 0.025 (NanoGPT-medium)" in capsys.readouterr().out


YAML, CSV = (name for _, name, _ in FILES[:2])
CODES = ("unknown-optimizer", "unknown-model", "duplicate-cell", "cell-number", "result-source", "missing-unit")
BREAKS = {
    "`Moun` in place of `Muon`": (CSV, "Muon,5960", "Moun,5960"),
    "`model: NanoGPT-medum`": (YAML, 'range: "[1, inf)", model: NanoGPT-medium', 'range: "[1, inf)", model: NanoGPT-medum'),
    "the row of AdamW a second time": (CSV, "AdamW,10500,0.0015,0.125\n", "AdamW,10500,0.0015,0.125\n" * 2),
    "`about 5960` as a number of steps": (CSV, "Muon,5960", "Muon,about 5960"),
    "no `paper` and no `no_paper`": (YAML, 'no_paper: "The table stands in the README of a leaderboard; no paper reports it."\n', ""),
    "no `unit` of the steps": (YAML, "unit: steps, ", ""),
}


def test_every_mistake_of_the_walk_through_is_tried():
    assert [mistake for mistake, _ in MISTAKES] == list(BREAKS)


@pytest.mark.parametrize("mistake", BREAKS)
def test_a_mistake_in_a_table_is_explained(with_table, mistake):
    name, right, wrong = BREAKS[mistake]
    path = with_table / name
    whole = path.read_text("utf-8")
    assert whole.count(right) == 1
    path.write_text(whole.replace(right, wrong), "utf-8")
    try:
        report = told(with_table)
    finally:
        path.write_text(whole, "utf-8")
    message = dict(MISTAKES)[mistake]
    assert message.startswith(CODES), "the message begins with its code"
    assert any(re.match(rf"{re.escape(name)}:\d+:\d+: {re.escape(message)}", line) for line in report.splitlines()), report
