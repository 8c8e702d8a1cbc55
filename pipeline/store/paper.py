"""Which versions of a form are on paper, so that their layout may no longer change."""

from collections.abc import Iterable
from pathlib import Path

from pipeline.forms.catalogue import Form
from pipeline.forms.frozen import Fingerprints, check_frozen, released
from pipeline.store.models import IssuedSheet, Sheet


def on_paper(directories: Iterable[Path], forms: Iterable[Form]) -> Fingerprints:
    """What the release files and the store know to be on paper."""
    known = dict(released(directories))
    for form in forms:
        name, version = form.key
        issued = IssuedSheet.objects.filter(form=name, version=version)
        prints = frozenset(issued.values_list("fingerprint", flat=True).distinct())
        known[form.key] = known.get(form.key, frozenset()) | prints
    return known


def check_paper(directories: Iterable[Path], forms: Iterable[Form]) -> None:
    """Hold forms against what is on paper.

    Raises:
        DefinitionError: the layout of one differs from what it was printed with.
    """
    known = tuple(forms)
    printed = on_paper(directories, known)
    for form in known:
        check_frozen(form, printed)


def in_use(directories: Iterable[Path], form: str, version: int) -> bool:
    """Whether sheets of a version were released, issued or read."""
    return (
        (form, version) in released(directories)
        or IssuedSheet.objects.filter(form=form, version=version).exists()
        or Sheet.objects.filter(form=form, version=version).exists()
    )
