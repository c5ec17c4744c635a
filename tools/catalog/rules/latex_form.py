"""LaTeX in records is maths of a page: balanced, without dollar signs, from a list of ordinary commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.catalog.loader import Catalog
from tools.catalog.problems import Problem
from tools.catalog.yaml_reader import Path

CODES = {"latex-form": "LaTeX that is unbalanced, too long for a symbol, or uses a command that is not on the list"}
COMMANDS = frozenset(
    # Greek
    """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi varpi rho varrho sigma varsigma
    tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
    hat widehat bar overline tilde widetilde dot ddot vec underline overbrace underbrace
    mathrm mathbf mathcal mathbb mathsf mathit mathfrak boldsymbol text textbf textit operatorname
    frac tfrac dfrac sqrt binom sum prod int lim
    left right big Big bigl bigr Bigl Bigr lfloor rfloor lceil rceil langle rangle lvert rvert lVert rVert vert Vert mid
    cdot cdots ldots dots vdots ddots times odot otimes oplus oslash circ ast star div pm mp setminus bullet
    le ge leq geq ll gg ne neq equiv approx sim simeq propto in notin ni subset subseteq cup cap
    to gets leftarrow rightarrow Rightarrow leftrightarrow mapsto uparrow downarrow
    forall exists infty partial nabla ell hbar Re Im top bot perp prime dagger emptyset varnothing
    log ln exp sin cos tan arccos arcsin arctan tanh sinh cosh min max inf sup arg argmin argmax det dim rank sign sgn diag tr Tr Pr
    deg gcd ker quad qquad begin end land lor neg wedge vee bmod mod pmod limits nolimits substack stackrel mathop displaystyle textstyle
    not""".split()  # noqa: SIM905
)
TAKES = {"frac": 2, "tfrac": 2, "dfrac": 2, "binom": 2, "stackrel": 2} | dict.fromkeys(
    """hat widehat bar overline tilde widetilde dot ddot vec underline overbrace underbrace mathrm mathbf mathcal mathbb mathsf mathit
    mathfrak boldsymbol text textbf textit operatorname sqrt substack mathop pmod""".split(),  # noqa: SIM905
    1,
)
ENVIRONMENTS = frozenset({"cases", "aligned", "array", "matrix", "pmatrix", "bmatrix", "vmatrix", "smallmatrix", "split", "gathered"})
TOKEN = re.compile(r"\\([A-Za-z]+)|\\(.)|([{}$%#&~])", re.S)
MOST_IN_SYMBOL = 80


def check(catalog: Catalog) -> Iterator[Problem]:
    for optimizer in catalog.optimizers.values():
        source = catalog.source(optimizer)
        lines: list[tuple[Path, str, int]] = [
            (("hyperparameters", i, "symbol"), h.symbol, 2 * MOST_IN_SYMBOL) for i, h in enumerate(optimizer.hyperparameters)
        ]
        lines += [(("state", i, "symbol"), s.symbol, MOST_IN_SYMBOL) for i, s in enumerate(optimizer.state)]
        lines += [(("symbols", name), text, MOST_IN_SYMBOL) for name, text in optimizer.symbols.items()]
        lines += [(("equations", i, "latex"), e.latex, 2000) for i, e in enumerate(optimizer.equations) if e.latex is not None]
        for at, text, most in lines:
            if fault := latex_fault(text, most):
                col, found, allowed = fault
                yield source.problem(at, "latex-form", found, allowed, r"'\hat{v}_{t}'", offset=col)


def latex_fault(text: str, most: int) -> tuple[int, str, str] | None:
    """The first fault: column, what was found, what is allowed."""
    if len(text) > most:
        return most, f"{len(text)} characters", f"at most {most}"
    if not text.strip() or "\n" in text:
        return 0, "no maths on one line", "maths on one line"
    depth: list[int] = []
    fences, environments = 0, list[str]()
    for token in TOKEN.finditer(text):
        name, escaped, character = token.groups()
        at = token.start()
        if name and name not in COMMANDS:
            return at, f"the command \\{name}", "ordinary maths; another command is put on the list in rules/latex_form.py"
        if name in ("begin", "end"):
            environment = re.match(r"\{([a-z]+)\*?\}", text[token.end() :])
            if not environment or environment[1] not in ENVIRONMENTS:
                return at, f"\\{name} of an unknown environment", "one of " + ", ".join(sorted(ENVIRONMENTS))
            if name == "begin":
                environments.append(environment[0])
            elif not environments or environments.pop() != environment[0]:
                return at, f"\\end{environment[0]} of another environment", "each \\begin has its \\end"
        fences += (name == "left") - (name == "right")
        if fences < 0:
            return at, "\\right without \\left", "each opening one has its closing one"
        if name in TAKES and not _followed(text, token.end(), TAKES[name]):
            return at, f"\\{name} without {'its argument' if TAKES[name] == 1 else 'two arguments'}", f"\\{name}" + "{...}" * TAKES[name]
        if escaped is not None and escaped not in r"{}|,;:! \_%#&":
            return at, f"\\{escaped}", r"the spaces \, \; \: \! and the characters \{ \} \| \_ \% \# \&"
        if character == "{":
            depth.append(at)
        elif character == "}":
            if not depth:
                return at, "a closing brace without an opening one", "balanced braces"
            depth.pop()
        elif character in ("$", "%", "#", "~") or (character == "&" and not environments):
            return at, f"{character!r}", "maths without dollar signs, comments, macro parameters and ties"
    if (len(text) - len(text.rstrip("\\"))) % 2:
        return len(text) - 1, "a backslash at the end", "a command has a name"
    if depth:
        return depth[0], "an opening brace without a closing one", "balanced braces"
    if fences or environments:
        what = "\\left and \\right" if fences else "\\begin and \\end"
        return 0, f"{what} not in pairs", "each opening one has its closing one"
    if found := re.search(r"(?<!\\)[_^]\s*($|[_^}])", text):
        return found.start(), f"{found[0][:1]} without what is raised or lowered", "an index or a power after it"
    for script in re.finditer(r"(?<!\\)[_^]", text):
        end = _argument(text, script.end())
        if end is not None and text[end:].lstrip()[:1] == script[0]:
            return script.start(), f"two times {script[0]} on one symbol", "braces around the inner one"
    return None


def _followed(text: str, at: int, count: int) -> bool:
    """Whether so many arguments stand at `at`."""
    if option := re.compile(r"\s*\[[^\]]*\]").match(text, at):  # the degree of a root
        at = option.end()
    for _ in range(count):
        end = _argument(text, at)
        if end is None:
            return False
        at = end
    return True


def _argument(text: str, at: int) -> int | None:
    """Where the argument ends that begins at `at`: a group, a command or a character. None, if there is none."""
    at += len(text[at:]) - len(text[at:].lstrip())
    if not text[at:] or text[at] in "}^_&":
        return None
    if text[at] == "\\":
        return at + len((re.match(r"\\(?:[A-Za-z]+|.)", text[at:]) or [" "])[0])
    if text[at] != "{":
        return at + 1
    depth = 0
    for brace in re.compile(r"(?<!\\)[{}]").finditer(text, at):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(text)  # never closed, which is told as such
