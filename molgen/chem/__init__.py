"""Molecules and typed graphs: standardisation, vocabulary, and the codec between the two."""

from molgen.chem.bonds import BOND_NAMES
from molgen.chem.codec import GraphCodec, MoleculeGraph
from molgen.chem.convert import data_to_graph, graph_to_data, graph_to_networkx, networkx_to_graph
from molgen.chem.standardize import Limits, canonical_smiles, standardize
from molgen.chem.vocabulary import Vocabulary

__all__ = [
    "BOND_NAMES",
    "GraphCodec",
    "Limits",
    "MoleculeGraph",
    "Vocabulary",
    "canonical_smiles",
    "data_to_graph",
    "graph_to_data",
    "graph_to_networkx",
    "networkx_to_graph",
    "standardize",
]
