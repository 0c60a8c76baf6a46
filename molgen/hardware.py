"""What this machine is good at."""

from __future__ import annotations

import ctypes
import sys

import torch


def supports_bf16(device_type: str = "cpu") -> bool:
    """Whether bfloat16 has instructions of its own; without them it is up to a hundred times slower."""
    if device_type == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return device_type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def keep_memory() -> None:
    """Tell glibc to keep freed memory instead of giving it back to the system after each operation.

    Activations are large blocks that come and go; without this, a third of the time of small networks on a CPU goes
    into page faults. Does nothing elsewhere than on glibc.
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
