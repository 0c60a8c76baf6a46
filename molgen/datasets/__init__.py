"""Where molecules come from: shipped and fetched sets, your own files, their splits, and batches of graphs."""

from molgen.datasets.batches import BatchStream, GraphBatch, graph_batches
from molgen.datasets.encoded import EncodedDataset, load_dataset
from molgen.datasets.sources import SOURCES, Source, find_source

__all__ = [
    "SOURCES",
    "BatchStream",
    "EncodedDataset",
    "GraphBatch",
    "Source",
    "find_source",
    "graph_batches",
    "load_dataset",
]
