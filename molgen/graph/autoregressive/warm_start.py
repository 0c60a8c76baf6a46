"""The weights of an autoregressive graph model in a larger one: more atom tokens, larger molecules, more inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from molgen.chem.vocabulary import read_token
from molgen.graph.autoregressive.config import AutoregressiveGraphConfig
from molgen.graph.autoregressive.model import AutoregressiveGraphModel
from molgen.graph.autoregressive.network import ANCHORS
from molgen.graph.autoregressive.partial_graph import USED

_COMMON = 0.01
"""Share of the training molecules from which on embeddings of a size count as trained."""
_BIAS = -3.0
"""Added to the logits of new atom tokens."""


def enlarged(model: AutoregressiveGraphModel, config: AutoregressiveGraphConfig) -> AutoregressiveGraphModel:
    """A model of a larger configuration that generates what the given one does, but for the new atom tokens.

    A new token starts as a known one of the same element, or of one in the same group of the periodic table. Places
    beyond those of common molecules start as the last of these. All other new parts are as in an untrained model, in
    which they have no influence.

    Args:
        model: trained.
        config: of the larger model: its atoms begin with those of `model`, its network has the same shape.
    """
    result = AutoregressiveGraphModel(config)
    old, new = model.state_dict(), result.state_dict()
    known = len(model.config.atoms)
    alike = torch.tensor([_alike(token, model.config.atoms) for token in config.atoms[known:]], dtype=torch.int64)
    common = max(size for size, share in model.config.sizes.items() if share >= _COMMON)
    for name, value in old.items():
        if name in ("network.ahead.weight", "network.behind.weight"):
            value = _places(value, len(new[name]), common)
        elif name == "network.atom.weight":
            value = torch.cat([value[:known], value[alike], value[-ANCHORS:]])
        elif name == "neighbour_head.saturation.weight":
            table = value.view(known, USED, -1)
            value = torch.cat([table, table[alike]]).flatten(0, 1)
        elif name == "atom_head.bias":
            value = torch.cat([value, value[alike] + _BIAS])
        elif name in ("atom_head.weight", "neighbour_head.kind.weight"):
            value = torch.cat([value, value[alike]])
        if name in new and new[name].shape == value.shape:
            new[name] = value
    result.load_state_dict(new)
    return result


def _alike(token: str, atoms: tuple[str, ...]) -> int:
    """The known atom token that is most like a new one."""
    atom = read_token(token)

    def likeness(other: str) -> tuple[bool, bool, bool, int]:
        known = read_token(other)
        return (
            known.GetAtomicNum() == atom.GetAtomicNum(),
            known.GetIsAromatic() == atom.GetIsAromatic(),
            _group(known.GetAtomicNum()) == _group(atom.GetAtomicNum()),
            -abs(known.GetAtomicNum() - atom.GetAtomicNum()),
        )

    return max(range(len(atoms)), key=lambda index: likeness(atoms[index]))


def _group(number: int) -> int:
    """Number of outer electrons of an element, as RDKit has them."""
    from rdkit import Chem

    return int(Chem.GetPeriodicTable().GetNOuterElecs(number))


def _places(table: Tensor, rows: int, common: int) -> Tensor:
    """An embedding of places with more rows."""
    return torch.cat([table[:common], table[common - 1 : common].expand(rows - common, -1)])
