"""What the layers of a model saw and got back, sample by sample: the raw material of Fisher matrices."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear, pad
from torch.overrides import TorchFunctionMode

from reference_impls._state import seen

CONVOLUTIONS = (torch.conv1d, torch.conv2d, torch.conv3d)


class Layer(NamedTuple):
    """What came into the layer of a weight or a bias and what went back, for each sample and each place where it was applied.

    The gradient of a sample's own loss is the sum over the places of slopes times inputs. A linear layer on plain vectors has one
    place a sample, a convolution one for each entry of its output map. A bias is one more entry of the weight's rows, whose input is 1.
    """

    whole: Tensor  # (samples, places, entries of a row, with that of the bias where there is one)
    slopes: Tensor  # (samples, places, rows): derivative of the sample's loss by the layer's output
    mine: slice  # which entries are those of this tensor

    @property
    def inputs(self) -> Tensor:
        """(samples, places, entries of this tensor's rows)."""
        return self.whole[..., self.mine]


class Watch(TorchFunctionMode):
    """Notes the calls of linear layers and convolutions whose weight or bias is one of `params`, and adds a shift to each output.

    The derivative by a shift is the one by the output. What is not given of the `shifts` is zero; if none are to be given, the zeros
    want a gradient. The loss is the mean over the samples, the first axis of every layer's input. Grouped convolutions are not noted.
    """

    def __init__(self, params: Sequence[Tensor], shifts: Sequence[Tensor] | None = None) -> None:
        super().__init__()
        self.params, self.given, self.shifts, self.calls = params, shifts, list[Tensor](), list["_Call"]()

    def __torch_function__(self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        call = _noted(*args, **(kwargs or {})) if func is linear else _noted_map(*args, **(kwargs or {})) if func in CONVOLUTIONS else None
        if call is None or not any(p is x for p in self.params for x in (call.weight, call.bias)):
            return out
        number = len(self.shifts)
        given = self.given[number : number + 1] if self.given is not None else ()
        self.shifts.append(given[0] if given else torch.zeros_like(out, requires_grad=self.given is None))
        self.calls.append(call)
        return out + self.shifts[-1]

    def layers(self, slopes: Sequence[Tensor | None]) -> list[Layer | None]:
        """What was seen of each parameter, given the derivative of the mean loss by each shift; None for one that no call used."""
        found: list[list[Layer]] = [[] for _ in self.params]
        for call, slope, shift in zip(self.calls, slopes, self.shifts, strict=True):
            back = seen(_rows((torch.zeros_like(shift) if slope is None else slope).detach(), call.spatial))
            x = seen(call.inputs().detach())
            entries = x.shape[-1]
            whole = x if call.bias is None else torch.cat((x, torch.ones_like(x[..., :1])), -1)
            for i, p in enumerate(self.params):
                if p is call.weight or p is call.bias:
                    mine = slice(0, entries) if p is call.weight else slice(entries, entries + 1)
                    found[i].append(Layer(whole, back * back.shape[0], mine))
        return [joined(uses) if uses else None for uses in found]


def joined(uses: Sequence[Layer]) -> Layer:
    """A weight that is used twice has twice the places."""
    return Layer(torch.cat([x.whole for x in uses], 1), torch.cat([x.slopes for x in uses], 1), uses[0].mine)


class _Call(NamedTuple):
    weight: Tensor
    bias: Tensor | None
    inputs: Callable[[], Tensor]
    spatial: int


def _noted(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> _Call:
    return _Call(weight, bias, lambda: _rows(x, 0), 0)


def _noted_map(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
               groups: int = 1) -> _Call | None:  # fmt: skip
    kernel = weight.shape[2:]
    return _Call(weight, bias, lambda: patches(x, kernel, stride, padding, dilation), len(kernel)) if groups == 1 else None


def _rows(x: Tensor, spatial: int) -> Tensor:
    """Features last: (samples, places, features), from the layout of a linear layer (0) or of so many spatial axes."""
    if spatial:
        x = x.unsqueeze(0) if x.dim() == spatial + 1 else x
        return x.flatten(2).mT
    x = x.unsqueeze(0) if x.dim() == 1 else x
    return x.reshape(x.shape[0], -1, x.shape[-1])


def patches(x: Tensor, kernel: Sequence[int], stride: Any = 1, padding: Any = 0, dilation: Any = 1) -> Tensor:
    """What a convolution multiplies its flattened weight with: (samples, places, channels times kernel), row by row."""
    n = len(kernel)
    strides, steps = ((v,) * n if isinstance(v, int) else tuple(v) * (n // len(v)) for v in (stride, dilation))
    if isinstance(padding, str):
        widths = [d * (k - 1) if padding == "same" else 0 for k, d in zip(kernel, steps, strict=True)]
        sides = [(w // 2, w - w // 2) for w in widths]
    else:
        sides = [(w, w) for w in ((padding,) * n if isinstance(padding, int) else tuple(padding) * (n // len(padding)))]
    x = x.unsqueeze(0) if x.dim() == n + 1 else x
    x = pad(x, [w for side in reversed(sides) for w in side])
    for axis, (k, s, d) in enumerate(zip(kernel, strides, steps, strict=True)):
        x = x.unfold(2 + axis, d * (k - 1) + 1, s)[..., ::d]
    places = x.permute(0, *range(2, 2 + n), 1, *range(2 + n, 2 + 2 * n))
    return places.reshape(x.shape[0], -1, x.shape[1] * x.shape[2 + n :].numel())
