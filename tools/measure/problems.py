"""The kinds of problems on which some identities hold (`schema.PROBLEMS`): a model or a tape, narrowed down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tools.measure.model import Model, Sample
from tools.measure.players import Array, Problem, drawn
from tools.measure.tape import Tape


class Signs(Model):
    """Every random direction is one of signs."""

    def drawn(self, kind: str, shape: Sequence[int], t: int) -> Array:
        return drawn("rademacher", shape, t)


class MirroredSigns(Model):
    """As `Signs`, and every second draw of a step is the opposite of the one before."""

    def drawn(self, kind: str, shape: Sequence[int], t: int) -> Array:
        number = t // 1000  # see players.stream
        return (-1.0) ** number * drawn("rademacher", shape, t - 1000 * (number % 2))


def narrowed(problem: Problem, on: Sequence[str]) -> Problem:
    """The problem as the words of `on` want it. Raises ValueError where a tape of gradients has no such thing."""
    for word in on:
        if word == "vectors":
            problem = problem.only((0, 1))
        elif word == "layers":
            problem = problem.only((1, 2, 3, 4))
        elif isinstance(problem, Tape):
            raise ValueError(f"{word} speaks of a loss, and a tape of gradients has none")
        elif word == "one-sample":
            problem = replace(problem, samples=problem.samples[:1])
        elif word == "linear-loss":
            problem = replace(problem, samples=tuple(linear(s) for s in problem.samples))
        else:
            kind = {"signs": Signs, "mirrored-signs": MirroredSigns}[word]
            problem = kind(problem.thetas, problem.samples, problem.steps)
    return problem


def linear(sample: Sample) -> Sample:
    """The sample without its terms of second and fourth degree."""
    none = tuple(np.zeros_like(x) for x in sample.c)
    return Sample(sample.weight, none, none, sample.c, none)
