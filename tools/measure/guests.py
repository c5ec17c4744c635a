"""Peers that want more than parameters, gradients and a closure, or run from start to end: each as a player of the same problems."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import torch

Array = np.ndarray
Stream = Callable[[int], Callable[[str, Sequence[int]], Array]]  # of a step: its random numbers by kind and shape


def flat(xs: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(x) for x in xs]) if xs else np.zeros(0)


def split(vector: Array, like: Sequence[Array]) -> list[Array]:
    cuts = np.cumsum([x.size for x in like])[:-1]
    return [part.reshape(x.shape).copy() for part, x in zip(np.split(vector, cuts), like, strict=True)]


def by_minimize_spsa(make: Any, arguments: Mapping[str, Any], problem: Any, stream: Stream) -> list[list[Array]]:
    """`noisyopt.minimizeSPSA` on a model: every draw of signs begins a step."""
    path: list[list[Array]] = []

    def signs(_: Any, size: int) -> Array:
        numbers = stream(len(path) + 1)
        return flat([numbers("rademacher", x.shape) for x in problem.thetas])

    def loss(x: Array) -> float:
        return float(problem.objective(min(len(path), problem.steps - 1)).value(split(x, problem.thetas)))

    with mock.patch.object(np.random, "choice", signs):
        given = {"niter": problem.steps, "paired": False, **arguments}
        make(loss, flat(problem.thetas), callback=lambda x: path.append(split(x, problem.thetas)), **given)
    return path


def by_proximal_gradient(make: Any, arguments: Mapping[str, Any], problem: Any, _: Stream) -> list[list[Array]]:
    """`pyproximal`'s accelerated gradient on a tape, without a second function: the points at which it asks for gradients."""
    asked: list[list[Array]] = []

    def gradient(x: Array) -> Array:
        asked.append(split(x, problem.thetas))
        return flat(problem.rows[len(asked) - 1]) if len(asked) <= problem.steps else np.zeros_like(x)

    class Smooth:
        grad = staticmethod(gradient)

        def __call__(self, x: Array) -> float:
            return 0.0  # shown in a log only

    class Nothing(Smooth):
        prox = staticmethod(lambda x, tau: x)

    make(Smooth(), Nothing(), flat(problem.thetas), niter=problem.steps + 1, **arguments)
    return asked[1:]


def of_module(make: Any, parameters: list[torch.nn.Parameter], **arguments: Any) -> Any:
    """`pytorch_optimizer`'s LOMO, AdaLOMO and AdamMini: they want a module. In this one, no name tells what a parameter is for."""
    return make(torch.nn.ParameterList(parameters), **arguments)


def gsam(make: Any, parameters: list[torch.nn.Parameter], *, lr: float, rho: float, **arguments: Any) -> Any:
    """`pytorch_optimizer`'s GSAM: it wants plain SGD, a module, and a scheduler for rho, which here stays what it is."""
    optimizer = make(parameters, torch.optim.SGD(parameters, lr), torch.nn.Identity(), SimpleNamespace(step=lambda: rho), **arguments)
    # the closure gives back what the model put out, too
    return SimpleNamespace(step=lambda closure: optimizer.step(lambda: (None, closure())), zero_grad=optimizer.zero_grad)


MAKERS: dict[str, Callable[..., Any]] = {
    "pytorch_optimizer:AdaLOMO": of_module,
    "pytorch_optimizer:AdamMini": of_module,
    "pytorch_optimizer:GSAM": gsam,
    "pytorch_optimizer:LOMO": of_module,
}


def by_gsam(make: Any, arguments: Mapping[str, Any], problem: Any, _: Stream) -> list[list[Array]]:
    """`pytorch_optimizer.GSAM` on a model."""
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    optimizer = gsam(make, parameters, **arguments)
    path: list[list[Array]] = []

    def evaluate() -> torch.Tensor:
        optimizer.zero_grad()
        with torch.enable_grad():
            loss: torch.Tensor = problem.loss(len(path), parameters)
            torch.autograd.backward(loss)
        return loss.detach()

    while len(path) < problem.steps:
        optimizer.step(evaluate)
        path.append([p.detach().numpy().copy() for p in parameters])
    return path


