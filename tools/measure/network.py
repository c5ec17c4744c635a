"""A small loss made of layers and samples, for methods that look at both: closed forms in NumPy, torch's own layers for everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from tools.measure.model import WEIGHTS, Evaluations, Model
from tools.measure.tape import SHAPES, Array


@dataclass(frozen=True)
class Piece:
    """What one tensor does: for every sample it turns inputs into outputs, at one or more places.

    A matrix is the weight of a linear layer, a tensor of four axes that of a convolution with stride 2 and padding 1, a vector the
    bias of a linear layer whose weight is fixed. A number stands alone: no layer sees it.
    """

    inputs: Array  # (samples, places, entries of one of the tensor's rows): ones of a vector and a number
    data: Array  # what torch's layer is given: the same, images for a convolution, inputs of the fixed weight for a bias
    fixed: Array | None = None  # that weight
    turn: Array | None = None  # an orthogonal matrix that turns the outputs back, see `changed`
    shift: float = 0.0  # of the tensor, which the outputs do not show

    @property
    def whole(self) -> Array:
        """What the layer sees, with the ones of a bias after what its fixed weight sees."""
        return self.inputs if self.fixed is None else np.concatenate((self.data, self.inputs), axis=-1)

    def outputs(self, x: Array) -> Array:
        """(samples, places, rows), of an array."""
        z = self.inputs @ matrix(x).T
        return z if self.fixed is None else z + self.data @ self.fixed.T

    def layer(self, x: torch.Tensor) -> torch.Tensor:
        """The same, of a tensor."""
        data = torch.as_tensor(self.data)
        if x.dim() == 0:
            return data * (x - self.shift)
        if x.dim() == 4:
            return torch.nn.functional.conv2d(data, x, stride=2, padding=1).flatten(2).mT
        if self.fixed is not None:
            z = torch.nn.functional.linear(data, torch.as_tensor(self.fixed), x) - self.shift
        else:
            z = torch.nn.functional.linear(data, x) - self.shift * data.sum(-1, keepdim=True)
        return z if self.turn is None else z @ torch.as_tensor(self.turn)


@dataclass(frozen=True)
class Batch:
    """The losses of a few samples: weight times (the sum of b z⁴/4 + a z²/2 - c z over all outputs z, plus q⁴/4 with q the sum of w z)."""

    weight: float
    pieces: tuple[Piece, ...]
    a: tuple[Array, ...]
    b: tuple[Array, ...]
    c: tuple[Array, ...]
    w: tuple[Array, ...]

    def losses(self, xs: Sequence[torch.Tensor]) -> torch.Tensor:
        """One a sample."""
        return self.losses_of([piece.layer(x) for piece, x in zip(self.pieces, xs, strict=True)])

    def losses_of(self, zs: Sequence[torch.Tensor]) -> torch.Tensor:
        """The same, from the outputs."""
        rows = [[torch.as_tensor(v) for v in row] for row in zip(self.a, self.b, self.c, self.w, strict=True)]
        own = torch.stack([(b * z**4 / 4 + a * z**2 / 2 - c * z).sum((1, 2)) for (a, b, c, _), z in zip(rows, zs, strict=True)])
        tied = torch.stack([(w * z).sum((1, 2)) for (_, _, _, w), z in zip(rows, zs, strict=True)])
        return self.weight * (own.sum(0) + tied.sum(0) ** 4 / 4)

    def value(self, xs: Sequence[Array]) -> float:
        zs = [piece.outputs(x) for piece, x in zip(self.pieces, xs, strict=True)]
        own = [(b * z**4 / 4 + a * z**2 / 2 - c * z).sum((1, 2)) for a, b, c, z in zip(self.a, self.b, self.c, zs, strict=True)]
        return float(np.mean(self.weight * (np.sum(own, axis=0) + self._tied(zs) ** 4 / 4)))

    def slopes(self, xs: Sequence[Array]) -> list[Array]:
        """The derivative of each sample's loss by the outputs of its pieces: (samples, places, rows) for each."""
        zs = [piece.outputs(x) for piece, x in zip(self.pieces, xs, strict=True)]
        cube = self._tied(zs)[:, None, None] ** 3
        return [self.weight * (b * z**3 + a * z - c + cube * w) for a, b, c, w, z in zip(self.a, self.b, self.c, self.w, zs, strict=True)]

    def per_sample(self, xs: Sequence[Array]) -> list[Array]:
        """The gradient of each sample's loss."""
        rows = zip(self.slopes(xs), self.pieces, xs, strict=True)
        return [np.einsum("npo,npi->noi", d, piece.inputs).reshape(-1, *np.shape(x)) for d, piece, x in rows]

    def gradient(self, xs: Sequence[Array]) -> list[Array]:
        return [g.mean(0) for g in self.per_sample(xs)]

    def _tied(self, zs: Sequence[Array]) -> Array:
        return np.asarray(np.sum([(w * z).sum((1, 2)) for w, z in zip(self.w, zs, strict=True)], axis=0))


