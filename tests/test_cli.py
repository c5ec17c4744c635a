"""The command line: streams and exit codes, look-ups, filters, exports to files, new entries, the local server."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tools.catalog.check import check
from tools.catalog.loader import load_catalog
from tools.cli import CommandError, _filters, main, serve
from tools.cli._bibtex import BibtexError, read_paper
from tools.cli._files import write_whole
from tools.export import biblatex, bibtex

ROOT = Path(__file__).parent.parent
CATALOG, _ = load_catalog(ROOT)
HAND_WRITTEN = ("list", "show", "new", "export", "run", "serve")


def atlas(*words: str, root: Path = ROOT) -> int:
    return main(["--root", str(root), *words])


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_filters, "load", lambda root: CATALOG)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A small catalog of its own: the taxonomy and three methods without their relations to others."""
    for folder in ("optimizers", "papers"):
        (tmp_path / "catalog" / folder).mkdir(parents=True)
    shutil.copy(ROOT / "catalog" / "taxonomy.yaml", tmp_path / "catalog")
    for name in ("adam", "adamax"):
        shutil.copy(ROOT / "catalog" / "optimizers" / f"{name}.yaml", tmp_path / "catalog" / "optimizers")
    shutil.copy(ROOT / "catalog" / "papers" / "kingma-2014-adam.yaml", tmp_path / "catalog" / "papers")
    return tmp_path


def files(root: Path) -> set[str]:
    return {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()}


# the command as people call it


def command(*words: str, feed: str = "") -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, "-m", "tools", *words]
    return subprocess.run(whole, cwd=ROOT, input=feed, capture_output=True, encoding="utf-8", check=False, timeout=50)


def test_answers_go_to_standard_output_and_counts_to_standard_error():
    done = command("list", "--category", "d")
    assert (done.returncode, done.stderr) == (0, f"{len(done.stdout.splitlines()) - 1} methods\n")
    assert done.stdout.startswith("id ")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["show", "no-such-method"], 1), (["list", "--order", "third"], 2), (["nonsense"], 2), (["export", "xml"], 2), ([], 2)],
)
def test_exit_codes_and_no_traceback(words, code):
    done = command(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert "atlas" in done.stderr
    assert "Traceback" not in done.stderr


def test_bibtex_from_a_pipe(copy):
    done = command("--root", str(copy), "new", "fresh", "--bibtex", "-", feed="@misc{a, title={T}")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", HAND_WRITTEN)
def test_each_verb_has_help(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        atlas(verb, "--help")
    assert stop.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: atlas {verb}")


# list


@pytest.mark.usefixtures("read_once")
def test_list_as_json_holds_all_methods_by_year(capsys):
    assert atlas("list", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {r["id"] for r in rows} == set(CATALOG.optimizers)
    assert [r["year"] for r in rows] == sorted(r["year"] for r in rows)


@pytest.mark.usefixtures("read_once")
def test_filters_narrow_and_combine(capsys):
    def ids(*words: str) -> set[str]:
        assert atlas("list", "--format", "json", *words) == 0
        return {r["id"] for r in json.loads(capsys.readouterr().out)}

    assert {"sophia", "adahessian"} <= ids("--order", "second")
    assert ids("--order", "second", "--year", "2021") <= ids("--order", "second") & ids("--year", "2021")
    assert "adam" in ids("--year", "..2014", "--family", "momentum")
    assert {"lookahead", "sam"} <= ids("--kind", "wrapper")
    assert ids("--year", "2090..") == set()


@pytest.mark.usefixtures("read_once")
def test_no_method_is_no_error(capsys):
    assert atlas("list", "--year", "2090..") == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "0 methods\n")


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["--family", "momentm"], "did you mean 'momentum'?"),
        (["--order", "First"], "did you mean 'first'?"),
        (["--status", "x"], "unchecked, listed, documented, implemented, verified"),
        (["--year", "18"], "for example 2018..2020"),
        (["--year", ".."], "for example 2018..2020"),
    ],
)
def test_a_wrong_word_is_a_usage_error_with_the_allowed_ones(words, answer, capsys):
    for verb in (["list"], ["export", "csv"]):
        assert atlas(*verb, *words) == 2
        assert answer in capsys.readouterr().err


