"""Tree to LaTeX, as a paper would set it: fractions, roots, hats, Greek letters, time as an index.

Brackets follow what the print looks like, which is not always how the line is typed: a fraction needs none, and a sum sign or a
case distinction takes all that stands behind it. A fraction inside of another one, in an exponent or in an index gets a slash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tools.algebra.functions import CONSTANTS, FUNCTIONS, RANDOM
from tools.algebra.source import COMPARISONS
from tools.algebra.symbols import indexed, number, symbol
from tools.algebra.tree import Binary, Call, Equation, Name, Node, Number, Unary

# How strongly a print binds. SIGN: starts with a minus; OPEN: takes what follows it (a sum sign, a slash, cases).
OR, AND, NOT, COMPARED, MODULO, SUM, SIGN, OPEN, PRODUCT, ATOM = range(10)
LOGIC = {"or": OR, "and": AND, "not": NOT, **dict.fromkeys(COMPARISONS, COMPARED)}
SIGNS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne", "and": r"\text{ and }", "or": r"\text{ or }"}
NAMED = {
    "exp": r"\exp",
    "log": r"\log",
    "cos": r"\cos",
    "arccos": r"\arccos",
    "tanh": r"\tanh",
    "minimum": r"\min",
    "maximum": r"\max",
    "trace": r"\operatorname{tr}",
    "orthogonalize": r"\operatorname{polar}",
    "eigenvectors": r"\operatorname{eigvec}",
    "qr": r"\operatorname{QR}_{Q}",
    "diagonal": r"\operatorname{diag}",
    "upper_triangle": r"\operatorname{triu}",
    "value": "f",
    "gradient": r"\nabla f",
    "full_gradient": r"\nabla F",
    "inner_step": r"\Delta_{\text{inner}}",
    **{name: rf"\operatorname{{{name}}}" for name in ("sigmoid", "sign", "clip", "mean", "rms", "size", "rows", "cols", "channels")},
    **{f"{axis}_{name}": rf"\operatorname{{{name}}}_{{\text{{{axis}}}}}" for axis in ("row", "col", "channel") for name in ("mean", "sum")},
    **{f"{axis}_max": rf"\max_{{\text{{{axis}}}}}" for axis in ("row", "col")},
}
FENCED = {
    "abs": (r"\lvert", r"\rvert", ""),
    "norm": (r"\lVert", r"\rVert", ""),
    "norm1": (r"\lVert", r"\rVert", "_{1}"),
    "max_abs": (r"\lVert", r"\rVert", r"_{\infty}"),
    "floor": (r"\lfloor", r"\rfloor", ""),
    "dot": (r"\langle", r"\rangle", ""),
    **{f"{axis}_norm": (r"\lVert", r"\rVert", rf"_{{\text{{{axis}}}}}") for axis in ("row", "col", "channel")},
}
SIDE_BY_SIDE = frozenset({"matmul", "hvp", "outer"})  # printed as factors next to each other
LENGTHS = frozenset({"rows", "cols", "size", "channels"})


@dataclass(frozen=True)
class Printer:
    """Prints trees with the symbols of one record; `tensors` are the names that are not single numbers."""

    symbols: Mapping[str, str] = field(default_factory=dict)
    tensors: frozenset[str] = frozenset({"theta", "g"})
    slash: bool = False  # whether a fraction is written with a slash

    def equation(self, node: Equation, align: bool = False) -> str:
        drawn = isinstance(node.value, Call) and node.value.function in RANDOM
        sign = r"\sim" if drawn else "="
        return f"{self(node.target)} {'&' * align}{sign} {self(node.value)}"

    def __call__(self, node: Node) -> str:
        match node:
            case Equation():
                return self.equation(node)
            case Number(value=value):
                return number(value)
            case Name(id=name, time=time):
                return self._name(name, time)
            case Unary(operator="-", operand=operand):
                return "-" + self._inside(operand, OPEN)
            case Unary() | Binary() if _is_condition(node):
                return _fenced("[", "]", self._condition(node, OR))  # 1 where it holds, else 0
            case Binary():
                return self._binary(node)
            case Call():
                return self._call(node)
        raise TypeError(f"no node of the algebra: {node!r}")

    @property
    def small(self) -> Printer:
        """The printer for numerators, denominators, exponents and indices."""
        return self if self.slash else replace(self, slash=True)

    def is_tensor(self, node: Node) -> bool:
        """Whether the value has more than one entry: where two such meet, the product is elementwise."""
        match node:
            case Number():
                return False
            case Name(id=name):
                return name in self.tensors
            case Call(function=function, arguments=arguments):
                gives = FUNCTIONS[function].gives
                return gives == "tensor" or (gives == "elementwise" and any(map(self.is_tensor, arguments)))
        return any(map(self.is_tensor, node.children))

    def _name(self, name: str, time: str | None) -> str:
        latex = self.symbols.get(name) or symbol(name)
        if time is None:
            return indexed(latex, "0") if name == "theta" else latex  # start values know the first theta alone
        return indexed(latex, time)

    def _inside(self, node: Node, least: int) -> str:
        return self(node) if self._binding(node) >= least else bracket(self(node))

    def _binding(self, node: Node) -> int:
        match node:
            case Unary(operator="-", operand=operand):
                return SUM if self._binding(operand) == OPEN else SIGN
            case Binary(operator="+" | "-"):
                return SUM
            case Binary(operator="%"):
                return MODULO
            case Binary(operator="*", left=left, right=right):
                ends_open = self._binding(right) == OPEN
                if _starts_with_sign(left):
                    return SUM if ends_open else SIGN
                return OPEN if ends_open else PRODUCT
            case Binary(operator="/", left=left):
                if _starts_with_sign(left):
                    return SUM if self.slash else SIGN
                return OPEN if self.slash else ATOM
            case Call(function="where" | "sum" | "total"):
                return OPEN
            case Call(function=function) if function in SIDE_BY_SIDE:
                return PRODUCT
        return ATOM

    def _condition(self, node: Node, least: int) -> str:
        """A comparison or several of them in words; anything else as the number that it is."""
        if not isinstance(node, Unary | Binary) or not _is_condition(node):
            return self._inside(node, MODULO)
        strength = LOGIC[node.operator]
        if isinstance(node, Unary):
            text = r"\text{not } " + self._condition(node.operand, NOT)
        elif strength == COMPARED:
            text = f"{self._left(node.left, MODULO)} {SIGNS[node.operator]} {self._inside(node.right, MODULO)}"
        else:
            text = f"{self._condition(node.left, strength)}{SIGNS[node.operator]}{self._condition(node.right, strength + 1)}"
        return text if strength >= least else bracket(text)

    def _left(self, node: Node, least: int) -> str:
        """An operand that something follows: cases would swallow it."""
        return bracket(self(node)) if _ends_with_cases(node) else self._inside(node, least)

    def _binary(self, node: Binary) -> str:
        operator, left, right = node.operator, node.left, node.right
        if operator == "/":
            return self._fraction(left, right)
        if operator == "**":
            return self._power(left, right)
        if operator == "*":
            return self._product(left, right)
        if operator == "%":
            return rf"{self._left(left, SIGN)} \bmod {self._inside(right, ATOM)}"
        return f"{self._left(left, SUM)} {operator} {self._inside(right, OPEN)}"

    def _product(self, left: Node, right: Node) -> str:
        if self.is_tensor(left) and self.is_tensor(right):
            return rf"{self._factor(left)} \odot {self._inside(right, ATOM)}"
        first = bracket(self(left)) if self._binding(left) == OPEN else self._inside(left, SIGN)
        second = self._inside(right, OPEN)
        digits = second[0].isdigit() or (first[-1].isdigit() and second.startswith(r"\frac"))
        return first + (r" \cdot " if digits else r" \, ") + second

    def _factor(self, node: Node) -> str:
        """The left side of an elementwise product; a product of matrices there stands in brackets."""
        if self._binding(node) == OPEN or _ends_side_by_side(node):
            return bracket(self(node))
        return self._inside(node, SIGN)

    def _fraction(self, above: Node, below: Node) -> str:
        sign, above = ("-", _positive(above)) if _starts_with_sign(above) else ("", above)
        if self.slash:
            first = bracket(self(above)) if self._binding(above) == OPEN else self._inside(above, PRODUCT)
            return f"{sign}{first}/{self._inside(below, ATOM)}"
        return rf"{sign}\frac{{{self.small(above)}}}{{{self.small(below)}}}"

    def _power(self, base: Node, exponent: Node) -> str:
        above = self.small(exponent)
        if isinstance(base, Call) and base.function in FENCED and base.function not in ("floor", "dot"):
            return f"{self(base)}^{{{above}}}"
        return self._raised(base, above)

    def _raised(self, base: Node, above: str) -> str:
        """With a superscript; a base that has one already, or that is no single sign, stands in brackets."""
        latex = self(base)
        plain = isinstance(base, Name | Number) and "^" not in latex and "'" not in latex and r"\cdot" not in latex
        return f"{latex if plain else bracket(latex)}^{{{above}}}"

    def _call(self, node: Call) -> str:
        name, arguments = node.function, node.arguments
        if special := SPECIAL.get(name):
            return special(self, *arguments)
        listed = ", ".join(map(self, arguments))
        if name in FENCED:
            opening, closing, index = FENCED[name]
            return _fenced(opening + " ", " " + closing, listed) + index
        return NAMED[name] + bracket(listed)


def tensor_names(equations: list[Equation], given: set[str]) -> frozenset[str]:
    """`given` (theta, g and the slots that are no single number) and all names that the equations make from them."""
    found = set(given)
    while True:
        more = {e.target.id for e in equations if Printer(tensors=frozenset(found)).is_tensor(e.value)} - found - CONSTANTS
        if not more:
            return frozenset(found)
        found |= more


def bracket(latex: str) -> str:
    return _fenced("(", ")", latex)


def _fenced(opening: str, closing: str, latex: str) -> str:
    """Fences as high as what is between them, where that is higher than a line."""
    if any(word in latex for word in (r"\frac", r"\sum", r"\begin", r"\left")):
        return rf"\left{opening.strip()} {latex} \right{closing.strip()}"
    return f"{opening}{latex}{closing}"


def _is_condition(node: Node) -> bool:
    return isinstance(node, Unary | Binary) and node.operator in LOGIC


def _starts_with_sign(node: Node) -> bool:
    """Whether a product or quotient begins with a minus, which then stands in front of the whole."""
    while isinstance(node, Binary) and node.operator in "*/":
        node = node.left
    return isinstance(node, Unary) and node.operator == "-"


def _positive(node: Node) -> Node:
    """A product or quotient without the minus that it begins with."""
    if isinstance(node, Binary):
        return replace(node, left=_positive(node.left))
    assert isinstance(node, Unary)
    return node.operand


def _ends_with_cases(node: Node) -> bool:
    match node:
        case Binary(operator="+" | "-" | "*", right=right):
            return _ends_with_cases(right)
        case Unary(operator="-", operand=operand):
            return _ends_with_cases(operand)
        case Call(function=function):
            return function == "where" or (function in ("sum", "total") and _ends_with_cases(node.arguments[0]))
    return False


def _ends_side_by_side(node: Node) -> bool:
    while isinstance(node, Binary) and node.operator == "*":
        node = node.right
    return isinstance(node, Call) and node.function in SIDE_BY_SIDE


def _where(p: Printer, condition: Node, yes: Node, no: Node) -> str:
    rows: list[str] = []
    while True:
        rows.append(rf"{p(yes)} & \text{{if }} {p._condition(condition, OR)}")
        if not (isinstance(no, Call) and no.function == "where"):
            break
        condition, yes, no = no.arguments
    rows.append(rf"{p(no)} & \text{{otherwise}}")
    kind = "dcases" if any(r"\frac" in row or r"\sum" in row for row in rows) else "cases"
    return rf"\begin{{{kind}}} " + r" \\ ".join(rows) + rf" \end{{{kind}}}"


def _sum(p: Printer, x: Node) -> str:
    """Over the entries of x, which carry the index i."""
    match x:
        case Name():
            entry = indexed(p(x), "i")
        case Binary(operator="**", left=Name() as base, right=exponent) if "^" not in p(base):
            entry = f"{indexed(p(base), 'i')}^{{{p.small(exponent)}}}"
        case _:
            entry = _fenced("[", "]", p(x)) + "_{i}"
    return rf"\sum_{{i}} {entry}"


def _factors(p: Printer, *xs: Node) -> str:
    """Matrices side by side; a product of products needs no brackets."""
    return r" \, ".join(p(x) if isinstance(x, Call) and x.function == "matmul" else p._inside(x, ATOM) for x in xs)


def _identity(p: Printer, n: Node) -> str:
    """Its size goes without saying where it is one of the shape's own lengths."""
    return "I" if isinstance(n, Call) and n.function in LENGTHS else rf"I_{{{p.small(n)}}}"


