"""How equations look: each pair is a line of the algebra and what a paper would print."""

import random
import re
from pathlib import Path

import pytest
from algebra_trees import OPERATORS, SCALARS, TENSORS, equations, trees
from hypothesis import given, settings

from tools.algebra import parse_equation, parse_expression
from tools.algebra.functions import FUNCTIONS
from tools.algebra.latex import FENCED, NAMED, SPECIAL, Printer, tensor_names
from tools.algebra.symbols import indexed, number, scripts, symbol
from tools.algebra.tree import Binary, Call, Name, Number, Unary
from tools.catalog.equations import parsed, parsed_expression
from tools.catalog.loader import load_catalog
from tools.site.context import Atlas
from tools.site.maths import Maths

CATALOG = load_catalog(Path(__file__).parent.parent)[0]
SYMBOLS = {
    "lr": r"\eta",
    "weight_decay": r"\lambda",
    "beta1": r"\beta_1",
    "ratio": r"\phi",
    "eta2": r"\eta^+",
    "avg": "E[g^2]",
    "lower": r"\eta_{l}",
    "v1": "v^{(1)}",
    "flag": r"\text{nesterov}",
    "q": "Q_L",
}
PRINT = Printer(SYMBOLS, frozenset({"theta", "g", "m", "v", "m_hat", "v_hat", "q", "a", "b", "z", "avg", "v1", "x_prime"}))

