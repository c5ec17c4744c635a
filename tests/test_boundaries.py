"""Imports run one way: cli -> site, export, measure -> catalog -> algebra, and only `measure` knows torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# for each part, what it may import of ours and from elsewhere (besides the standard library)
ALLOWED = {
    "tools/algebra": ({"tools.algebra"}, {"numpy"}),
    "tools/catalog": ({"tools.catalog", "tools.algebra"}, {"yaml", "pydantic"}),
    "tools/results": ({"tools.results", "tools.catalog"}, set()),
    "tools/export": ({"tools.export", "tools.catalog"}, {"pylatexenc"}),
    "tools/site": (
        {"tools.site", "tools.results", "tools.export", "tools.catalog", "tools.algebra"},
        {"jinja2", "markupsafe", "pygments", "mkdocs", "markdown", "fontTools"},
    ),
    "tools/measure": (
        {"tools.measure", "tools.catalog", "tools.algebra", "reference_impls"},
        {"numpy", "torch", "jax", "optax"},
    ),
    "reference_impls": ({"reference_impls"}, {"torch"}),
}


def imports(path: Path) -> set[str]:
    """All modules that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {f"{node.module}.{alias.name}" if node.module == "tools" else str(node.module) for alias in node.names}
    return found


@pytest.mark.parametrize("part", ALLOWED)
def test_a_part_imports_only_what_it_may(part):
    ours, others = ALLOWED[part]
    files = sorted((ROOT / part).rglob("*.py"))
    assert files, f"{part} has no files"
    wrong = []
    for path in files:
        for module in imports(path):
            top = module.partition(".")[0]
            if top in sys.stdlib_module_names or top in others:
                continue
            if not any(module == name or module.startswith(f"{name}.") for name in ours):
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong


@pytest.mark.parametrize(
    "module", ["tools.catalog.check", "tools.export", "tools.site.build", "tools.cli.check", "tools.cli.export", "tools.cli.recommend"]
)
def test_the_catalog_side_never_loads_torch(module):
    code = f"import sys, {module}; print([m for m in ('torch', 'reference_impls', 'jax') if m in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert seen.stdout.strip() == "[]"


def test_checking_loads_neither_the_site_nor_numpy_up_front():
    code = "import sys, tools.cli.check; print([m for m in ('mkdocs', 'jinja2', 'numpy') if m in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert seen.stdout.strip() == "[]"


def test_importing_reference_impls_imports_no_method():
    code = "import sys, reference_impls; print([m for m in sys.modules if m.startswith('reference_impls.') or m == 'torch'])"
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert seen.stdout.strip() == "[]"


def test_nothing_generated_is_tracked():
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert "README.md" in tracked
    assert not [p for p in tracked if p.startswith(("site/", "build/", "node_modules/", ".venv")) or p.endswith(".pyc")]
