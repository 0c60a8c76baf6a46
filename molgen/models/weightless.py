"""Building a network without memory for its weights, to compare it with a file before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class _Weightless(TorchFunctionMode):
    """Weights, which layers make by `torch.empty`, have shapes and no content; buffers are what they are."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        chosen = dict(kwargs or {})
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