EQUATIONS = [
    ("m[t] = beta1*m[t-1] + (1 - beta1)*g[t]", r"m_{t} = \beta_1 \, m_{t-1} + (1 - \beta_1) \, g_{t}"),
    ("m_hat[t] = m[t]/(1 - beta1**t)", r"\hat{m}_{t} = \frac{m_{t}}{1 - \beta_1^{t}}"),
    (
        "theta[t] = theta[t-1] - lr*m_hat[t]/(sqrt(v_hat[t]) + eps)",
        r"\theta_{t} = \theta_{t-1} - \frac{\eta \, \hat{m}_{t}}{\sqrt{\hat{v}_{t}} + \epsilon}",
    ),
    (
        "theta[t] = theta[t-1] - lr*(m_hat[t]/(sqrt(v_hat[t]) + eps) + weight_decay*theta[t-1])",
        r"\theta_{t} = \theta_{t-1} - \eta \, \left( \frac{\hat{m}_{t}}{\sqrt{\hat{v}_{t}} + \epsilon} + \lambda \, \theta_{t-1} \right)",
    ),
    (
        "theta[t] = theta[t-1] - lr*(sign(m[t]) + weight_decay*theta[t-1])",
        r"\theta_{t} = \theta_{t-1} - \eta \, (\operatorname{sign}(m_{t}) + \lambda \, \theta_{t-1})",
    ),
    ("z[t] = rademacher(g[t])", r"z_{t} \sim \operatorname{Rademacher}"),
    ("a[t] = z[t]*hvp(theta[t-1], z[t])", r"a_{t} = z_{t} \odot (\nabla^{2} f(\theta_{t-1}) \, z_{t})"),
    ("lower[t] = lr*(1 - 1/(gamma*t + 1))", r"\eta_{l, t} = \eta \, \left( 1 - \frac{1}{\gamma \, t + 1} \right)"),
    ("flagged[t] = norm(g[t]) > 1", r"\text{flagged}_{t} = [\lVert g_{t} \rVert > 1]"),
]
EXPRESSIONS = [
    # products
    ("g[t]*m[t]", r"g_{t} \odot m_{t}"),
    ("lr*g[t]*m[t]", r"\eta \, g_{t} \odot m_{t}"),
    ("lr*(g[t]*m[t])", r"\eta \, g_{t} \odot m_{t}"),
    ("g[t]*(lr*m[t])", r"g_{t} \odot (\eta \, m_{t})"),
    ("norm(g[t])*m[t]", r"\lVert g_{t} \rVert \, m_{t}"),
    ("(a[t] + lr)*(b[t] - 1)", r"(a_{t} + \eta) \odot (b_{t} - 1)"),
    ("matmul(a[t], b[t])*g[t]", r"(a_{t} \, b_{t}) \odot g_{t}"),
    ("lr*matmul(a[t], b[t])", r"\eta \, a_{t} \, b_{t}"),
    ("theta[t-1]*(1 - lr*weight_decay)", r"\theta_{t-1} \, (1 - \eta \, \lambda)"),
    ("0.5*0.96**t", r"0.5 \cdot 0.96^{t}"),
    ("lr*0.5", r"\eta \cdot 0.5"),
    ("2*(1/t)", r"2 \cdot \frac{1}{t}"),
    ("lr*-g[t]", r"\eta \, (-g_{t})"),
    # signs
    ("-lr*g[t]", r"-\eta \, g_{t}"),
    ("-(a[t] + b[t])", r"-(a_{t} + b_{t})"),
    ("a[t] + -b[t]", r"a_{t} + (-b_{t})"),
    ("a[t] - -lr*b[t]", r"a_{t} - (-\eta \, b_{t})"),
    ("--lr", r"-(-\eta)"),
    ("-lr*m[t]/sqrt(v[t])", r"-\frac{\eta \, m_{t}}{\sqrt{v_{t}}}"),
    ("a[t] - -lr/t", r"a_{t} - \left( -\frac{\eta}{t} \right)"),
    ("a[t] - (b[t] - lr)", r"a_{t} - (b_{t} - \eta)"),
    ("(-lr)**2", r"(-\eta)^{2}"),
    ("-lr**2", r"-\eta^{2}"),
    # fractions
    ("(a[t]/lr)/(b[t]/t)", r"\frac{a_{t}/\eta}{b_{t}/t}"),
    ("1/(lr + 1/(t + 1))", r"\frac{1}{\eta + 1/(t + 1)}"),
    ("1/(lr*t/2)", r"\frac{1}{\eta \, t/2}"),
    ("1/(a[t]/(lr*t))", r"\frac{1}{a_{t}/(\eta \, t)}"),
    ("1/((1/lr)*t)", r"\frac{1}{(1/\eta) \, t}"),
    ("(a[t]/lr)**2", r"\left( \frac{a_{t}}{\eta} \right)^{2}"),
    ("v[t]**(k/2)", r"v_{t}^{k/2}"),
    ("v[t]**(-1/(k + 1))", r"v_{t}^{-1/(k + 1)}"),
    ("v[t]**-0.5", r"v_{t}^{-0.5}"),
    # powers
    ("norm(g[t])**2", r"\lVert g_{t} \rVert^{2}"),
    ("norm1(g[t])**2", r"\lVert g_{t} \rVert_{1}^{2}"),
    ("(g[t] - m[t])**2", r"(g_{t} - m_{t})^{2}"),
    ("(lr**t)**2", r"(\eta^{t})^{2}"),
    ("lr**t**2", r"\eta^{t^{2}}"),
    ("eta2**2", r"(\eta^+)^{2}"),
    ("v1[t]**2", r"(v_{t}^{(1)})^{2}"),
    ("avg[t]**2", r"(E[g^{2}]_{t})^{2}"),
    ("x_prime[t]**2", r"(x_{t}^{\prime})^{2}"),
    ("1e-8**t", r"(10^{-8})^{t}"),
    ("log(lr)**2", r"(\log(\eta))^{2}"),
    ("sqrt(v[t])**3", r"(\sqrt{v_{t}})^{3}"),
    # indices
    ("v1[t-1]", r"v_{t-1}^{(1)}"),
    ("q[t-1]", "Q_{L, t-1}"),
    ("beta1[t]", r"\beta_{1, t}"),
    ("theta[0]", r"\theta_{0}"),
    ("theta", r"\theta_{0}"),
    # functions
    ("row_mean(g[t]**2)", r"\operatorname{mean}_{\text{row}}(g_{t}^{2})"),
    ("row_max(g[t])**2", r"(\max_{\text{row}}(g_{t}))^{2}"),
    ("channel_sum(g[t])", r"\operatorname{sum}_{\text{channel}}(g_{t})"),
    ("channel_norm(g[t])**2", r"\lVert g_{t} \rVert_{\text{channel}}^{2}"),
    ("norm(a[t]/lr)", r"\left\lVert \frac{a_{t}}{\eta} \right\rVert"),
    ("max_abs(g[t])", r"\lVert g_{t} \rVert_{\infty}"),
    ("floor(t/2)", r"\left\lfloor \frac{t}{2} \right\rfloor"),
    ("maximum(1, rms(g[t])/lr)", r"\max\left( 1, \frac{\operatorname{rms}(g_{t})}{\eta} \right)"),
    ("clip(g[t], -1, 1)", r"\operatorname{clip}(g_{t}, -1, 1)"),
    ("cbrt(v[t])", r"\sqrt[3]{v_{t}}"),
    ("abs(g[t])", r"\lvert g_{t} \rvert"),
    ("dot(g[t], m[t])/t", r"\frac{\langle g_{t}, m_{t} \rangle}{t}"),
    ("inverse_root(a[t], 4)", "a_{t}^{-1/4}"),
    ("matmul(inverse_root(a[t], 4), g[t], inverse_root(b[t], 2*k))", r"a_{t}^{-1/4} \, g_{t} \, b_{t}^{-1/(2 \, k)}"),
    ("matmul(a[t] + b[t], transpose(g[t]))", r"(a_{t} + b_{t}) \, g_{t}^{\top}"),
    ("transpose(matmul(a[t], b[t]))", r"(a_{t} \, b_{t})^{\top}"),
    ("transpose(inverse(a[t]))", r"(a_{t}^{-1})^{\top}"),
    ("transpose(v1[t])", r"(v_{t}^{(1)})^{\top}"),
    ("matmul(a[t], b[t])**2", r"(a_{t} \, b_{t})^{2}"),
    ("outer(a[t], b[t])", r"a_{t} \otimes b_{t}"),
    ("eps*identity(rows(theta))", r"\epsilon \, I"),
    ("identity(k + 1)", "I_{k + 1}"),
    ("newton_schulz(g[t], 3.4445, a1, a2, 5)", r"\operatorname{NS}_{5}(g_{t};\, 3.4445, a_{1}, a_{2})"),
    ("gaussian_matrix(k, rows(g[t]))/sqrt(k)", r"\frac{\mathcal{N}(0, 1)^{k \times \operatorname{rows}(g_{t})}}{\sqrt{k}}"),
    ("gradient(theta[t-1] + m[t])", r"\nabla f(\theta_{t-1} + m_{t})"),
    ("theta[t-1] + inner_step(g[t])", r"\theta_{t-1} + \Delta_{\text{inner}}(g_{t})"),
    ("left_singular_vectors(g[t], k)", r"\operatorname{SVD}_{U, k}(g_{t})"),
    # sums take what follows them
    ("total(g[t]*m[t])", r"\sum_{\text{model}} g_{t} \odot m_{t}"),
    ("sum(m[t]**4)**0.25", r"\left( \sum_{i} m_{t, i}^{4} \right)^{0.25}"),
    ("sum(g[t]*m[t])", r"\sum_{i} [g_{t} \odot m_{t}]_{i}"),
    ("lr*total(g[t])", r"\eta \, \sum_{\text{model}} g_{t}"),
    ("total(g[t])*lr", r"\left( \sum_{\text{model}} g_{t} \right) \, \eta"),
    ("total(g[t]) + lr", r"\sum_{\text{model}} g_{t} + \eta"),
    ("total(g[t] + m[t])", r"\sum_{\text{model}} (g_{t} + m_{t})"),
    ("lr*total(g[t])*t", r"\left( \eta \, \sum_{\text{model}} g_{t} \right) \, t"),
    # conditions and cases
    ("(t - 1) % k == 0", r"[(t - 1) \bmod k = 0]"),
    ("t % (k*2)", r"t \bmod (k \cdot 2)"),
    ("1 + t % k", r"1 + (t \bmod k)"),
    ("(t > 1)*lr", r"[t > 1] \, \eta"),
    ("where(t > 1, m[t], 0)", r"\begin{cases} m_{t} & \text{if } t > 1 \\ 0 & \text{otherwise} \end{cases}"),
    ("where(flag, m[t], 0)", r"\begin{cases} m_{t} & \text{if } \text{nesterov} \\ 0 & \text{otherwise} \end{cases}"),
    (
        "where(t > 2, lr, where(t > 1 and t <= k or not flag, 1, 0))",
        r"\begin{cases} \eta & \text{if } t > 2 \\ 1 & \text{if } t > 1\text{ and }t \le k\text{ or }\text{not } \text{nesterov} \\ "
        r"0 & \text{otherwise} \end{cases}",
    ),
    (
        "where((t > 1 or t != k) and flag, lr/t, 0)",
        r"\begin{dcases} \frac{\eta}{t} & \text{if } (t > 1\text{ or }t \ne k)\text{ and }\text{nesterov} \\ "
        r"0 & \text{otherwise} \end{dcases}",
    ),
    ("where(flag, 1, 0) + lr", r"\left( \begin{cases} 1 & \text{if } \text{nesterov} \\ 0 & \text{otherwise} \end{cases} \right) + \eta"),
    ("lr + where(flag, 1, 0)", r"\eta + \begin{cases} 1 & \text{if } \text{nesterov} \\ 0 & \text{otherwise} \end{cases}"),
]


