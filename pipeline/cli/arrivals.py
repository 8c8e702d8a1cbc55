"""Files that arrive in a folder: each is taken when the scanner has finished writing it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pipeline.errors import UsageError

POLL_SECONDS: Final = 2.0
SETTLED_SECONDS: Final = 5.0
"""A file is taken once its size and time have stood still for so long."""

_State = tuple[int, int]


def arrivals(
    folder: Path,
    *,
    once: bool,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> Iterator[list[Path]]:
    """The files of a folder as they come to rest, each once for every state that it comes to.

    A file that cannot be read is given once, and not again until it changes.

    Args:
        folder: looked through every `POLL_SECONDS`.
        once: end when every file that is there has come to rest and was given.
        sleep: how to wait.
        now: the clock that file times are held against, s.
    """
    given: dict[Path, _State] = {}
    seen: dict[Path, tuple[_State, float]] = {}
    while True:
        clock = now()
        fresh = {path: state for path, state in _states(folder) if given.get(path) != state}
        seen = {
            path: seen[path] if path in seen and seen[path][0] == state else (state, clock)
            for path, state in fresh.items()
        }
        rested = [path for path, (state, since) in seen.items() if _rests(clock, since, state, once)]
        if rested:
            given.update({path: fresh[path] for path in rested})
            yield rested
        if once and len(rested) == len(fresh):
            return
        sleep(POLL_SECONDS)


def _rests(clock: float, since: float, state: _State, once: bool) -> bool:
    """Whether a file stood still long enough; with `once`, its own time may prove it."""
    return clock - since >= SETTLED_SECONDS or (once and clock - state[1] / 1e9 >= SETTLED_SECONDS)


def _states(folder: Path) -> Iterator[tuple[Path, _State]]:
    from pipeline.scans.files import find_files

    try:
        files = find_files([folder])
    except UsageError:
        return
    for path in files:
        try:
            state = path.stat()
        except OSError:
            continue
        yield path, (state.st_size, state.st_mtime_ns)