def _newton_schulz(p: Printer, x: Node, a: Node, b: Node, c: Node, steps: Node) -> str:
    return rf"\operatorname{{NS}}_{{{p.small(steps)}}}" + bracket(f"{p(x)};\\, {', '.join(map(p, (a, b, c)))}")


SPECIAL: dict[str, Callable[..., str]] = {
    "sqrt": lambda p, x: rf"\sqrt{{{p(x)}}}",
    "cbrt": lambda p, x: rf"\sqrt[3]{{{p(x)}}}",
    "where": _where,
    "sum": _sum,
    "total": lambda p, x: rf"\sum_{{\text{{model}}}} {p._inside(x, OPEN)}",
    "matmul": _factors,
    "outer": lambda p, x, y: rf"{p._inside(x, ATOM)} \otimes {p._inside(y, ATOM)}",
    "hvp": lambda p, x, v: rf"\nabla^{{2}} f{bracket(p(x))} \, {p._inside(v, ATOM)}",
    "transpose": lambda p, x: p._raised(x, r"\top"),
    "inverse": lambda p, x: p._raised(x, "-1"),
    "inverse_root": lambda p, x, root: p._raised(x, f"-1/{p.small._inside(root, ATOM)}"),
    "identity": _identity,
    "left_singular_vectors": lambda p, x, r: rf"\operatorname{{SVD}}_{{U, {p.small(r)}}}{bracket(p(x))}",
    "rademacher": lambda p, x: r"\operatorname{Rademacher}",
    "gaussian": lambda p, x: r"\mathcal{N}(0, I)",
    "gaussian_matrix": lambda p, n, m: rf"\mathcal{{N}}(0, 1)^{{{p.small(n)} \times {p.small(m)}}}",
    "newton_schulz": _newton_schulz,
}
