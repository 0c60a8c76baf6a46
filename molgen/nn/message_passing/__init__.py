"""Message passing between atoms and between pairs of atoms: one operator per file, each a `MessagePassing` of PyG.

`forward` is the definition: it takes any graph, so also molecules of different sizes in one batch. `dense` computes the
same from the same parameters by matrix products, for batches of molecules of one size, and is several times faster.

Edges run from ``edge_index[0]`` to ``edge_index[1]``, as everywhere in PyG. Both directions of a pair are edges, with
equal states; so is each atom with itself, with a state of its own (`complete.py`). Dense pairs stand in a list, each
once (`molgen.nn.pairs`).
"""

from molgen.nn.message_passing.attention import PairBiasedAttention
from molgen.nn.message_passing.bond_messages import BondMessages
from molgen.nn.message_passing.complete import CompleteGraphs
from molgen.nn.message_passing.local import LOCAL_OPERATORS, LocalMessages
from molgen.nn.message_passing.pair_update import PairUpdate
from molgen.nn.message_passing.triangle_update import TriangleUpdate, triangles

__all__ = [
    "LOCAL_OPERATORS",
    "BondMessages",
    "CompleteGraphs",
    "LocalMessages",
    "PairBiasedAttention",
    "PairUpdate",
    "TriangleUpdate",
    "triangles",
]
