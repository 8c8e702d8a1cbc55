"""One reviewer's walk through the queue: what comes next, what was said, and how far it is."""

from dataclasses import dataclass, field

from pipeline.forms.catalogue import Catalogue
from pipeline.review import queue
from pipeline.review.decisions import Kind, again, back, decide
from pipeline.review.items import ReviewItem
from pipeline.review.keys import Action, Do
from pipeline.store.models import FieldReading

_KINDS = {
    Do.TAKE: Kind.CONFIRMED,
    Do.VALUE: Kind.CORRECTED,
    Do.EMPTY: Kind.EMPTY,
    Do.UNREADABLE: Kind.UNREADABLE,
}


@dataclass(slots=True)
class Session:
    """A walk that can be left at any item and taken up again.

    Attributes:
        total: how many items were open at the start.
        skipped: the items left open.
        item: the item to show now, None at the end.
    """

    reviewer: str
    forms: Catalogue
    batch: str | None = None
    form: str | None = None
    total: int = 0
    skipped: set[int] = field(default_factory=set)
    item: ReviewItem | None = None
    _decided: set[int] = field(default_factory=set)
    _ahead: list[int] = field(default_factory=list)
    """Items that were left to look back, the next one last."""

    def start(self) -> None:
        """Count what is open and take the first item.

        Raises:
            UsageError: there is no such batch.
        """
        self.total = queue.count_open(self.batch, self.form)
        self.item = queue.next_item(self.reviewer, batch=self.batch, form=self.form)

    @property
    def decided(self) -> int:
        """How many items were decided since the start."""
        return len(self._decided)

    @property
    def number(self) -> int:
        """The number of the item shown, from 1: it comes after those that were decided or skipped before it."""
        return len((self._decided | self.skipped) - {*self._ahead, self._shown().id}) + 1

    @property
    def looks_back(self) -> bool:
        """Whether the item shown has been decided; it stays so until another decision."""
        return self._shown().status == FieldReading.Status.REVIEWED

    def decide(self, action: Action, *, confirmed: bool = False) -> ReviewItem:
        """Take a decision on the item shown and go on; gives the item as it is now.

        Raises:
            Refused: the value is none of the field.
            Doubtful: it breaks rules that are only evidence; ask, then call again with `confirmed`.
            Taken: another reviewer has it by now.
            Changed: it is no longer what was shown; `look_again`, or go on.
        """
        item = self._shown()
        done = decide(
            item.id,
            self.reviewer,
            _KINDS[action.do],
            action.value or None,
            self.forms,
            confirmed=confirmed,
            seen=item,
        )
        if done != item:
            self._decided.add(item.id)
        self.skipped.discard(item.id)
        self.go_on()
        return done

    def look_again(self) -> None:
        """Show the item as it is now, or go on where it is no longer this reviewer's."""
        fresh = again(self._shown().id, self.reviewer)
        if fresh is None:
            self.go_on()
        else:
            self.item = fresh

    def skip(self) -> None:
        """Leave the item as it is, open or decided, and go on."""
        if not self.looks_back:
            self.skipped.add(self._shown().id)
        self.go_on()

    def back(self) -> bool:
        """Show the reviewer's previous decision, which stands; False when there is none."""
        ahead = self._ahead if self.item is None else [*self._ahead, self.item.id]
        before = back(self.reviewer, beyond=ahead)
        if before is None:
            return False
        self._ahead, self.item = ahead, before
        return True

    def go_on(self) -> None:
        """Take the next item: first those that were left to go back, then the queue's."""
        shown = self._shown()
        while self._ahead:
            self.item = again(self._ahead.pop(), self.reviewer)
            if self.item is not None:
                return
        self.item = self._after(shown)
        while self.item is not None and self.item.id in self.skipped:
            # Its lease had run out; taken anew, it stays away.
            self.item = self._after(self.item)

    def _after(self, item: ReviewItem) -> ReviewItem | None:
        return queue.next_item(self.reviewer, after=item.id, batch=self.batch, form=self.form)

    def stop(self) -> None:
        """Give back what is still held."""
        queue.release(self.reviewer)

    def _shown(self) -> ReviewItem:
        if self.item is None:
            raise ValueError("no item is shown")
        return self.item
