"""The network: noisy typed graphs and times in, logits of every atom and bond out."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch

from molgen.chem.bonds import BONDS
from molgen.diffusion.process import State
from molgen.graph.config import DenoiserConfig
from molgen.graph.features import GraphFeatures
from molgen.graph.layers import BondGraph, GraphLayer
from molgen.nn.layers import TimeEmbedding
from molgen.nn.message_passing import CompleteGraphs
from molgen.nn.message_passing.templates import delete_templates
from molgen.nn.pairs import list_to_square, pair_index, pair_positions, square_to_list


class GraphDenoiser(nn.Module):
    """Message passing over the complete graph whose edges are typed bonds, "none" included.

    Two forms of the same function: matrix products where all molecules have one size, so that nothing is padded, and
    the `MessagePassing` operators of PyG where sizes differ.

    Args:
        config: shape.
        atom_states: number of atom categories, mask included where the transition has one.
        bond_states: the same for bonds.

    Example:
        >>> import molgen
        >>> from rdkit import Chem
        >>> from torch_geometric.loader import DataLoader
        >>> from molgen.chem.convert import graph_to_data
        >>> model = molgen.load("qm9-graph")
        >>> molecules = [model.codec.encode(Chem.MolFromSmiles(smiles)) for smiles in ("CCO", "C1CC1N")]
        >>> batch = next(iter(DataLoader([graph_to_data(molecule) for molecule in molecules], batch_size=2)))
        >>> logits = model.denoiser(batch, torch.tensor([0.1]))
        >>> logits["atoms"].shape, logits["bonds"].shape
        (torch.Size([7, 20]), torch.Size([9, 5]))
    """

    bonded: Tensor

    def __init__(self, config: DenoiserConfig, atom_states: int, bond_states: int) -> None:
        super().__init__()
        self.config = config
        width, pair_width = config.width, config.pair_width
        self.bond_states = bond_states
        self.atom_embedding = nn.Embedding(atom_states, width)
        self.bond_embedding = nn.Embedding(bond_states + 1, pair_width)  # and one for an atom with itself
        if config.order == "canonical":
            self.position = nn.Embedding(config.max_atoms, width)
            self.distance = nn.Embedding(config.max_atoms, pair_width)
        self.time = TimeEmbedding(width)
        self.size = nn.Embedding(config.max_atoms + 1, width)
        self.condition = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.features = GraphFeatures(config.features, width, pair_width, bond_states) if config.features else None
        self.layers = nn.ModuleList(
            GraphLayer(width, pair_width, config.heads, config.triangle, width, config.expansion, config.local)
            for _ in range(config.layers)
        )
        delete_templates()
        self.atom_head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, atom_states))
        self.bond_head = nn.Sequential(nn.LayerNorm(pair_width), nn.Linear(pair_width, bond_states))
        categories = torch.arange(bond_states + 1)
        self.register_buffer("bonded", (categories > 0) & (categories < len(BONDS)), persistent=False)

    def forward(self, graphs: State | Batch, t: Tensor) -> State:
        """Predict the clean graphs.

        Args:
            graphs: molecules of one size, ``atoms (B, n)`` and ``bonds (B, n (n - 1) / 2)``, int64; or of any sizes, a
                PyG batch of `graph_to_data`, in which a masked bond is an edge of the category of the mask.
            t: times in [0, 1], ``(B,)``, or ``(1,)`` for one time for all.

        Returns:
            Logits, float32. Of a state: ``atoms (B, n, atom_states)`` and ``bonds (B, n (n - 1) / 2, bond_states)``.
            Of a PyG batch: ``atoms (N, atom_states)`` and ``bonds (P, bond_states)`` of the pairs i < j, row by row,
            molecule after molecule.

        Raises:
            ValueError: a molecule of more than `max_atoms` atoms.
        """
        if not isinstance(graphs, Batch):
            return self.dense(graphs, t)
        sizes = graphs.ptr.diff()
        if len(sizes) and int(sizes.min()) == int(sizes.max()):
            return {kind: logits.flatten(0, 1) for kind, logits in self.dense(_dense_state(graphs), t).items()}
        return self.sparse(graphs, t)

    def dense(self, state: State, t: Tensor) -> State:
        """`forward` on molecules of one size, by matrix products."""
        atoms, bonds = state["atoms"], state["bonds"]
        batch, n = atoms.shape
        self._check_size(n)
        index = pair_index(n, atoms.device)
        self_pairs = bonds.new_full((batch, n), self.bond_states)
        x = self.atom_embedding(atoms)
        pairs = self.bond_embedding(torch.cat([bonds, self_pairs], dim=1))
        if self.config.order == "canonical":
            x = x + self.position.weight[:n]
            pairs = pairs + self.distance.weight[index.distance]
        if self.features is not None:
            of_atoms, of_pairs = self.features(list_to_square(bonds))
            x = x if of_atoms is None else x + of_atoms
            pairs = pairs if of_pairs is None else pairs + of_pairs.flatten(1, 2).index_select(1, index.upper)
        condition = self.condition(self.time(t) + self.size.weight[n])
        bond_graph = None if self.config.local is None else self._bonds_of_list(bonds, n)
        for layer in self.layers:
            assert isinstance(layer, GraphLayer)
            x, pairs = layer.dense(x, pairs, condition, index, bond_graph)
        return {"atoms": self.atom_head(x).float(), "bonds": self.bond_head(pairs[:, : bonds.shape[1]]).float()}

    def sparse(self, batch: Batch, t: Tensor) -> State:
        """`forward` on a PyG batch, by the operators' own definitions."""
        graphs = CompleteGraphs(batch.ptr.diff())
        self._check_size(int(graphs.sizes.max()))
        bonds = _edge_categories(batch, graphs)
        source, target = graphs.edge_index
        x = self.atom_embedding(batch.x)
        edge_attr = self.bond_embedding(torch.where(source == target, self.bond_states, bonds))
        if self.config.order == "canonical":
            x = x + self.position.weight[graphs.position]
            edge_attr = edge_attr + self.distance.weight[(source - target).abs()]
        if self.features is not None:
            of_atoms, of_pairs = self.features(_squares(bonds, graphs))
            i, j = graphs.position[source], graphs.position[target]
            x = x if of_atoms is None else x + of_atoms[graphs.batch, graphs.position]
            edge_attr = edge_attr if of_pairs is None else edge_attr + of_pairs[graphs.edge_batch, i, j]
        condition = self.condition(self.time(t) + self.size.weight[graphs.sizes])
        bond_graph = None
        if self.config.local is not None:
            bonded = self.bonded[bonds].nonzero().squeeze(1)
            bond_graph = BondGraph(graphs.edge_index[:, bonded], bonded)
        for layer in self.layers:
            x, edge_attr = layer(x, edge_attr, condition, graphs, bond_graph)
        return {"atoms": self.atom_head(x).float(), "bonds": self.bond_head(edge_attr[graphs.pairs]).float()}

    def _check_size(self, atoms: int) -> None:
        if atoms > self.config.max_atoms:
            raise ValueError(f"a molecule of {atoms} atoms; the network takes at most {self.config.max_atoms}")

    def _bonds_of_list(self, bonds: Tensor, n: int) -> BondGraph:
        """The bonds among pairs ``(B, n (n - 1) / 2)`` of states that have the pairs (i, i) behind the others."""
        i, j = pair_positions(n, bonds.device)
        molecule, pair = self.bonded[bonds].nonzero(as_tuple=True)
        first, second = molecule * n + i[pair], molecule * n + j[pair]
        place = molecule * (n * (n + 1) // 2) + pair
        edges = torch.stack([torch.cat([first, second]), torch.cat([second, first])])
        return BondGraph(edges, torch.cat([place, place]))


def _edge_categories(batch: Batch, graphs: CompleteGraphs) -> Tensor:
    """Bond categories of all edges of the complete graphs ``(E,)``, 0 where the batch has no edge."""
    source, target = batch.edge_index
    bonds = batch.edge_attr.new_zeros(graphs.edge_index.shape[1])
    bonds[graphs.edges(source, target)] = batch.edge_attr
    bonds[graphs.edges(target, source)] = batch.edge_attr
    return bonds


def _squares(bonds: Tensor, graphs: CompleteGraphs) -> Tensor:
    """Bond categories of edges as squares ``(B, n, n)``, n being the largest size; 0 where there is no atom."""
    source, target = graphs.edge_index
    n = int(graphs.sizes.max())
    squares = bonds.new_zeros(len(graphs.sizes), n, n)
    squares[graphs.edge_batch, graphs.position[source], graphs.position[target]] = bonds
    return squares


def _dense_state(batch: Batch) -> State:
    """A PyG batch of molecules of one size as a state."""
    graphs = CompleteGraphs(batch.ptr.diff())
    count = len(graphs.sizes)
    return {
        "atoms": batch.x.view(count, -1),
        "bonds": square_to_list(_squares(_edge_categories(batch, graphs), graphs)),
    }