@pytest.mark.usefixtures("read_once")
def test_lines_fit_the_terminal_and_stay_whole_without_one(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert atlas("list") == 0
    assert CATALOG.optimizers["adam"].summary in capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", "70")
    assert atlas("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 70
    assert any(line.endswith("…") for line in lines)


# show


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("name", CATALOG.optimizers)
def test_show_tells_everything_of_every_method(name, capsys):
    o = CATALOG.optimizers[name]
    assert atlas("show", name.upper().replace("-", "_")) == 0
    said = capsys.readouterr().out
    for text in [e.math or e.latex for e in o.equations] + [h.name for h in o.hyperparameters] + [o.papers.introduced_in]:
        assert str(text) in said
    assert all(len(line) <= 100 or "://" in line or line.startswith("    ") for line in said.splitlines())
    assert atlas("show", name, "--format", "json") == 0
    data = json.loads(capsys.readouterr().out)
    assert data["paper"]["key"] == o.papers.introduced_in
    assert data["id"] == name
    assert data["status"] in ("unchecked", "listed", "documented", "implemented", "verified")


@pytest.mark.usefixtures("read_once")
def test_look_ups_by_alias_ambiguity_and_near_names(capsys):
    assert atlas("show", "adaptive MOMENT estimation") == 0
    assert capsys.readouterr().out.startswith("Adam ")
    assert atlas("show", "apollo") == 1
    said = capsys.readouterr().err
    assert "apollo-2020" in said
    assert "apollo-2024" in said
    assert atlas("show", "adamm") == 1
    assert "adam" in capsys.readouterr().err
    assert atlas("show", "nosuch") == 1
    assert "near names: " in capsys.readouterr().err, "far ones rather than none"
    assert atlas("show", "") == 1
    assert atlas("show", "\x1b[31m") == 1
    assert "\x1b" not in capsys.readouterr().err


def test_a_broken_entry_hides_no_other(copy, capsys):
    path = copy / "catalog" / "optimizers" / "adamax.yaml"
    path.write_text(path.read_text("utf-8").replace("order: first", "order: 1st"), "utf-8")
    assert atlas("show", "adam", root=copy) == 0
    assert "`atlas check`" in capsys.readouterr().err
    assert atlas("show", "adamax", root=copy) == 1
    assert "catalog/optimizers/adamax.yaml has problems" in capsys.readouterr().err


# export


@pytest.mark.usefixtures("read_once")
def test_export_chooses_papers_and_methods(capsys):
    def out(*words: str) -> str:
        assert atlas("export", *words) == 0
        return capsys.readouterr().out

    assert out("bibtex").count("\n@") + 1 >= len(CATALOG.papers)
    assert len(json.loads(out("csl-json"))) == len(CATALOG.papers)
    assert len(json.loads(out("csl-json", "ADAM", "adamax"))) == 1
    assert len(json.loads(out("csl-json", "adamw", "--with-lineage"))) > 2
    assert out("ris", "adam").count("TY  - ") == 1
    rows = list(csv.DictReader(io.StringIO(out("csv", "adam", "adamw"))))
    assert [(r["id"], bool(r["status"])) for r in rows] == [("adam", True), ("adamw", True)]
    assert {o["id"] for o in json.loads(out("json", "--category", "d"))["optimizers"]} >= {"adagrad", "rmsprop"}
    assert [o["id"] for o in json.loads(out("json", "adamw", "--with-lineage"))["optimizers"]][:2] == ["adamw", "adam"]


@pytest.mark.usefixtures("read_once")
def test_what_is_left_out_is_said(capsys):
    assert atlas("export", "csv", "adam", "lion", "--category", "b") == 0
    said = capsys.readouterr()
    assert "left out by the filters: lion" in said.err
    assert "1 method\n" in said.err
    assert atlas("export", "csv", "lion", "--category", "b") == 1
    assert "nothing was written" in capsys.readouterr().err
    assert atlas("export", "bibtex", "adam", "nosuch") == 1
    assert not capsys.readouterr().out


def test_a_missing_paper_is_left_out_aloud(copy, capsys):
    (copy / "catalog" / "papers" / "kingma-2014-adam.yaml").write_text("key: [\n", "utf-8")
    assert atlas("export", "bibtex", "adam", root=copy) == 1
    assert "the paper kingma-2014-adam is missing or has problems" in capsys.readouterr().err


@pytest.mark.usefixtures("read_once")
def test_files_are_written_whole(tmp_path, capsys):
    target = tmp_path / "refs.bib"
    target.write_text("old", "utf-8")
    target.chmod(0o640)
    (tmp_path / "link.bib").symlink_to(target)
    assert atlas("export", "bibtex", "adam", "-o", str(tmp_path / "link.bib")) == 0
    assert target.read_text("utf-8").startswith("@")
    assert target.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link.bib").is_symlink()
    assert atlas("export", "csv", "adam", "-o", str(tmp_path / "a.csv")) == 0
    assert (tmp_path / "a.csv").read_bytes().count(b"\r\n") == 2
    assert files(tmp_path) == {"refs.bib", "link.bib", "a.csv"}
    capsys.readouterr()
    for nowhere in (tmp_path / "none" / "x.bib", tmp_path):
        assert atlas("export", "bibtex", "adam", "-o", str(nowhere)) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"atlas export: {nowhere}: ")
        assert said.count("\n") == 1


def test_of_several_files_all_or_none(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole({tmp_path / "a": "text", tmp_path / "folder": "text"})
    with pytest.raises(UnicodeEncodeError):
        write_whole({tmp_path / "a": "text", tmp_path / "b": "\ud800"})
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


# new


ENTRY = r"""@inproceedings{anything,
  title = {{Fresh}: A {N}ew Way for $\ell_2$ \& \"Ol at O($1/k^2$)},
  author = {M{\"u}ller, J{\'o}zef and van der Berg, {\'E}va and {The Team} and King, Jr., Martin and Cher and Donald E. Knuth},
  booktitle = {Proc. of Steps}, year = 2017, month = mar, pages = {4--9},
  eprint = {1611.01234v2}, archivePrefix = {arXiv}, primaryClass = {cs.LG}, doi = {10.1000/x\_1}
}"""


def bib(root: Path, text: str) -> str:
    (root / "entry.bib").write_text(text, "utf-8")
    return str(root / "entry.bib")


def test_new_from_bibtex_is_a_paper_without_problems(copy, capsys):
    assert atlas("new", "fresh", "--name", "Fresh", "--bibtex", bib(copy, ENTRY), root=copy) == 0
    said = capsys.readouterr()
    assert said.out == "catalog/papers/muller-2016-fresh.yaml\ncatalog/optimizers/fresh.yaml\n"
    catalog, problems = check(copy)
    assert not [p for p in problems if p.path == "catalog/papers/muller-2016-fresh.yaml"]
    paper = catalog.papers["muller-2016-fresh"]
    assert paper.title == "Fresh: A New Way for ℓ₂ & Öl at O(1/k²)"
    people = [a if isinstance(a, str) else a.literal for a in paper.authors]
    assert people == ["Józef Müller", "Éva van der Berg", "The Team", "Martin King Jr.", "Cher", "Donald E. Knuth"]
    assert (paper.year, paper.month, paper.doi, paper.protect, paper.verified) == (2016, 11, "10.1000/x_1", ("Fresh",), None)
    assert paper.venue is not None
    assert (paper.venue.name, paper.venue.year, paper.venue.type, paper.venue.pages) == ("Proc. of Steps", 2017, "conference", "4-9")
    assert paper.arxiv is not None
    assert (paper.arxiv.id, paper.arxiv.primary_class) == ("1611.01234", "cs.LG")


@pytest.mark.parametrize("words", [[], ["--paper", "kingma-2014-adam"]])
def test_check_names_each_placeholder_of_a_new_entry(words, copy, capsys):
    before = {p for p in check(copy)[1] if "fresh" in p.path}
    assert atlas("new", "fresh", *words, root=copy) == 0
    written = capsys.readouterr().out.split()
    problems = [p for p in check(copy)[1] if p.path in written]
    assert not before
    wanted = {"kind", "summary", "order", "families", "category.letter", "hyperparameters[0].default[0]", "hyperparameters[0].source"}
    assert {p.field for p in problems if "optimizers" in p.path} == wanted
    assert {p.field for p in problems if "papers" in p.path} == (set() if words else {"title", "authors", "year", "arxiv.id"})
    for path in written:
        lines = (copy / path).read_text("utf-8").splitlines()
        facts = {n: line.split("  #")[0] for n, line in enumerate(lines, 1) if not line.startswith("#")}
        open_lines = {n for n, text in facts.items() if "TODO" in text or "null" in text}
        assert open_lines
        assert open_lines <= {p.line for p in problems if p.path == path}


def test_a_filled_in_entry_has_no_problems(copy, capsys):
    assert atlas("new", "fresh", "--paper", "kingma-2014-adam", root=copy) == 0
    capsys.readouterr()
    path = copy / "catalog" / "optimizers" / "fresh.yaml"
    text = path.read_text("utf-8")
    for old, new in (
        ("kind: TODO", "kind: optimizer"),
        ("summary: TODO", "summary: Steps against the gradient and forgets it at once."),
        ("order: TODO", "order: first"),
        ("families: []", "families: [stateless]"),
        ("letter: TODO, assigned_by: atlas, reason: null", "letter: a, assigned_by: atlas, reason: No second moment."),
        ("default: [TODO]", "default: 0.1"),
        ("source: null", "source: Algorithm 1"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    assert not [p for p in check(copy)[1] if "fresh" in p.path]


@pytest.mark.parametrize(
    ("words", "code", "answer"),
    [
        (["adam"], 1, "exists already"),
        (["ADAM"], 2, "no id"),
        (["a" * 61], 2, "no id"),
        (["-x"], 2, ""),
        (["adam-x", "--name", "ADAM"], 1, "a name of adam"),
        (["ada-m"], 1, "a name of adam"),
        (["x", "--name", "adaptive moment estimation"], 1, "a name of adam (Adaptive moment estimation)"),
        (["x", "--name", " "], 2, "1 to 80"),
        (["x", "--paper", "kingma-2014-adm"], 1, "did you mean 'kingma-2014-adam'"),
        (["x", "--bibtex", "no-such-file.bib"], 1, "no such file"),
    ],
)
def test_new_refuses_and_writes_nothing(words, code, answer, copy, capsys):
    before = files(copy)
    try:
        got = atlas("new", *words, root=copy)
    except SystemExit as stop:
        got = stop.code
    assert got == code
    assert answer in capsys.readouterr().err
    assert files(copy) == before


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ("title={Other}, eprint={1412.6980v3}", "arXiv id"),
        ("title={Other}, journal={arXiv preprint arXiv:1412.6980}", "arXiv id"),
        ("title={Other}, journal={CoRR}, volume={abs/1412.6980}", "arXiv id"),
        ("title={Other}, url={http://arxiv.org/pdf/1412.6980v9.pdf}", "arXiv id"),
        ("title={Other}, doi={10.48550/arXiv.1412.6980}", "arXiv id"),
        ("title={{ADAM}: a method for stochastic   optimization.}", "title"),
    ],
)
def test_a_paper_of_the_catalog_is_found_again(fields, what, copy, capsys):
    before = files(copy) | {"entry.bib"}
    assert atlas("new", "x", "--bibtex", bib(copy, f"@article{{k, author={{A. Bee}}, year=2014, {fields}}}"), root=copy) == 1
    said = capsys.readouterr().err
    assert f"kingma-2014-adam has this {what}" in said
    assert "adam, adamax" in said
    assert files(copy) == before


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "no BibTeX entry"),
        ("\ufeffsome words", "no BibTeX entry"),
        ("@misc{a, title={T}", "line 1: broken BibTeX"),
        ("\n\n@misc{a title={T}}", "line 3: broken BibTeX"),
        ("@misc{a, title={T}, title={U}}", "a field twice: title"),
        ("@misc{a, title={T}}\n@misc{b, title={U}}", "2 entries"),
        ("@misc{a, title={T}}\n@misc{a, title={U}}", "second time"),
        ("@misc{a, author={A B}, year=2001}", "no title"),
        ("@misc{a, title={T}, year=2001}", "no author"),
        ("@misc{a, title={T}, author={A B}}", "no year"),
        ("@misc{a, title={T}, author={A B}, year={soon}}", "no year"),
        ("@misc{a, title={T}, author={A B and others}, year=2001}", "name every author"),
        ("@misc{a, title={T}, author={A B et al.}, year=2001}", "name every author"),
        ("@misc{a, title={T}, author={A, B, C, D}, year=2001}", "cannot be split"),
        (r"@misc{a, title={T \foo{x}}, author={A B}, year=2001}", r"\foo is not known"),
        ("@misc{a, title=unknown # {T}, author={A B}, year=2001}", "write the text out"),
        ("@misc{a, title={" + "{" * 3000 + "}" * 3000 + "}, author={A B}, year=2001}", "too deep"),
    ],
    ids=range(17),
)
def test_broken_bibtex_is_one_clear_line(text, answer, copy, capsys):
    before = files(copy) | {"entry.bib"}
    assert atlas("new", "x", "--bibtex", bib(copy, text), root=copy) == 1
    said = capsys.readouterr().err
    assert answer in said
    assert said.count("\n") == 1
    assert files(copy) == before