@pytest.mark.parametrize(("text", "latex"), EQUATIONS, ids=[t for t, _ in EQUATIONS])
def test_an_equation_looks_as_in_a_paper(text, latex):
    assert PRINT(parse_equation(text)) == latex
    assert PRINT.equation(parse_equation(text)) == latex


@pytest.mark.parametrize(("text", "latex"), EXPRESSIONS, ids=[t for t, _ in EXPRESSIONS])
def test_an_expression_looks_as_in_a_paper(text, latex):
    assert PRINT(parse_expression(text)) == latex


def test_the_sign_of_equality_can_be_aligned():
    assert PRINT.equation(parse_equation("m[t] = 1"), align=True) == "m_{t} &= 1"
    assert PRINT.equation(parse_equation("m[t] = gaussian(g[t])"), align=True) == r"m_{t} &\sim \mathcal{N}(0, I)"


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("m", "m"),
        ("beta1", r"\beta_{1}"),
        ("m_hat", r"\hat{m}"),
        ("m1_hat", r"\hat{m}_{1}"),
        ("beta2_hat", r"\hat{\beta}_{2}"),
        ("theta_bar", r"\bar{\theta}"),
        ("rho_inf", r"\rho_{\infty}"),
        ("v_max", r"v_{\max}"),
        ("v_max_hat", r"\hat{v}_{\max}"),
        ("x_prime", r"x^{\prime}"),
        ("x_star_2", r"x_{2}^{\star}"),
        ("step_size", r"\text{step}_{\text{size}}"),
        ("slow", r"\text{slow}"),
        ("eps2", r"\epsilon_{2}"),
        ("q_left_t", r"q_{\text{left}, t}"),
        ("a_", "a"),
        ("a1b2", r"\text{a1b2}"),
        ("pi", r"\pi"),
        ("inf", r"\infty"),
        ("hat", r"\text{hat}"),
    ],
)
def test_a_name_without_a_symbol(name, latex):
    assert symbol(name) == latex


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        ("v", ("v", "", "")),
        ("v_2", ("v", "2", "")),
        (r"v_{\max}^{*}", ("v", r"\max", "*")),
        (r"v^*_\max", ("v", r"\max", "*")),
        (r"T_\text{warmup}", ("T", r"\text{warmup}", "")),
        (r"\hat{v}_2", (r"\hat{v}", "2", "")),
        (r"\hat{v_2}", (r"\hat{v_2}", "", "")),
        ("E[g^2]", ("E[g^{2}]", "", "")),
        ("x'", ("x", "", r"\prime")),
        (r"\Delta x", (r"\Delta x", "", "")),
        (r"\eta^-", (r"\eta", "", "-")),
    ],
)
def test_the_scripts_of_a_symbol(latex, parts):
    assert scripts(latex) == parts


