"""Decoding by a causal Transformer whose positions come in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


def unmask(
    network: Callable[[Tensor, Tensor, Tensor], Tensor],
    tokens: Tensor,
    positions: Tensor,
    targets: Tensor,
    order: Tensor,
    draw: Callable[[int, Tensor], Tensor],
) -> Iterator[tuple[Tensor, Tensor]]:
    """Unmask positions one after the other; every token is read once.

    A slot of the Transformer holds a token that is known, with its position, and predicts the token at its target
    (Pannatier et al., sigma-GPT, 2024).

    Args:
        network: logits ``(B, m, K)`` of the tokens at the targets, given tokens, positions and targets ``(B, m)`` of
            the slots that follow those of former calls.
        tokens: known and not read yet ``(B, m)``.
        positions: of these tokens ``(B, m)``.
        targets: of their slots but the last ``(B, m - 1)``.
        order: positions to unmask ``(B, k)``, from left to right.
        draw: tokens ``(B,)``, given the number of the call from 0 on and logits ``(B, K)``.

    Yields:
        Position and token that are new, ``(B, 1)`` each.
    """
    for number in range(order.shape[1]):
        position = order[:, number : number + 1]
        logits = network(tokens, positions, torch.cat([targets, position], dim=1))[:, -1]
        tokens, positions, targets = draw(number, logits)[:, None], position, position[:, :0]
        yield positions, tokens
