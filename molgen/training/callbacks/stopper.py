"""The end of training: at its length, or at a signal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import lightning as L

from molgen.system.signals import ENDING, leave_terminal
from molgen.training.task import GeneratorTask

_SIGNALS = (signal.SIGINT, *ENDING)


class Stopper(L.Callback):
    """Ends training at its length; at Ctrl-C, SIGTERM or SIGHUP (the terminal closes) after the step under way.

    SIGHUP stays ignored where it is, as under ``nohup``.

    Attributes:
        signal: the signal that ended training, or None.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Signals are its own from the start of training on, and as they were after the block.

        Lightning also sets handlers, and takes them back before its callbacks do: what they find is not what there was.
        """
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            yield
        finally:
            if threading.current_thread() is threading.main_thread():
                for number, handler in before.items():
                    signal.signal(number, handler)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        if threading.current_thread() is not threading.main_thread():  # which alone may set handlers
            return
        for number in _SIGNALS:
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._remember)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        assert isinstance(pl_module, GeneratorTask)
        stop = pl_module.finished or self.signal is not None
        trainer.should_stop = trainer.strategy.reduce_boolean_decision(stop, all=False)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:  # asked twice: stop at once
            raise KeyboardInterrupt
        self.signal = number
        leave_terminal()