def test_an_index_joins_those_of_the_symbol():
    assert indexed(r"v_{\max}^{*}", "t-1") == r"v_{\max, t-1}^{*}"
    assert indexed("x'", "t") == r"x_{t}^{\prime}"


@pytest.mark.parametrize(
    ("value", "latex"),
    [(0.5, "0.5"), (1e-8, "10^{-8}"), (2.5e-6, r"2.5 \cdot 10^{-6}"), (3.4445, "3.4445"), (1e16, "10^{16}"), (1.0, "1"), (20, "20"),
     (0.9999999, "0.9999999"), (1e-4, "0.0001"), (1234567.5, "1234567.5")],
)  # fmt: skip
def test_a_number(value, latex):
    assert number(value) == latex


def test_every_function_has_one_print():
    tables = [NAMED.keys(), FENCED.keys(), SPECIAL.keys()]
    assert sum(map(len, tables)) == len(FUNCTIONS)
    assert set().union(*tables) == FUNCTIONS.keys()


def test_what_is_a_tensor():
    lines = ["a[t] = norm(g[t])", "b[t] = a[t]*m[t]", "c[t] = where(b[t] > 0, 1, 0)", "d[t] = a[t]**2"]
    assert tensor_names([parse_equation(x) for x in lines], {"theta", "g", "m"}) == {"theta", "g", "m", "b", "c"}


