"""Two who look like one and of whom a person said that they are two: asked about no more, until one of them changes.

An answer is about the two as they stood: two family cards, or two people with NIK (or place on paper), name and birth
date. It outlives the rows, so an import that is undone and repeated asks nothing anew. Where sheets are corrected so
that the two become one, the import takes the answer back and says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.register.book import Question
from pipeline.register.changes import TRACKED, one_at_a_time, row_as
from pipeline.register.models import Apart, Change, Household, ImportRun, Person, Row
from pipeline.register.twins import Likeness, renumbered, twins, who

Pair = frozenset[str]
"""What an answer is about, see `Likeness.pair`."""

_NOT_ASKED: Final = Text(
    "Daftar penerima tidak menanyakan apakah {one} dan {other} sama. Salin nomor keduanya dari tabel “Perlu "
    "diputuskan” (sotarsa import --dry-run); bila lembarnya belum masuk daftar, impor dulu.",
    "The register does not ask whether {one} and {other} are the same. Copy both numbers from the table “To decide” "
    "(sotarsa import --dry-run); if their sheet is not in the register yet, import first.",
)
_NOT_SAID: Final = Text(
    "Belum pernah dicatat bahwa {one} dan {other} memang dua. Lihat yang tercatat: sotarsa register answers",
    "Nobody said that {one} and {other} are two. See what was said: sotarsa register answers",
)
_SEVERAL: Final = Text(
    "Ada beberapa yang cocok dengan {one} dan {other}. Pilih salah satu:{commands}",
    "Several fit {one} and {other}. Choose one:{commands}",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The last word on two who look like one.

    Attributes:
        apart: whether they were said to be two; False once the word was taken back.
    """

    likeness: Likeness
    apart: bool
    why: str
    by: str
    at: datetime


def standing() -> Mapping[Pair, Answer]:
    """What is said now, in the order in which it was said first."""
    return {pair: answer for pair, answer in _last_words().items() if answer.apart}


def unanswered(asked: Iterable[Likeness]) -> tuple[list[Question], int]:
    """The questions that nobody has answered, each once, and how many were."""
    said = standing()
    open_, answered = dict[Question, None](), set[Question]()
    for one in asked:
        if one.pair in said:
            answered.add(one.question)
        else:
            open_[one.question] = None
    return list(open_), len(answered - open_.keys())


def say_apart(one: str, other: str, name: str = "", *, why: str, by: str) -> tuple[Likeness, Answer | None]:
    """Writes down that two who are asked about are two.

    Args:
        one: NIK, family card or serial of one, as the question shows it.
        other: the same of the other.
        name: whom the question names, where the rest fits several.
        why: how that is known.
        by: who says so.

    Returns:
        The two, and what was said before where that is all the same: who says it again without a reason leaves the one
        that was given.

    Raises:
        UsageError: nothing is asked about them, or several things are.
    """
    words = _words(one, other)
    with transaction.atomic():
        one_at_a_time()
        return _say(_chosen(_asked_about(words), words, name, _NOT_ASKED), apart=True, why=why, by=by)


def take_back(one: str, other: str, name: str = "", *, why: str, by: str) -> tuple[Likeness, Answer | None]:
    """Takes back that two are two, so that imports ask about them again; like `say_apart`.

    Raises:
        UsageError: nobody said so of them, or the words fit several.
    """
    words = _words(one, other)
    with transaction.atomic():
        one_at_a_time()
        said = [answer.likeness for answer in _last_words().values()]
        return _say(_chosen(said, words, name, _NOT_SAID, " --undo"), apart=False, why=why, by=by)


def end_of_joined(run: ImportRun) -> Iterator[Likeness]:
    """Takes answers back whose two became one in a run: sheets that named one of them now name the other."""
    said = standing()
    if not said:
        return
    for model in TRACKED:
        together = list(_joined(run, model))
        for pair, answer in said.items():
            if any(pair <= keys for keys in together):
                _write(answer.likeness, apart=False, run=run)
                yield answer.likeness


def _last_words() -> dict[Pair, Answer]:
    found: dict[Pair, Answer] = {}
    for row in Apart.objects.filter(Q(run=None) | Q(run__undone_at=None)).order_by("pk"):
        likeness = Likeness(Question(**row.question), row.known, row.told)
        found[likeness.pair] = Answer(likeness, row.apart, row.why, row.by, row.at)
    return found


def _say(
    chosen: Mapping[Pair, Likeness], *, apart: bool, why: str, by: str
) -> tuple[Likeness, Answer | None]:
    last = _last_words()
    told = [last.get(pair) for pair in chosen]
    first = next(iter(chosen.values()))
    if all(one and one.apart == apart and (not apart or why in ("", one.why)) for one in told):
        return first, told[0]
    for likeness in chosen.values():
        _write(likeness, apart=apart, why=why, by=by)
    return first, None


def _write(two: Likeness, *, apart: bool, why: str = "", by: str = "", run: ImportRun | None = None) -> None:
    Apart.objects.create(
        known=two.known, told=two.told, question=asdict(two.question), apart=apart, why=why, by=by, run=run
    )


def _words(one: str, other: str) -> tuple[str, str]:
    return one.strip().upper(), other.strip().upper()


def _chosen(
    among: Iterable[Likeness], words: tuple[str, str], name: str, nobody: Text, how: str = ""
) -> dict[Pair, Likeness]:
    """Those whom the words mean: two, or several of whom one and the same is asked.

    Raises:
        UsageError: nobody, or others as well.
    """
    wanted = " ".join(name.upper().split())
    found = [two for two in among if _between(two, words) and wanted in ("", two.question.name)]
    exact = (*sorted(words), *filter(None, [wanted]))
    found = [two for two in found if two.words == exact] or found
    if not found:
        raise UsageError(nobody.filled(one=words[0], other=words[1]))
    if len({two.words for two in found}) > 1:
        commands = "".join(f"\n  {one}{how}" for one in dict.fromkeys(two.question.answer for two in found))
        raise UsageError(_SEVERAL.filled(one=words[0], other=words[1], commands=commands))
    return {two.pair: two for two in found}


def _between(two: Likeness, words: tuple[str, str]) -> bool:
    (known, told), (one, other) = two.sides, words
    return all(words) and ((one in known and other in told) or (other in known and one in told))


def _asked_about(words: Sequence[str]) -> Iterator[Likeness]:
    """Everything asked about the people and families that have these numbers, or stand on these sheets."""
    homes = Household.objects.filter(Q(kk__in=words) | Q(sheet__serial__in=words))
    people = Person.objects.filter(Q(nik__in=words) | Q(sheet__serial__in=words) | Q(household__in=homes))
    asked = set(people.values_list("pk", flat=True))
    yield from renumbered(asked)
    yield from twins(asked)


def _joined(run: ImportRun, model: str) -> Iterator[Pair]:
    """Groups of people or families that a run made one: whom sheets named that now name another, and that one."""
    lost: list[tuple[str, set[int]]] = []
    gained: list[tuple[str, set[int]]] = []
    for change in Change.objects.filter(run=run, model=model, before__isnull=False).order_by("pk").iterator():
        before, after = change.before or {}, change.after or {}
        was, now = set(before["voices"]), set(after.get("voices", ()))
        row = row_as(TRACKED[model], before)
        if not now:
            lost.append((_key(row), was))
        elif now - was:
            gained.append((_key(row), now - was))
    for key, sheets in gained:
        if joined := {gone for gone, were in lost if were & sheets}:
            yield frozenset((key, *joined))


def _key(row: Row) -> str:
    return who(row) if isinstance(row, Person) else str(getattr(row, "kk", ""))