@pytest.mark.parametrize("write", [bibtex, biblatex])
def test_our_own_exports_are_read_back(write):
    papers = [p for p in CATALOG.papers.values() if p.arxiv]
    assert papers
    for paper in papers:
        facts = read_paper(write([paper])).facts
        assert (facts["title"], facts["arxiv"]["id"]) == (paper.title, paper.arxiv.id)
        assert len(facts["authors"]) == len(paper.authors)
        assert [a for a in facts["authors"] if isinstance(a, str)][:1] == [a for a in paper.authors if isinstance(a, str)][:1]


def test_unknown_commands_and_addresses_are_not_dropped_in_silence():
    with pytest.raises(BibtexError):
        read_paper(r"@misc{a, title={\unheard}, author={A B}, year=2001}")
    reading = read_paper("@misc{a, title={Title}, author={A B}, year=2001, url={http://example.org/x y}, doi={nonsense}}")
    assert len(reading.left_out) == 3


# serve


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site" / "sub").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<h1>old</h1>", "utf-8")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "a.yaml").write_text("a", "utf-8")
    return tmp_path


@contextlib.contextmanager
def running(site: Path):
    with serve.open_server("127.0.0.1", 0, site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield serve.address(server)
        server.shutdown()
        thread.join()


def test_the_server_shows_files_and_no_listing(site):
    with running(site / "site") as address:
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.read() == b"<h1>old</h1>"
            assert answer.headers["Cache-Control"] == "no-store"
        (site / "site").rename(site / "aside")
        (site / "site").mkdir()
        (site / "site" / "index.html").write_text("new", "utf-8")
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.read() == b"new"
        for path in ("nothing.html", "../catalog/a.yaml", "sub/"):
            with pytest.raises(urllib.error.HTTPError) as error:
                urllib.request.urlopen(address + path, timeout=10)
            assert error.value.code == 404
            error.value.close()


def test_a_port_in_use_is_one_clear_line(site, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (site / "catalog" / "optimizers").mkdir()
        assert atlas("serve", "--port", str(port), root=site) == 1
    said = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1:{port}: address already in use" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http", "1e3", ""])
