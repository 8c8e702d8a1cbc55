"""Files that arrive in a folder: each is taken when the scanner has finished writing it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pipeline.language import Text

POLL_SECONDS: Final = 2.0
SETTLED_SECONDS: Final = 5.0
"""A file is taken once its size and time have stood still for so long."""

PATIENCE_SECONDS: Final = 60.0
"""A file that could not be read is given once more after so long: a scanner may pause within a file."""

SIDE_FOLDER: Final = "disisihkan"
"""The folder within the watched one that takes what cannot be read; it is not watched."""

_GONE: Final = Text(
    "Folder {folder} tidak dapat dibuka ({why}). Dilanjutkan sendiri bila sudah ada lagi.",
    "The folder {folder} cannot be opened ({why}). It goes on by itself when it is back.",
)
_BACK: Final = Text("Folder {folder} sudah ada lagi.", "The folder {folder} is back.")
_SHUT: Final = Text(
    "{name} belum dapat dibuka, mungkin masih ditulis. Diambil begitu dapat dibuka.",
    "{name} cannot be opened yet; it may still be written. It is taken as soon as it can.",
)
_LOCKED: Final = Text(
    "Folder {folder} tidak boleh dibuka oleh akun ini. Minta izin bacanya.",
    "This account may not open the folder {folder}. Ask for the right to read it.",
)

_PASSED: Final = Text(
    "{name} tidak dibaca karena bukan PDF atau gambar pindaian. Jika ada lembar di dalamnya, simpan dulu sebagai PDF.",
    "{name} is not read, being no PDF or scanned picture. If a sheet is in it, save it as PDF first.",
)

_State = tuple[int, int]


class Arrivals:
    """The files of a folder as they come to rest, each once for every state (size, time) that it comes to.

    Looking at the folder again and again works on network drives too, where no system tells of changes. A folder
    that is gone for a while, or a file that another program holds, is told of once and waited for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        once: bool,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Watch a folder.

        Args:
            folder: looked through every `POLL_SECONDS`.
            once: end when every file that is there has come to rest and was given.
            sleep: how to wait.
            now: the clock that file times are held against, s.
            tell: takes sentences for the person who watches.
        """
        self._folder, self._once, self._sleep, self._now, self._tell = folder, once, sleep, now, tell
        self._given: dict[Path, _State] = {}
        self._seen: dict[Path, tuple[_State, float]] = {}
        self._doubted: dict[Path, tuple[_State, float]] = {}
        self._told: set[str] = set()
        self._gone = False
        self.shut = False

    def __iter__(self) -> Iterator[list[Path]]:
        """Groups of files that have come to rest, never an empty one."""
        while True:
            states = self._look()
            fresh = {path: state for path, state in states.items() if self._given.get(path) != state}
            clock = self._now()
            self._seen = {
                path: self._seen[path]
                if path in self._seen and self._seen[path][0] == state
                else (state, clock)
                for path, state in fresh.items()
            }
            still = [path for path, (state, since) in self._seen.items() if self._rests(clock, since, state)]
            rested = [path for path in still if self._opens(path)]
            self._given.update((path, fresh[path]) for path in (still if self._once else rested))
            rested += self._due(states, clock)
            if rested:
                yield rested
            if self._once and len(still) == len(fresh):
                return
            self._sleep(POLL_SECONDS)

    def doubt(self, path: Path) -> bool:
        """A given file could not be read. Whether that is final; else it is given once more, if it stays as it is.

        With `once` it is final when the file is old, and left for the next time when it is not.
        """
        clock, state = self._now(), self._given.get(path)
        if state is None:
            return False
        if self._once:
            return clock - state[1] / 1e9 >= PATIENCE_SECONDS
        if path in self._doubted and self._doubted[path][0] == state:
            return True
        self._doubted[path] = state, clock
        return False

    def forget(self, path: Path) -> None:
        """A given file was gone before it could be read; should it come back, it is new."""
        self._given.pop(path, None)

    def _due(self, states: dict[Path, _State], clock: float) -> list[Path]:
        """Doubted files whose second time has come; those that changed are fresh anyway."""
        due = [
            path
            for path, (state, since) in self._doubted.items()
            if since + PATIENCE_SECONDS <= clock and states.get(path) == state == self._given.get(path)
        ]
        self._doubted.update((path, (self._doubted[path][0], float("inf"))) for path in due)
        return due

    def _rests(self, clock: float, since: float, state: _State) -> bool:
        """Whether a file stood still long enough; with `once`, its own time may prove it."""
        own = self._once and clock - state[1] / 1e9 >= SETTLED_SECONDS
        return own or clock - since >= SETTLED_SECONDS

    def _opens(self, path: Path) -> bool:
        try:
            with path.open("rb"):
                return True
        except FileNotFoundError:
            return False
        except OSError:
            self.shut = True
            self._tell_once(_SHUT.format(name=path.name))
            return False

    def _look(self) -> dict[Path, _State]:
        """Size and time of every file that is there, none while the folder is gone."""
        from pipeline.scans.files import readable, walk

        states: dict[Path, _State] = {}
        try:
            for path in walk(self._folder, self._pass):
                if path.is_dir():
                    self.shut = True
                    self._tell_once(_LOCKED.format(folder=readable(str(path))))
                elif SIDE_FOLDER not in path.relative_to(self._folder).parts[:-1]:
                    states.update(_state(path))
        except OSError as error:
            if not self._gone:
                self._tell(_GONE.format(folder=self._folder, why=error.strerror))
            self._gone = True
            return {}
        if self._gone:
            self._tell(_BACK.format(folder=self._folder))
        self._gone = False
        return states

    def _pass(self, path: Path) -> None:
        from pipeline.scans.files import is_unfinished, readable

        if not is_unfinished(path) and SIDE_FOLDER not in path.relative_to(self._folder).parts[:-1]:
            self._tell_once(_PASSED.format(name=readable(path.name)))

    def _tell_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._tell(sentence)


def _state(path: Path) -> dict[Path, _State]:
    try:
        found = path.stat()
    except OSError:
        return {}
    return {path: (found.st_size, found.st_mtime_ns)}
