"""One reviewer's walk through the queue: what comes next, what was said, and how far it is."""

from dataclasses import dataclass, field

from pipeline.forms.catalogue import Catalogue
from pipeline.review import queue
from pipeline.review.decisions import Kind, back, decide
from pipeline.review.items import ReviewItem
from pipeline.review.keys import Action, Do

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
        decided: how many were decided since.
        skipped: the items left open.
        item: the item to show now, None at the end.
    """

    reviewer: str
    forms: Catalogue
    batch: str | None = None
    form: str | None = None
    total: int = 0
    decided: int = 0
    skipped: set[int] = field(default_factory=set)
    item: ReviewItem | None = None
    _left: list[int] = field(default_factory=list)

    def start(self) -> None:
        """Count what is open and take the first item.

        Raises:
            UsageError: there is no such batch.
        """
        self.total = queue.count_open(self.batch, self.form)
        self.item = queue.next_item(self.reviewer, batch=self.batch, form=self.form)

    @property
    def number(self) -> int:
        """The number of the item shown, from 1."""
        return self.decided + len(self.skipped) + 1

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
        self.decided += 1
        self.skipped.discard(item.id)
        self.go_on()
        return done

    def look_again(self) -> None:
        """Show the item as it is now, or go on where it is no longer open to this reviewer."""
        fresh = queue.claim(self._shown().id, self.reviewer)
        if fresh is None:
            self.go_on()
        else:
            self.item = fresh

    def skip(self) -> None:
        """Leave the item open and go on."""
        self.skipped.add(self._shown().id)
        self.go_on()

    def back(self) -> bool:
        """Show the reviewer's previous decision again; False when there is none."""
        before = back(self.reviewer)
        if before is None:
            return False
        if self.item is not None:
            self._left.append(self.item.id)
        self.decided = max(0, self.decided - 1)
        self.item = before
        return True

    def go_on(self) -> None:
        """Take the next item: first those that were left to go back, then the queue's."""
        shown = self._shown()
        while self._left:
            self.item = queue.claim(self._left.pop(), self.reviewer)
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
