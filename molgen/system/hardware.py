"""Use of the hardware: bfloat16, batches in parallel, memory."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

_IS_X86 = platform.machine().lower() in ("x86_64", "amd64")

T = TypeVar("T")
R = TypeVar("R")


def supports_bf16(device_type: str = "cpu") -> bool:
    """Whether bfloat16 has instructions of its own; without them it is several to a hundred times slower."""
    if device_type == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()) and (not _IS_X86 or _x86_multiplies_bf16())
    return device_type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def _x86_multiplies_bf16() -> bool:
    """Whether a processor with AVX-512, for which oneDNN has bfloat16, does not only imitate it with float32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def parallel_map(function: Callable[[T], R], items: Sequence[T], device: torch.device) -> Iterator[R]:
    """Results in order, on a CPU one item per core at a time.

    One core per batch is faster than all cores on each operation of one batch: small operations need no
    synchronisation, and the work of Python and RDKit overlaps with arithmetic.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(items))
    if device.type != "cpu" or workers < 2:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def use_one_core() -> None:
    """Let torch use one thread in this process, which is one of several."""
    torch.set_num_threads(1)


def keep_memory() -> None:
    """Configure glibc to keep freed memory instead of returning it to the system after each operation.

    Activations are large short-lived blocks; without this, a third of the time of small networks on a CPU goes
    into page faults. Does nothing without glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    trim_threshold, mmap_threshold = -1, -3
    mallopt(trim_threshold, 2**31 - 1)
    mallopt(mmap_threshold, 2**30)
