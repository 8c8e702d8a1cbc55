"""The loop between a review session and a terminal, or a plain pipe of lines."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer

from pipeline.cli.context import folded
from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.review.blocks import Colours, Room, draw_field
from pipeline.review.companions import companions
from pipeline.review.decisions import Changed, Doubtful, Taken
from pipeline.review.entry import Refused, shown
from pipeline.review.items import ReviewItem
from pipeline.review.keys import HELP, NO_COMMAND, NO_READING, PICK, Action, Do, choosable, parse, possible
from pipeline.review.picture import Pictures
from pipeline.review.render import NO_PICTURE, Card, companion_lines, outcome, render, section_of, title_of
from pipeline.review.session import Session
from pipeline.web.browser import has_desktop

_END = Text(
    "Tidak ada lagi. Enter: selesai, <: kembali ke keputusan terakhir.",
    "Nothing more. Enter: done, <: back to the last decision.",
)
_AGAIN = Text(
    "Enter sekali lagi untuk tetap memakainya, atau ketik yang lain.",
    "Enter once more to keep it, or type something else.",
)
_READING = Text("Enter memakai bacaan: {reading}.", "Enter takes the reading: {reading}.")
_NO_VIEWER: Final = Text(
    "Komputer ini tidak punya penampil gambar. Berkasnya: {file}",
    "This computer has no image viewer. The file: {file}",
)
_FIRST = Text(
    "Ini yang pertama: belum ada keputusan sebelumnya.", "No earlier decision of yours to go back to."
)
_STANDS = Text(
    "Sudah Anda putuskan; tetap berlaku sampai Anda mengubahnya. Enter: maju.",
    "You have decided this; it stands until you change it. Enter: go on.",
)
_MAX_COLUMNS: Final = 120
_PICTURE: Final = (6, 14)
"""Least and most lines of the ink; it has what the words leave."""


class Screen:
    """The loop between a session and a terminal, or a plain pipe."""

    def __init__(self, session: Session, home: Path) -> None:
        self._session = session
        self._pictures = Pictures(home)
        self._terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._notice = ""
        self._crop: Path | None = None
        self._typed = ""

    def run(self) -> None:
        """Show item after item until there is none or the person leaves."""
        while True:
            item = self._session.item
            if item is None:
                if not self._turned_back():
                    return
            elif not self._shown(item):
                self._session.skip()
            elif not self._answered(item):
                return

    def _shown(self, item: ReviewItem) -> bool:
        """Show an item; False, with the sentence, where this computer does not know its form."""
        try:
            self._show(item)
        except UsageError as unknown:
            self._say(str(unknown), "31")
            return False
        return True

    def _turned_back(self) -> bool:
        """At the end of the queue the last decision may still be taken back; False to leave."""
        typer.echo(f"{self._notice}\n{_END}", color=True)
        line = self._line(())
        return line is not None and line.strip() == Do.BACK and self._session.back()

    def _answered(self, item: ReviewItem) -> bool:
        """Read lines until the item is dealt with; False to leave."""
        spec = item.spec(self._session.forms)
        asked: Action | None = None
        while True:
            line = self._ask(item)
            action = Action(Do.QUIT) if line is None else parse(line, item, spec)
            if action.do is Do.QUIT:
                return False
            if action.do in (Do.HELP, Do.PICTURE, Do.UNKNOWN):
                self._help(action)
                if asked is not None:
                    self._say(str(_AGAIN), "33")
                continue
            if action.do is Do.NO_READING:
                asked = self._meant(action.value, item)
                continue
            again = asked if action.do is Do.TAKE else None
            action, asked = again or action, None
            try:
                self._do(action, confirmed=again is not None)
            except Refused as refused:
                self._refuse(str(refused), item, enter=action.do is not Do.TAKE)
                continue
            except Doubtful as doubt:
                beside = companions(item, doubt.reasons, self._session.forms)
                self._say("\n".join([str(doubt), *companion_lines(beside), str(_AGAIN)]), "33")
                asked = action
                continue
            except Changed as changed:
                self._notice = self._painted(str(changed), "33")
                self._session.look_again()
            except Taken as taken:
                self._notice = self._painted(str(taken), "33")
                self._session.go_on()
            return True

    def _meant(self, typed: str, item: ReviewItem) -> Action | None:
        """Say that no reading has this number; what a second Enter takes where it may be meant as a value."""
        spec = item.spec(self._session.forms)
        told = NO_READING.format(said=typed.removeprefix(PICK), last=len(choosable(item, spec)))
        if possible(spec, typed):
            self._say(f"{told}\n{_AGAIN}", "33")
            return Action(Do.VALUE, typed)
        self._refuse(told, item)
        return None

    def _refuse(self, why: str, item: ReviewItem, *, enter: bool = True) -> None:
        """Say why a line is not taken, and what Enter would take, if it can."""
        spec = item.spec(self._session.forms)
        can = enter and (item.value is None or possible(spec, item.value))
        offer = _READING.format(reading=outcome(spec, item)) if can else ""
        self._say(f"{why} {offer}", "31")

    def _help(self, action: Action) -> None:
        """What helps to decide and decides nothing."""
        if action.do is Do.HELP:
            typer.echo(str(HELP))
        elif action.do is Do.PICTURE:
            self._open_picture()
        else:
            self._say(NO_COMMAND.format(said=action.value), "33")

    def _open_picture(self) -> None:
        """Hands the picture to the computer's own viewer; a terminal without a desktop has none."""
        if self._crop is None:
            self._say(str(NO_PICTURE), "33")
        elif not has_desktop() or typer.launch(str(self._crop)) != 0:
            self._say(_NO_VIEWER.format(file=self._crop), "33")

    def _do(self, action: Action, *, confirmed: bool) -> None:
        if action.do is Do.SKIP:
            self._session.skip()
        elif action.do is Do.BACK:
            found = self._session.back()
            self._notice = self._painted(str(_STANDS if found else _FIRST), "33")
        else:
            done = self._session.decide(action, confirmed=confirmed)
            spec = done.spec(self._session.forms)
            self._notice = self._painted(f"✓ {spec.label}: {outcome(spec, done)}", "32")

    def _show(self, item: ReviewItem) -> None:
        forms = self._session.forms
        spec, layout = item.spec(forms), item.layout(forms)
        columns, lines = shutil.get_terminal_size()
        width = min(columns, _MAX_COLUMNS) - 1
        ink = self._pictures.ink(item, layout)
        crop = self._crop = self._pictures.save(item, layout, ink) if ink else None
        card = Card(
            item=item,
            spec=spec,
            title=title_of(item, forms),
            section=section_of(item, forms),
            done=self._session.number,
            total=max(self._session.total, self._session.number),
            crop=crop,
            beside=companions(item, item.reasons, forms),
            coloured=self._coloured,
        )
        if ink is not None and self._coloured:
            # A line for the prompt, one above it, one for what was said before, and the rest is the picture's.
            words = render(card, width).count("\n") + 3
            room = Room(width, min(max(lines - words, _PICTURE[0]), _PICTURE[1]))
            card = replace(card, drawing=tuple(draw_field(ink, layout, spec, item.value, room, _colours())))
        self._typed = ""
        if self._terminal:
            typer.echo("\x1b[H\x1b[2J\x1b[3J", nl=False)
        typer.echo(f"{self._notice}\n{render(card, width)}", color=True)
        self._notice = ""

    def _ask(self, item: ReviewItem) -> str | None:
        """The line of a person who may fetch what was refused, the reading or an alternative with the arrow up."""
        spec = item.spec(self._session.forms)
        values = (item.value, *(one.value for one in item.alternatives))
        offers = [shown(spec, value) for value in values if value is not None]
        line = self._line([self._typed, *offers] if self._typed else offers)
        self._typed = line or ""
        return line

    def _line(self, offers: Sequence[str]) -> str | None:
        """One line, without its end; None when there are no more."""
        if not self._terminal:
            line = sys.stdin.readline()
            return line.rstrip("\n") if line else None
        import readline
        import termios

        readline.clear_history()
        for offer in reversed(offers):
            readline.add_history(offer)
        # A key that was pressed before this stood on the screen was not meant for it.
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
        try:
            return input("› ")
        except EOFError:
            typer.echo()
            return None
        except KeyboardInterrupt:
            typer.echo()
            raise

    def _say(self, text: str, style: str) -> None:
        width = shutil.get_terminal_size().columns
        for line in text.splitlines():
            typer.echo(self._painted(folded(line, width), style), color=True)

    def _painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._coloured else text

    @property
    def _coloured(self) -> bool:
        return self._terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _colours() -> Colours:
    deep = os.environ.get("COLORTERM", "") in ("truecolor", "24bit")
    return Colours.TRUE if deep else Colours.GREY