def by_backward(make: Any, arguments: Mapping[str, Any], problem: Any, _: Stream) -> list[list[Array]]:
    """`pytorch_optimizer`'s LOMO and AdaLOMO on a tape: they step while gradients are computed."""
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    optimizer = of_module(make, parameters, **arguments)
    path: list[list[Array]] = []
    for row in problem.rows:

        def loss(row: Sequence[Array] = row) -> torch.Tensor:
            return torch.stack([(p * torch.tensor(g)).sum() for p, g in zip(parameters, row, strict=True)]).sum()

        if arguments.get("clip_grad_norm"):
            optimizer.grad_norm(loss())
        optimizer.fused_backward(loss(), arguments["lr"])
        path.append([p.detach().numpy().copy() for p in parameters])
    return path


def by_closure(make: Any, arguments: Mapping[str, Any], problem: Any, _: Stream) -> list[list[Array]]:
    """An optimizer of torch that cannot do without a closure, on a tape: the loss that it gives back is never looked at."""
    parameters = [torch.nn.Parameter(torch.tensor(x)) for x in problem.thetas]
    optimizer = make(parameters, **arguments)
    path: list[list[Array]] = []
    for row in problem.rows:
        for p, g in zip(parameters, row, strict=True):
            p.grad = torch.tensor(g)
        optimizer.step(lambda: torch.zeros(()))
        path.append([p.detach().numpy().copy() for p in parameters])
    return path


def by_layers(make: Any, arguments: Mapping[str, Any], problem: Any, _: Stream) -> list[list[Array]]:
    """A gradient maker of `asdl`, with SGD, on a network of linear layers and convolutions: it hooks itself to modules."""
    own = dict(arguments)
    lr, damping = own.pop("lr"), own.pop("damping")
    configuration: Any = vars(sys.modules[make.__module__])["PreconditioningConfig"]

    class Layers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(map(layer, problem.thetas))

        def forward(self, step: int) -> torch.Tensor:
            batch = problem.objective(step).sample
            zs = [module(torch.as_tensor(piece.data)) for module, piece in zip(self.layers, batch.pieces, strict=True)]
            losses: torch.Tensor = batch.losses_of([z.flatten(2).mT if z.dim() == 4 else z for z in zs])
            return losses

    def layer(x: Array) -> torch.nn.Module:
        rows, entries, *kernel = x.shape
        made: Any = torch.nn.Linear(entries, rows, False)
        if kernel:
            made = torch.nn.Conv2d(entries, rows, tuple(kernel), stride=2, padding=1, bias=False)
        made.weight = torch.nn.Parameter(torch.tensor(x))
        return made

    def loss(losses: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
        return losses.sum() if reduction == "sum" else losses.mean()

    network = Layers()
    samples = len(problem.objective(0).sample.pieces[0].inputs)
    maker = make(network, configuration(data_size=samples, damping=damping), fisher_type="fisher_emp", **own)
    inner = torch.optim.SGD(network.parameters(), lr)
    path: list[list[Array]] = []
    for step in range(problem.steps):
        inner.zero_grad()
        maker.setup_loss_call(loss, maker.setup_model_call(network, step))
        maker.forward_and_backward()
        inner.step()
        path.append([p.detach().numpy().copy() for p in network.parameters()])
    return path


GUESTS: dict[str, Callable[[Any, Mapping[str, Any], Any, Stream], list[list[Array]]]] = {
    "noisyopt:minimizeSPSA": by_minimize_spsa,
    "pytorch_optimizer:AdaLOMO": by_backward,
    "pytorch_optimizer:GSAM": by_gsam,
    "torch.optim:LBFGS": by_closure,
    "asdl.precondition:KfacGradientMaker": by_layers,
    "asdl.precondition:FullNaturalGradientMaker": by_layers,
    "pytorch_optimizer:LOMO": by_backward,
    "pyproximal.optimization.primal:ProximalGradient": by_proximal_gradient,
}
