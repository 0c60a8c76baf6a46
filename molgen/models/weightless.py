"""Building a network without memory for its weights, to compare it with a file before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_DRAWN = (torch.Tensor.normal_, torch.Tensor.uniform_)


class _Weightless(TorchFunctionMode):
    """Weights, which layers make by `torch.empty`, have shapes and no content; buffers are what they are.

    Initial values are not drawn: for tensors without content PyTorch would import its compiler to do so, which takes
    seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        chosen = dict(kwargs or {})
        if func in _DRAWN or getattr(func, "__module__", None) == torch.nn.init.__name__:
            filled = chosen["tensor"] if "tensor" in chosen else args[0]
            if filled.is_meta:
                return filled
        if func is torch.empty:
            chosen["device"] = "meta"
        return func(*args, **chosen)


@contextmanager
def weightless() -> Iterator[None]:
    """For the length of a block, networks are built without memory for their weights.

    Example:
        >>> with weightless():
        ...     layer = torch.nn.Linear(100_000, 100_000)
        >>> layer.weight.shape, layer.weight.is_meta
        (torch.Size([100000, 100000]), True)
    """
    with _Weightless():
        yield