def test_a_wrong_port_is_a_usage_error(port, capsys):
    with pytest.raises(SystemExit) as stop:
        atlas("serve", f"--port={port}")
    assert stop.value.code == 2
    assert "ports are 0 to 65535" in capsys.readouterr().err


def test_each_change_is_acted_on_once_the_files_rest(site, monkeypatch, capsys):
    monkeypatch.setattr(serve, "PAUSE", 0.01)
    seen = []

    def act() -> None:
        seen.append((site / "catalog" / "a.yaml").exists())
        if len(seen) == 1:
            (site / "catalog" / "a.yaml").unlink()
        else:
            raise KeyboardInterrupt

    start = serve.snapshot(site)
    (site / "catalog" / "a.yaml").write_text("another text", "utf-8")
    with pytest.raises(KeyboardInterrupt):
        serve.watch(site, start, act)
    assert seen == [True, False]
    assert capsys.readouterr().err.count("changed: catalog/a.yaml") == 2


def test_a_snapshot_knows_sources_and_nothing_else(site):
    for name in ("catalog/.a.swp", "catalog/a.yaml~", "tools/__pycache__/x.pyc", "site/x", "build/y", "tools/x.py", "mkdocs.yml"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("x", "utf-8")
    (site / "catalog" / "dangling").symlink_to("nowhere")
    assert set(serve.snapshot(site)) == {"catalog/a.yaml", "tools/x.py", "mkdocs.yml"}


def test_the_old_site_is_shown_when_the_first_build_fails(site, monkeypatch, capsys):
    def fail(root: Path, out: Path) -> None:
        raise CommandError("2 problems; nothing was built")

    monkeypatch.setattr("tools.cli.build.build_site", fail)
    serve.first_build(site, site / "site")
    assert "the old site is shown" in capsys.readouterr().err
    (site / "site" / "index.html").unlink()
    with pytest.raises(CommandError):
        serve.first_build(site, site / "site")


def test_serve_ends_cleanly(site, monkeypatch, capsys):
    def interrupt(*_: object) -> None:
        time.sleep(0.05)
        raise KeyboardInterrupt

    (site / "catalog" / "optimizers").mkdir()
    monkeypatch.setattr("tools.cli.build.build_site", lambda root, out: None)
    monkeypatch.setattr(serve, "watch", interrupt)
    assert atlas("serve", "--port", "0", root=site) == 0
    said = capsys.readouterr().err
    assert "shows the site" in said
    assert said.endswith("stopped\n")


def test_a_rebuild_runs_in_a_process_of_its_own(copy, capfd):
    path = copy / "catalog" / "optimizers" / "adam.yaml"
    path.write_text(path.read_text("utf-8").replace("order: first", "order: 1st"), "utf-8")
    assert serve.rebuild(copy) is False
    said = capfd.readouterr()
    assert "catalog/optimizers/adam.yaml" in said.out
    assert "the old site is still shown" in said.err
