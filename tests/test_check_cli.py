"""`atlas check`: exit codes, formats, and a report that no broken entry cuts short."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fixture_catalog import RULES, apply, base

from tools.cli import main

ROOT = Path(__file__).parent.parent
LINE = re.compile(r"(?P<path>[^:]+):(?P<line>\d+):(?P<col>\d+): (?P<code>[a-z0-9-]+) (?P<field>\S+): (?P<found>.+?); (?P<allowed>.+)")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return base(tmp_path)


def run(root: Path, *words: str) -> int:
    return main(["--root", str(root), "check", *words])


def break_much(root: Path) -> None:
    """A fault of each kind, in files of each kind."""
    for name in ("summary/bad", "author/bad", "tex-in-text/bad-errata", "undefined-word/bad"):
        apply(RULES / f"{name}.txt", root)
    (root / "catalog/optimizers/binary.yaml").write_bytes(b"\xff\xfe")
    (root / "catalog/optimizers/void.yaml").write_bytes(b"")
    (root / "catalog/papers/torn.yaml").write_text("key: torn\nauthors: [A B,")


def test_no_problem_is_exit_0_and_silence_on_stdout(root, capsys):
    assert run(root) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "0 problems in 3 methods and 3 papers (9 files)\n"


def test_problems_are_exit_1_and_all_of_them_are_listed(root, capsys):
    break_much(root)
    assert run(root) == 1
    out, err = capsys.readouterr()
    codes = {LINE.fullmatch(line)["code"] for line in out.splitlines()}
    assert codes == {"summary", "author", "tex-in-text", "undefined-word", "unknown-taxonomy-word", "not-utf8", "empty-file", "yaml-syntax"}
    assert "7 problems" in err or f"{len(out.splitlines())} problems" in err


def test_lines_are_sorted_by_place(root, capsys):
    break_much(root)
    run(root)
    places = [(m["path"], int(m["line"]), int(m["col"])) for m in map(LINE.fullmatch, capsys.readouterr().out.splitlines())]
    assert places == sorted(places)


def test_json_holds_the_same_problems(root, capsys):
    break_much(root)
    assert run(root, "--format", "json") == 1
    rows = json.loads(capsys.readouterr().out)
    run(root)
    assert len(rows) == len(capsys.readouterr().out.splitlines())
    assert all(row.keys() == {"path", "line", "col", "code", "field", "found", "allowed", "example"} for row in rows)


def test_json_without_problems_is_an_empty_list(root, capsys):
    assert run(root, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_github_annotates_file_line_and_column(root, capsys):
    apply(RULES / "author" / "bad.txt", root)
    assert run(root, "--format", "github") == 1
    out = capsys.readouterr().out
    assert re.fullmatch(r"::error file=catalog/papers/smith-2015-scaled\.yaml,line=4,col=\d+,title=author::author authors\[1\]: .+\n", out)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["catalog/papers"], {"author", "yaml-syntax"}),
        (["catalog/optimizers/nudge.yaml"], {"summary"}),
        (["catalog/optimizers/nudge.yaml", "catalog/errata.yaml"], {"summary", "tex-in-text"}),
        (["catalog/optimizers/scaled.yaml"], set()),
        (["."], {"summary", "author", "tex-in-text", "undefined-word", "unknown-taxonomy-word", "not-utf8", "empty-file", "yaml-syntax"}),
    ],
)
def test_paths_choose_what_is_reported(root, capsys, monkeypatch, words, codes):
    break_much(root)
    monkeypatch.chdir(root)
    assert run(root, *words) == bool(codes)
    assert {LINE.fullmatch(line)["code"] for line in capsys.readouterr().out.splitlines()} == codes


def test_wrong_usage_is_exit_2_and_one_line(root, capsys, tmp_path_factory):
    assert run(root, str(root / "catalog/nosuch.yaml")) == 2
    assert run(root, str(tmp_path_factory.mktemp("elsewhere"))) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 2
    for words in (["--format", "xml"], ["--nosuch"]):
        with pytest.raises(SystemExit) as stop:
            run(root, *words)
        assert stop.value.code == 2
    with pytest.raises(SystemExit) as stop:
        main(["--root", str(root / "catalog"), "check"])
    assert stop.value.code == 2


def test_an_empty_catalog_is_no_success(tmp_path, capsys):
    (tmp_path / "catalog/optimizers").mkdir(parents=True)
    assert run(tmp_path) == 1
    assert "nothing was checked" in capsys.readouterr().err


def test_the_command_line_of_a_fresh_process(root):
    break_much(root)
    command = [sys.executable, "-m", "tools", "--root", str(root), "check", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(json.loads(done.stdout)) >= 8


def test_a_closed_pipe_is_no_traceback(root):
    break_much(root)
    command = f'"{sys.executable}" -m tools --root "{root}" check | head -n 1'
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr


def test_checking_imports_no_torch_and_no_implementation(root):
    code = (
        "import sys; from tools.cli import main; main(['--root', sys.argv[1], 'check'])\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('torch', 'reference_impls', 'jinja2')])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "[]\n", done.stderr