def balanced(latex):
    assert not re.search(r"\^\{[^{}]*\}\^|_\{[^{}]*\}_", latex), latex
    depth = 0
    for token in re.findall(r"\\.|[{}]", latex):
        depth += (token == "{") - (token == "}")
        assert depth >= 0
    assert depth == 0
    assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(r"\right") == len(re.findall(r"\\right\b", latex))
    assert re.findall(r"\\begin\{(\w+)\}", latex).count("cases") == re.findall(r"\\end\{(\w+)\}", latex).count("cases")
    assert "  " not in latex


@settings(deadline=None, max_examples=120)
@given(trees)
def test_any_tree_prints_with_its_braces_in_balance(tree):
    balanced(PRINT(tree))
    balanced(Printer()(tree))


@settings(deadline=None, max_examples=60)
@given(equations)
def test_any_equation_prints_with_its_braces_in_balance(tree):
    balanced(PRINT(tree))


def some_tree(rng, depth):
    if depth == 0 or rng.random() < 0.1:
        return rng.choice(
            [Number(rng.choice([0, 2, 0.5, 1e-8, 2.5e-6])), Name(rng.choice(SCALARS)), Name(rng.choice([*TENSORS, "v1", "avg"]), "t")]
        )
    kind = rng.random()
    if kind < 0.15:
        return Unary(rng.choice(["-", "not"]), some_tree(rng, depth - 1))
    if kind < 0.55:
        return Binary(rng.choice(OPERATORS), some_tree(rng, depth - 1), some_tree(rng, depth - 1))
    name = rng.choice(sorted(FUNCTIONS))
    return Call(name, tuple(some_tree(rng, depth - 1) for _ in range(rng.randint(FUNCTIONS[name].least, FUNCTIONS[name].most))))


def test_temml_takes_whatever_is_printed():
    """All equations and expressions of the catalog, all pairs above, and random trees."""
    maths = Maths()
    atlas = Atlas(CATALOG, maths, "https://example.org")
    lines = 0
    for view in atlas.views.values():
        for i, e in enumerate(view.o.equations):
            view.equation(i)
            if e.math:
                balanced(view.printer(parsed(e.math)))
                lines += 1
        for text in [s.start for s in view.o.state] + ([view.o.weight_decay.shrink] if view.o.weight_decay else []):
            if text:
                view.expression(text)
                balanced(view.printer(parsed_expression(text)))
    assert lines > 250
    for _, latex in EQUATIONS + EXPRESSIONS:
        maths(latex, True)
    rng = random.Random(0)
    for _ in range(400):
        maths(PRINT(some_tree(rng, rng.randint(1, 5))))
    maths.start()
    maths.finish()
    assert len(maths.set) == len(maths.wanted) > 600
    assert all(m.startswith("<math") for m in maths.set)
