"""Rules that the algebra cannot say, written for golden trajectories in pure Python: all numbers of the model stand in one list.

Each takes the hyperparameters, the start and what a file gives in each step, and yields the parameters after each step.
"""

import math


def flat(nested):
    """Numbers in nested lists, one after the other."""
    return [y for x in nested for y in flat(x)] if isinstance(nested, list) else [nested]


def dot(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def plus(x, factor, y):
    return [a + factor * b for a, b in zip(x, y, strict=True)]


def answers(step, kind):
    return [record["answer"] for record in step["asked"] if record["ask"] == kind]


def solve(matrix, right):
    """A linear system, by elimination with the largest pivot."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for k in range(len(rows)):
        best = max(range(k, len(rows)), key=lambda i: abs(rows[i][k]))
        rows[k], rows[best] = rows[best], rows[k]
        for i in range(k + 1, len(rows)):
            rows[i] = plus(rows[i], -rows[i][k] / rows[k][k], rows[k])
    found = [0.0] * len(rows)
    for k in reversed(range(len(rows))):
        found[k] = (rows[k][-1] - sum(rows[k][j] * found[j] for j in range(k + 1, len(rows)))) / rows[k][k]
    return found


def lezo(hyper, start, steps):
    theta, count = flat(start), len(start)
    for step in steps:
        drawn, (above, below) = answers(step, "draw"), answers(step, "value")
        moving = sorted(range(count), key=lambda i: drawn[count + i])[: count - math.floor(hyper["sparsity"] * count)]
        z = [v * (i in moving) for i in range(count) for v in flat(drawn[i])]
        theta = plus(theta, -hyper["lr"] * (above - below) / (2 * hyper["eps"]), z)
        yield theta


def fzoo(hyper, start, steps):
    theta, n = flat(start), hyper["n"]
    for step in steps:
        drawn = answers(step, "draw")
        signs = [flat(drawn[k * len(start) : (k + 1) * len(start)]) for k in range(n)]
        here, *losses = answers(step, "value")
        mean = sum(losses) / n
        spread = math.sqrt(sum((x - mean) ** 2 for x in losses) / (n - 1))
        for loss, u in zip(losses, signs, strict=True):
            theta = plus(theta, -hyper["lr"] * (loss - here) / (hyper["eps"] * n * spread) if spread else 0.0, u)
        yield theta


def two_loops(pairs, g):
    """The inverse Hessian of the pairs (oldest first) times g, after Nocedal (1980)."""
    r, shares = list(g), []
    for s, y in reversed(pairs):
        shares.append(dot(s, r) / dot(s, y))
        r = plus(r, -shares[-1], y)
    if pairs:
        s, y = pairs[-1]
        r = [dot(s, y) / dot(y, y) * x for x in r]
    for s, y in pairs:
        r = plus(r, shares.pop() - dot(y, r) / dot(s, y), s)
    return r


def l_bfgs(hyper, start, steps):
    theta, pairs, last = flat(start), [], None
    for step in steps:
        g, rate = flat(step["gradients"]), hyper["lr"]
        if last is None:
            rate *= min(1, 1 / sum(map(abs, g)))
        elif dot(last[0], y := plus(g, -1, last[1])) > 1e-10:
            pairs = [*pairs, (last[0], y)][-hyper["history_size"] :]
        move = [-rate * x for x in two_loops(pairs, g)]
        theta, last = plus(theta, 1, move), (move, g)
        yield theta


def ml_bfgs(hyper, start, steps):
    theta, pairs, means, noted = flat(start), [], None, None
    for t, step in enumerate(steps, 1):
        g = flat(step["gradients"])
        new = (theta, g)
        means = (
            new
            if means is None
            else tuple(plus([b * m for m in old], 1 - b, x) for b, old, x in zip(hyper["betas"], means, new, strict=True))
        )
        if t % hyper["update_frequency"] == 0:
            if noted is not None:
                s, y = (plus(m, -1, old) for m, old in zip(means, noted, strict=True))
                if any(s):
                    mu, share = dot(s, y) / dot(s, s), hyper["tau"]
                    if mu <= hyper["sigma_low"]:
                        share = min(share, (1 - hyper["sigma_low"]) / (1 - mu))
                    elif mu >= hyper["sigma_high"]:
                        share = min(share, (hyper["sigma_high"] - 1) / (mu - 1))
                    damped = plus([share * v for v in y], 1 - share, s)
                    pairs = [*pairs, (s, damped)][-hyper["history_size"] :]
            noted = means
        theta = plus(theta, -hyper["lr"], two_loops(pairs, g))
        yield theta


def natural_gradient(hyper, start, steps):
    theta = flat(start)
    for step in steps:
        (tensors,) = answers(step, "per_sample")
        rows = [flat([tensor[i] for tensor in tensors]) for i in range(len(tensors[0]))]
        n, size = len(rows), range(len(theta))
        fisher = [[sum(row[i] * row[j] for row in rows) / n + hyper["damping"] * (i == j) for j in size] for i in size]
        theta = plus(theta, -hyper["lr"], solve(fisher, [sum(column) / n for column in zip(*rows, strict=True)]))
        yield theta


def moment(samples, places):
    """The sum of the outer products of all places of all samples, over the number of samples times `places`."""
    vectors, n = [v for sample in samples for v in sample], len(samples) * places
    size = range(len(vectors[0]))
    return [[sum(v[i] * v[j] for v in vectors) / n for j in size] for i in size]


def k_fac(hyper, start, steps):
    theta, moments = [flat(x) for x in start], {}
    for k, step in enumerate(steps, 1):
        share = hyper["decay"] * (1 - hyper["decay"] ** (k - 1)) / (1 - hyper["decay"] ** k)
        for i, (g, layer) in enumerate(zip(map(flat, step["gradients"]), answers(step, "factors")[0], strict=True)):
            direction = g
            if layer is not None:
                new = moment(layer["inputs"], 1), moment(layer["slopes"], len(layer["slopes"][0]))
                old = moments.get(i, ([[0.0] * len(m) for m in m2] for m2 in new))
                moments[i] = [
                    [plus([share * v for v in o], 1 - share, w) for o, w in zip(before, now, strict=True)]
                    for before, now in zip(old, new, strict=True)
                ]
                a, b = moments[i]
                sizes = [sum(m[j][j] for j in range(len(m))) / len(m) for m in (a, b)]
                pi = math.sqrt(sizes[0] / sizes[1]) if min(sizes) > 0 else 1.0
                root = math.sqrt(hyper["damping"])
                a, b = (
                    [[v + add * (p == q) for q, v in enumerate(row)] for p, row in enumerate(m)]
                    for m, add in ((a, pi * root), (b, root / pi))
                )
                # entry (p, q) of the weight is number p * columns + q
                block = [[b[p][r] * a[q][s] for r in range(len(b)) for s in range(len(a))] for p in range(len(b)) for q in range(len(a))]
                direction = solve(block, g)
            theta[i] = plus(theta[i], -hyper["lr"], direction)
        yield [v for x in theta for v in x]


def spread(squares):
    return [(v - min(squares)) / (max(squares) - min(squares) + 1e-6) for v in squares]


def mean_squares(samples):
    vectors = [v for sample in samples for v in sample]
    return [sum(v[i] ** 2 for v in vectors) / len(vectors) for i in range(len(vectors[0]))]


def adafisher(hyper, start, steps):
    theta, means, diagonals = [flat(x) for x in start], [[0.0] * len(flat(x)) for x in start], {}
    forget, take = hyper["gammas"]
    for k, step in enumerate(steps):
        for i, (g, layer) in enumerate(zip(map(flat, step["gradients"]), answers(step, "factors")[0], strict=True)):
            g = plus(g, hyper["weight_decay"], theta[i])
            means[i] = plus([hyper["beta"] * m for m in means[i]], 1 - hyper["beta"], g)
            if layer is not None and k % hyper["update_interval"] == 0:
                new = spread(mean_squares(layer["whole"]))[-len(layer["inputs"][0][0]) :], spread(mean_squares(layer["slopes"]))
                old = diagonals.get(i, ([1.0] * len(new[0]), [1.0] * len(new[1])))
                diagonals[i] = [plus([(1 - forget) * o for o in before], take, now) for before, now in zip(old, new, strict=True)]
            curvature = [1.0] * len(g)
            if i in diagonals:
                curvature = [back * seen + hyper["damping"] for back in diagonals[i][1] for seen in diagonals[i][0]]
            size = hyper["lr"] / (1 - hyper["beta"] ** (k + 1))
            theta[i] = [x - size * m / f for x, m, f in zip(theta[i], means[i], curvature, strict=True)]
        yield [v for x in theta for v in x]


RULES = {
    "adafisher": adafisher,
    "fzoo": fzoo,
    "k-fac": k_fac,
    "l-bfgs": l_bfgs,
    "lezo": lezo,
    "ml-bfgs": ml_bfgs,
    "natural-gradient": natural_gradient,
}
