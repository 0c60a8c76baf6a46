"""The Transformer of texts and of autoregressive graphs: bidirectional for diffusion, causal otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from molgen.nn.dropout import Dropout
from molgen.nn.layers import FeedForward, Modulation, residual_linear
from molgen.system.bounds import Expansion, Heads, Layers, Width


class TransformerConfig(BaseModel):
    """Shape of the network.

    Attributes:
        width: channels.
        layers: rounds of attention.
        heads: must divide `width` into even parts.
        expansion: hidden over outer channels of the feed-forward parts.
        dropout: share of channels dropped before each addition to the residual stream, in training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Width = 160
    layers: Layers = 5
    heads: Heads = 4
    expansion: Expansion = 4
    dropout: float = Field(0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _check(self) -> TransformerConfig:
        if self.width % (2 * self.heads):
            raise ValueError(f"width {self.width} must be a multiple of twice the number of heads {self.heads}")
        return self


_ROOM = 16
"""Fewest positions that a cache has room for beyond those read."""


class Cache:
    """Keys and values of what has been read, one pair per layer, so that it is read once.

    They stand in buffers with room for what follows, so that a position is written once and not copied at each step.
    """

    def __init__(self, layers: int) -> None:
        self.layers: list[tuple[Tensor, Tensor] | None] = [None] * layers
        self._buffers: list[tuple[Tensor, Tensor] | None] = [None] * layers

    @property
    def length(self) -> int:
        """Positions read."""
        first = self.layers[0]
        return 0 if first is None else first[0].shape[2]

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append ``(B, heads, n, d)`` and return all that has been read."""
        before = self.layers[layer]
        if before is None:
            self.layers[layer] = (k, v)
            return k, v
        start, end = before[0].shape[2], before[0].shape[2] + k.shape[2]
        buffers = self._buffers[layer]
        if buffers is None or buffers[0].shape[2] < end:
            buffers = self._buffers[layer] = (_with_room(before[0], end), _with_room(before[1], end))
        for buffer, new in zip(buffers, (k, v), strict=True):
            buffer[:, :, start:end] = new
        found = self.layers[layer] = (buffers[0][:, :, :end], buffers[1][:, :, :end])
        return found

    def keep(self, positions: int) -> None:
        """Drop all but the last positions."""
        self._replace(lambda values: values[:, :, -positions:])

    def expand(self, rows: int) -> None:
        """Take the only sequence of the batch for so many."""
        self._replace(lambda values: values.expand(rows, -1, -1, -1))

    def select(self, rows: Tensor) -> None:
        """Keep some sequences of the batch."""
        self._replace(lambda values: values[rows])

    def _replace(self, change: Callable[[Tensor], Tensor]) -> None:
        self.layers = [None if pair is None else (change(pair[0]), change(pair[1])) for pair in self.layers]
        self._buffers = [None] * len(self.layers)


def _with_room(values: Tensor, positions: int) -> Tensor:
    """A buffer that begins with values ``(B, heads, n, d)`` and has room for half as many positions more."""
    batch, heads, n, d = values.shape
    buffer = values.new_empty(batch, heads, positions + max(positions // 2, _ROOM), d)
    buffer[:, :, :n] = values
    return buffer


class Block(nn.Module):
    """Attention and a feed-forward part, each after an adaptive layer norm.

    Args:
        config: shape.
        condition_width: channels of the condition; 0 for none.
    """

    def __init__(self, config: TransformerConfig, condition_width: int) -> None:
        super().__init__()
        width, hidden = config.width, config.expansion * config.width
        self.heads = config.heads
        self.attention_norm = Modulation(width, condition_width)
        self.qkv = nn.Linear(width, 3 * width)
        self.attention_out = residual_linear(width, width)
        self.feed_forward_norm = Modulation(width, condition_width)
        self.feed_forward = FeedForward(width, hidden)
        self.attention_dropout, self.feed_forward_dropout = Dropout(config.dropout), Dropout(config.dropout)

    def forward(
        self,
        h: Tensor,
        condition: Tensor | None,
        rotations: tuple[Tensor, Tensor],
        causal: bool,
        cache: Cache | None,
        layer: int,
        bias: Tensor | None,
    ) -> Tensor:
        """``(B, n, width)`` -> ``(B, n, width)``; `rotations` are those of queries and of keys."""
        batch, n, width = h.shape
        x = self.attention_norm(h, condition)
        q, k, v = self.qkv(x).view(batch, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, rotations[0]), rotate(k, rotations[1])
        if cache is not None:
            k, v = cache.extend(layer, k, v)
        message = attend(q, k, v, causal and n > 1, bias)  # one position attends to all that have been read
        h = h + self.attention_dropout(self.attention_out(message.transpose(1, 2).reshape(batch, n, width)))
        return h + self.feed_forward_dropout(self.feed_forward(self.feed_forward_norm(h, condition)))


class Transformer(nn.Module):
    """Blocks with rotary positions (Su et al., 2021), which encode distances and need no largest length.

    Args:
        config: shape.
        condition_width: channels of the condition; 0 for none.
        causal: whether a position attends only to itself and to positions before it.
    """

    frequencies: Tensor

    def __init__(self, config: TransformerConfig, condition_width: int = 0, causal: bool = False) -> None:
        super().__init__()
        self.config = config
        self.causal = causal
        self.blocks = nn.ModuleList(Block(config, condition_width) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        half = config.width // config.heads // 2
        self.register_buffer("frequencies", 1e3 ** (-torch.arange(half) / half), persistent=False)

    def forward(
        self,
        h: Tensor,
        condition: Tensor | None = None,
        cache: Cache | None = None,
        places: Tensor | None = None,
        targets: Tensor | None = None,
        biases: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Embedded tokens ``(B, n, width)`` -> ``(B, n, width)``.

        Args:
            h: of the positions that follow those in the cache.
            condition: ``(B, condition_width)`` or ``(1, condition_width)``.
            cache: what has been read; only where it is causal. More than one position at a time only into an empty one.
            places: position of each token ``(B, n)``, by default one after the other.
            targets: position that each token's query is rotated by ``(B, n)``, by default its own.
            biases: what is added to the attention of each layer, ``(B, heads, n, positions read)``.
        """
        if places is None:
            start = 0 if cache is None else cache.length
            places = torch.arange(start, start + h.shape[1], device=h.device)[None]
        keys = self._rotation(places)
        compiled = self.training and cache is None  # decoding has another shape at every call
        rotations = (keys if targets is None else self._rotation(targets), keys)
        for layer, block in enumerate(self.blocks):
            run = block if compiled else block.forward
            h = run(h, condition, rotations, self.causal, cache, layer, None if biases is None else biases[layer])
        return self.norm(h)

    def _rotation(self, places: Tensor) -> Tensor:
        """Cosines and sines of the angles of places ``(B, n)``: ``(2, B, 1, n, d / 2)``."""
        angle = places[:, None, :, None] * self.frequencies
        return torch.stack([angle.cos(), angle.sin()])


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool, bias: Tensor | None = None) -> Tensor:
    """Softmax attention ``(B, heads, n, d)``.

    On a CPU written out: the fused kernel's backward pass takes half of a training step on texts as short as molecules.
    """
    if q.device.type != "cpu" and bias is None:
        return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if bias is not None:
        scores = scores + bias
    if causal:
        ahead = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
        scores = scores.masked_fill(ahead, float("-inf"))
    return scores.softmax(-1).to(v.dtype) @ v


def rotate(x: Tensor, rotation: Tensor) -> Tensor:
    """Rotate pairs of channels ``(..., n, d)`` by angles whose cosines and sines are ``(2, ..., n, d / 2)``."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = rotation
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
