"""The whole way of one page as one pure function: image in, readings out. No database, no global state."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.identity import Identity
from pipeline.recognition.confidence import Tables, shipped, way_of
from pipeline.recognition.head import Head
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.recognise import Readers, recognise_by
from pipeline.recognition.second import readers, second_reader
from pipeline.registration.register import register, turn_of
from pipeline.registration.types import Refusal
from pipeline.validation.judge import JudgedReading, judge, propose

__all__ = ["JudgedReading", "PageReading", "PageStatus", "read_page"]


class PageStatus(StrEnum):
    """What became of a page image."""

    READ = "read"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class PageReading:
    """All that a page image gave.

    Attributes:
        reason: stable code of why it was set aside, "" when read.
        detail: what was seen, in English, for the log.
        identity: form code, version, page and serial, as far as known.
        form: the definition's name, "" when unknown.
        turn: degrees clockwise (0, 90, 180, 270) that bring the page image upright.
        residual_mm: registration residual, NaN when not registered.
        way: which calibration judged it, see `recognition.confidence.way_of`.
    """

    status: PageStatus
    reason: str = ""
    detail: str = ""
    form: str = ""
    identity: Identity | None = None
    turn: int = 0
    residual_mm: float = float("nan")
    readings: tuple[JudgedReading, ...] = ()
    way: str = ""


def read_page(
    image: NDArray[np.uint8], forms: Catalogue, tables: Tables | None = None, head: Head | None = None
) -> PageReading:
    """Reads one page image: which page it is, what stands in its fields, and what of that is sure.

    Args:
        image: uint8 (H, W), grey, as scanned; any quarter turn.
        forms: the forms that this computer knows.
        tables: calibrations that an office has made; the shipped ones hold for what is not in them.
        head: what an office's reader has learnt; it proposes, the shipped reader's proof accepts. One that was made
            for another shipped reader is passed over.

    Raises:
        MissingPartError: a model file or Tesseract is not installed.
    """
    registration = register(image, forms)
    if isinstance(registration, Refusal):
        return PageReading(PageStatus.SET_ASIDE, registration.reason, registration.detail)
    identity = registration.identity
    form = forms.by_code(identity.code, identity.version)
    if form is None:
        return PageReading(PageStatus.SET_ASIDE, "unknown_form", identity.qr_text())
    heads = (head,) if head is not None and head.card.parent == cell_reader().version else ()
    by = [Readers(second_reader(), head) for head in (None, *heads)]
    readings, *learnt = recognise_by(image, registration, form, by)
    way = way_of(readers(), registration.capture)
    groups = {**shipped(way), **(tables or {}).get(way, {})}
    judged = judge(form.definition, readings, groups)
    for others in learnt:
        pairs = zip(judged, judge(form.definition, others, groups), strict=True)
        judged = tuple(propose(proven, other) for proven, other in pairs)
    return PageReading(
        PageStatus.READ,
        form=form.definition.form,
        identity=identity,
        turn=turn_of(registration),
        residual_mm=registration.residual_mm,
        readings=judged,
        way=way,
    )