@dataclass(frozen=True)
class Network(Model):
    """A model of pieces: its loss gives one number a sample. `samples` of `Model` are batches here."""

    batches: tuple[Batch, ...] = ()

    def pick(self, numbers: Sequence[int]) -> Network:
        def some(row: tuple[Array, ...]) -> tuple[Array, ...]:
            return tuple(row[i] for i in numbers)

        batches = (Batch(x.weight, tuple(x.pieces[i] for i in numbers), *map(some, (x.a, x.b, x.c, x.w))) for x in self.batches)
        return Network(some(self.thetas), (), self.steps, tuple(batches))

    def loss(self, step: int, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        return self._batch(step).losses(tensors)

    def full(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.cat([batch.losses(tensors) for batch in self.batches])

    def objective(self, step: int) -> LayerEvaluations:
        return LayerEvaluations(self._batch(step), self.batches)

    def changed(self, turns: Mapping[int, Array], shift: float, factor: float) -> Network:
        """The same network for parameters that are turned and shifted, with the loss multiplied; layers of up to two axes only."""
        thetas = tuple(turned(x, turns) + shift for x in self.thetas)
        batches = []
        for batch in self.batches:
            pieces = []
            for x, piece in zip(self.thetas, batch.pieces, strict=True):
                turn = turns.get(x.shape[0]) if x.ndim else None
                side = turns.get(x.shape[1]) if x.ndim == 2 else None
                data = piece.data if side is None else piece.data @ side.T
                fixed = piece.fixed if piece.fixed is None or turn is None else turn @ piece.fixed
                pieces.append(Piece(piece.inputs, data, fixed, turn, shift))
            batches.append(replace(batch, weight=factor * batch.weight, pieces=tuple(pieces)))
        return Network(thetas, (), self.steps, tuple(batches))

    def _batch(self, step: int) -> Batch:
        return self.batches[step % len(self.batches)]


@dataclass(frozen=True)
class LayerEvaluations(Evaluations):
    """What a method may evaluate in one step; `sample` and `samples` of `Evaluations` are batches here."""

    sample: Batch  # type: ignore[assignment]
    samples: tuple[Batch, ...]  # type: ignore[assignment]

    def per_sample(self, thetas: Sequence[Array]) -> list[Array]:
        """The gradient of each sample's loss: (samples, *shape)."""
        return self.sample.per_sample(thetas)

    def factors(self, thetas: Sequence[Array]) -> list[tuple[Array, Array, Array] | None]:
        """Of each tensor's layer; None without one. (samples, places, entries of a row), (samples, places, rows), and as the first
        those of the whole layer, which for a bias begin with the inputs of its weight.
        """
        rows = zip(self.sample.pieces, self.sample.slopes(thetas), thetas, strict=True)
        return [(piece.inputs, d, piece.whole) if np.ndim(x) else None for piece, d, x in rows]


def matrix(x: Array) -> Array:
    """A weight as a matrix: one row for each output."""
    return x.reshape(x.shape[0] if x.ndim else 1, -1)


def turned(x: Array, turns: Mapping[int, Array]) -> Array:
    x = turns.get(x.shape[0], np.eye(x.shape[0])) @ x if x.ndim else x
    return x @ turns.get(x.shape[1], np.eye(x.shape[1])).T if x.ndim == 2 else x


def network(steps: int = 40, shapes: Sequence[tuple[int, ...]] = SHAPES, seed: int = 0, weights: Sequence[float] = WEIGHTS,
            samples: int = 3) -> Network:  # fmt: skip
    """A network with a batch of `samples` for each of `weights`; only convolutions have more than one place."""
    rng = np.random.default_rng(seed)
    thetas = tuple(np.asarray(rng.standard_normal(s)) for s in shapes)

    def piece(shape: tuple[int, ...]) -> Piece:
        if len(shape) == 4:
            images = rng.standard_normal((samples, shape[1], 4, 5)) / np.sqrt(np.prod(shape[1:]))
            return Piece(windows(images, shape[2:]), images)
        if len(shape) == 2:
            inputs = rng.standard_normal((samples, 1, shape[1])) / np.sqrt(shape[1])
            return Piece(inputs, inputs)
        ones = np.ones((samples, 1, 1))
        return Piece(ones, rng.standard_normal((samples, 1, 3)), rng.standard_normal((shape[0], 3))) if shape else Piece(ones, ones)

    def batch(weight: float) -> Batch:
        pieces = tuple(map(piece, shapes))
        sizes = [piece.outputs(x).shape for piece, x in zip(pieces, thetas, strict=True)]

        def each(scale: float = 1.0, least: float = -np.inf) -> tuple[Array, ...]:
            return tuple(np.maximum(scale * rng.standard_normal(s), least) for s in sizes)

        return Batch(weight, pieces, each(), each(0.5, 0.1), each(), each(0.125))

    return Network(thetas, (), steps, tuple(map(batch, weights)))


def windows(images: Array, kernel: Sequence[int]) -> Array:
    """What a convolution with stride 2 and padding 1 sees at its places, one after the other: (samples, places, channels times kernel)."""
    wide = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    tops, lefts = (range(0, n - k + 1, 2) for n, k in zip(wide.shape[2:], kernel, strict=True))
    cuts = [wide[:, :, i : i + kernel[0], j : j + kernel[1]].reshape(len(images), -1) for i in tops for j in lefts]
    return np.stack(cuts, axis=1)
