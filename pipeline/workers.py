"""Pages through an executor: a bounded window in flight, answers in order, a fault at its own page's cost."""

import logging
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import wait
from typing import Final, Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SotarsaError
from pipeline.forms.catalogue import Catalogue
from pipeline.page import PageReading, PageStatus
from pipeline.scans.types import PageImage, UnreadableFile

Read = Callable[[NDArray[np.uint8], Catalogue], PageReading]
MakeExecutor = Callable[[], Executor]
Key = TypeVar("Key")

IN_FLIGHT_A_WORKER: Final = 4
"""Pages sent ahead for each worker: enough to keep it busy, few enough to keep memory flat."""

_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work(Generic[Key]):
    """A page to read, and what the caller knows it by."""

    key: Key
    image: PageImage


def process_pool(jobs: int) -> Executor:
    """Worker processes of this machine, one thread each; they end when this process is killed."""
    for variable in _ONE_THREAD:
        os.environ[variable] = "1"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipeline.page"])
    _serve_deaf()
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_join)


@contextmanager
def _held() -> Iterator[None]:
    """Lets Ctrl-C wait: where it fell into the start of a worker, nobody would know that one or wait for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            signal.raise_signal(signal.SIGINT)


def _serve_deaf() -> None:
    """Starts the server that forks workers where Ctrl-C is not heard: a worker would hear it before `_join`."""
    if threading.current_thread() is not threading.main_thread():
        return
    # So that there is as little as can be in which a press is lost.
    resource_tracker.ensure_running()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def read_in_order(
    work: Iterable[Work[Key]], make_executor: MakeExecutor, read: Read, catalogue: Catalogue, jobs: int
) -> Iterator[tuple[Key, PageReading]]:
    """The reading of every page, in the order of the work, whatever becomes of the workers.

    A page at which `read` fails comes as set aside for `internal`. When a worker dies, the executor is made
    anew and every page that was in flight is tried once more, alone; the one at fault is set aside.

    Args:
        work: taken lazily, `IN_FLIGHT_A_WORKER` pages ahead for each job.
        make_executor: called at first and after a worker died.
        read: picklable by name.
        catalogue: sent with each page as bytes and unpacked once in each worker.
        jobs: how many workers there are.

    Raises:
        MissingPartError: a worker lacks a part of the system.
    """
    line: _Line[Key] = _Line(make_executor, read, pickle.dumps(catalogue))
    with line:
        window = IN_FLIGHT_A_WORKER * jobs
        for one in work:
            line.send(one)
            while len(line) >= window:
                yield from line.take()
        while len(line):
            yield from line.take()


class _Line(Generic[Key]):
    """The pages in flight, first sent first."""

    def __init__(self, make_executor: MakeExecutor, read: Read, catalogue: bytes) -> None:
        self._make, self._read, self._catalogue = make_executor, read, catalogue
        self._executor = make_executor()
        self._flying: deque[tuple[Work[Key], Future[PageReading]]] = deque()

    def __len__(self) -> int:
        return len(self._flying)

    def __enter__(self) -> "_Line[Key]":
        return self

    def __exit__(self, *_: object) -> None:
        self._close(wait=True)

    def send(self, one: Work[Key]) -> None:
        self._flying.append((one, self._submit(one)))

    def take(self) -> Iterator[tuple[Key, PageReading]]:
        """The first page's reading; after a worker's death those of all pages in flight."""
        one, future = self._flying.popleft()
        try:
            reading = _answer(future)
        except BrokenExecutor:
            _log.warning("a worker died; the pages in flight are read again, one by one")
            again = [one, *(other for other, _ in self._flying)]
            self._flying.clear()
            self._renew()
            for page in again:
                yield page.key, self._alone(page)
        else:
            yield one.key, reading

    def _alone(self, one: Work[Key]) -> PageReading:
        try:
            return _answer(self._submit(one))
        except BrokenExecutor:
            self._renew()
            return _fault("the worker that read it died twice")

    def _submit(self, one: Work[Key]) -> Future[PageReading]:
        try:
            with _held():
                return self._executor.submit(read_one, self._read, self._catalogue, one.image)
        except BrokenExecutor as error:
            broken: Future[PageReading] = Future()
            broken.set_exception(error)
            return broken

    def _renew(self) -> None:
        self._close(wait=False)
        self._executor = self._make()

    def _close(self, *, wait: bool) -> None:
        """Cancel what has not begun and let the executor go; a cluster's knows no `cancel_futures`."""
        for _, future in self._flying:
            future.cancel()
        self._executor.shutdown(wait=wait)


def read_one(read: Read, catalogue: bytes, image: PageImage) -> PageReading:
    """Decode and read one page; the function that workers run.

    Raises:
        SotarsaError: a system part is missing, or another failure that stops every page.
    """
    cv2.setNumThreads(1)
    try:
        return read(image.decode(), _unpacked(catalogue))
    except UnreadableFile as error:
        return PageReading(PageStatus.SET_ASIDE, error.reason, error.detail)
    except SotarsaError:
        raise
    except Exception:
        return _fault(traceback.format_exc())


@lru_cache(maxsize=2)
def _unpacked(catalogue: bytes) -> Catalogue:
    unpacked = pickle.loads(catalogue)
    assert isinstance(unpacked, Catalogue)
    return unpacked


def _answer(future: Future[PageReading]) -> PageReading:
    """A page's reading; what went wrong on its way there and back is a fault of that page alone."""
    try:
        return future.result()
    except (BrokenExecutor, SotarsaError):
        raise
    except Exception:
        return _fault(traceback.format_exc())


def _fault(detail: str) -> PageReading:
    return PageReading(PageStatus.SET_ASIDE, "internal", detail)


def _join() -> None:
    """Leave Ctrl-C to the process that started this worker, and leave when that is gone, however it went."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
