"""Batches for training, made by worker processes where they are wanted."""

from __future__ import annotations

import signal
import sys

from torch.utils.data import DataLoader

from molgen.datasets.batches import Batch, BatchStream
from molgen.system.signals import ENDING, end_with_parent


def loader(stream: BatchStream[Batch], workers: int) -> DataLoader[Batch]:
    """Batches made here, or by worker processes that are forked, since streams hold what cannot be pickled."""
    if workers == 0 or not sys.platform.startswith("linux"):
        return DataLoader(stream, batch_size=None)
    return DataLoader(
        stream,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context="fork",
        prefetch_factor=4,
        worker_init_fn=_begin_worker,
    )


def _begin_worker(worker: int) -> None:
    """Leave Ctrl-C and the closing of the terminal to the process that trains, and end with it."""
    for number in (signal.SIGINT, *ENDING):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.SIG_IGN)
    end_with_parent()
