"""Work in a process of its own that starts with all that this one has read."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from typing import TypeVar

Result = TypeVar("Result")


def meanwhile(work: Callable[[], Result], nice: int = 5) -> Callable[[], Result]:
    """Begin `work` and give a function that waits for its result, or raises what it raised.

    Where this process cannot safely fork, the work is done when it is waited for. The result must be picklable, the work need not be.
    """
    if not alone():
        return cache(work)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, work, nice), daemon=True)
    process.start()
    sender.close()

    @cache
    def wait() -> Result:
        try:
            done, value = receiver.recv()
        except EOFError:
            raise RuntimeError("a process ended without an answer") from None
        process.join()
        if not done:
            raise value
        result: Result = value
        return result

    return wait


def alone() -> bool:
    """Whether this process has a single thread, as forking asks; only Linux tells of the threads that libraries start for themselves."""
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False


def _send(sender: Connection, work: Callable[[], object], nice: int) -> None:
    os.nice(nice)  # the process that waits has its own work to do
    try:
        sender.send((True, work()))
    except Exception as error:
        sender.send((False, error))
