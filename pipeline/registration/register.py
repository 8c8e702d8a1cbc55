"""From a page image to a registered page: which side of which sheet it is, and where each mm of it lies."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.identity import Identity, parse_qr
from pipeline.forms.layout import FormLayout, PageLayout
from pipeline.registration.blank import is_blank
from pipeline.registration.confirm import lines_blurred
from pipeline.registration.fit import Fit, Landmark, faces_us, fit_plane, project
from pipeline.registration.given import NO_BLANK_FITS, register_given
from pipeline.registration.identity import printed_serial, qr_text_at, qr_texts_anywhere
from pipeline.registration.markers import Corners, find_marker_near, find_markers
from pipeline.registration.plane import Plane
from pipeline.registration.quality import fault
from pipeline.registration.separator import separator_among, separator_seen
from pipeline.registration.straighten import straightened
from pipeline.registration.types import Refusal, Registration

MAX_RESIDUAL_MM: Final = 0.4
"""On bowed paper the furthest field is off by twice as much: by 0.8 mm cells run into their neighbours."""

_UNCERTAIN_SHARE: Final = 0.3
"""A page of which more fields than this do not surely lie where they are looked for is flattened and scanned again."""

_FEWEST_DPI: Final = 90.0
"""Below this a written stroke is one px wide: what stands in a cell is anybody's guess."""

_PER_PAGE: Final = 4
_FEWEST: Final = 2
_PERHAPS_GIVEN: Final = ("not_our_form", "unreadable_identity")
"""A page that is refused for this may be of a form that others printed."""
_PERHAPS_PICTURE: Final = frozenset(
    {"not_our_form", "corners_missing", "unreadable_identity", "forms_alike", "residual"}
)
"""Refusals that a better picture may mend; where its fault is plain, that is told instead."""
_LEAST_PX: Final = 100
"""A picture that is less wide or high shows no form: A4 at 12 dpi."""

Image = NDArray[np.uint8]
Found = Mapping[int, Corners]

_log = logging.getLogger(__name__)


class _Side(NamedTuple):
    """One page of one form, laid onto the image."""

    layout: FormLayout
    page: PageLayout
    fit: Fit


@dataclass(frozen=True, slots=True)
class _Known:
    """A side whose sheet is known, and where its serial was read: `qr` or `print`."""

    side: _Side
    identity: Identity
    serial_from: str


def register(image: Image, forms: Catalogue) -> Registration | Refusal:
    """Which side of which sheet a page image shows, and where each mm of it lies.

    Args:
        image: grey, uint8 (H, W), in any quarter turn, skewed, scaled or in perspective.
        forms: the forms that may come.

    Returns:
        The registered page, or why it is set aside: `blank`, `not_our_form`, `corners_missing`,
        `unknown_form`, `unreadable_identity`, `forms_alike`, `residual`, `separator` or `unreadable_separator`; or
        what is plainly wrong with the picture, see `quality.fault`.

    Raises:
        MissingPartError: the QR code is damaged and Tesseract, which reads the serial, is not installed.
    """
    if min(image.shape) < _LEAST_PX:
        reason = "blank" if is_blank(image) else "not_our_form"
        return Refusal(reason, f"{image.shape[1]} x {image.shape[0]} px")
    found = _look_for_markers(image)
    outcome = _identified(image, found, forms)
    if isinstance(outcome, Refusal) and outcome.reason in _PERHAPS_GIVEN:
        given = register_given(image, forms.forms())
        outcome = outcome if given == NO_BLANK_FITS else given
    if isinstance(outcome, Refusal) and outcome.reason in _PERHAPS_PICTURE:
        plain = fault(image, found, _pages_of(found, forms))
        return Refusal(plain, f"{outcome.reason}: {outcome.detail}") if plain else outcome
    return outcome


def turn_of(registration: Registration) -> int:
    """Degrees clockwise (0, 90, 180 or 270) that bring the page image upright."""
    page = registration.page
    middle = np.array([page.width_mm / 2, page.height_mm / 2])
    start, end = registration.to_pixels(np.stack([middle, middle + np.array([10.0, 0.0])]))
    across, down = end - start
    return -round(float(np.degrees(np.arctan2(down, across))) / 90) * 90 % 360


def _identified(image: Image, found: Found, forms: Catalogue) -> Registration | Refusal:
    """The page with these markers."""
    if max((_count(found, page) for page in _pages_by_markers(found)), default=0) < _FEWEST:
        return _without_markers(image, found)
    separator = separator_seen(image, found)
    if separator is not None:
        return separator
    sides = list(_sides(image, found, forms))
    known = _read_qr(image, found, sides, forms)
    if known is None:
        known = _read_serial(image, sides)
    return known if isinstance(known, Refusal) else _checked(image, known)


def _look_for_markers(image: Image) -> Found:
    """The markers of a page, looked for more and more thoroughly: all four at first, then two."""
    found: dict[int, Corners] = {}
    for number, markers in enumerate(find_markers(image)):
        found = markers | found
        most = max((_count(found, page) for page in _pages_by_markers(found)), default=0)
        if most >= (_PER_PAGE if number == 0 else _FEWEST):
            break
        if number == 0 and not found and is_blank(image):
            break
    return found


def _without_markers(image: Image, found: Found) -> Refusal:
    if not found and is_blank(image):
        return Refusal("blank")
    texts = qr_texts_anywhere(image)
    separator = separator_among(texts)
    if separator is not None:
        return separator
    if any(map(parse_qr, texts)):
        return Refusal("corners_missing", f"our QR code, but corner markers {sorted(found)}")
    return Refusal("not_our_form", f"corner markers found: {sorted(found)}")


def _pages_of(found: Found, forms: Catalogue) -> dict[int, PageLayout]:
    """A page that each marker may stand on."""
    pages = [page for form in forms.forms() for page in form.layout.pages]
    return {marker.id: page for page in pages for marker in page.markers if marker.id in found}


def _pages_by_markers(found: Found) -> list[int]:
    """The page numbers that the markers name, the one with most of them first."""
    return sorted({number // _PER_PAGE + 1 for number in found}, key=lambda page: -_count(found, page))


def _count(found: Found, page: int) -> int:
    return sum(number // _PER_PAGE + 1 == page for number in found)


def _sides(image: Image, found: Found, forms: Catalogue) -> Iterator[_Side]:
    """Every side that the markers can belong to; forms that share their frame share one fit."""
    fits: dict[tuple[object, ...], Fit | None] = {}
    layouts = [form.layout for form in forms.forms() if not form.blanks]
    for number in _pages_by_markers(found):
        for layout in layouts:
            if _count(found, number) < 2 or number > len(layout.pages):
                continue
            page = layout.pages[number - 1]
            if page.markers not in fits:
                fits[page.markers] = _located(image, found, page)
            fit = fits[page.markers]
            if fit:
                yield _Side(layout, page, fit)


def _located(image: Image, found: Found, page: PageLayout) -> Fit | None:
    """The page laid onto its markers; those that were missed are looked for where they must be."""
    landmarks = {
        marker.id: Landmark(np.array(marker.box.corners), found[marker.id])
        for marker in page.markers
        if marker.id in found
    }
    fit = fit_plane(list(landmarks.values()))
    if fit is None or not faces_us(fit.homography, page.width_mm, page.height_mm):
        return None
    missed = [marker for marker in page.markers if marker.id not in landmarks]
    for marker in missed:
        mm = np.array(marker.box.corners)
        corners = find_marker_near(image, marker.id, project(fit.homography, mm))
        if corners is not None:
            landmarks[marker.id] = Landmark(mm, corners)
    better = fit_plane(list(landmarks.values())) if missed else fit
    return better if better and faces_us(better.homography, page.width_mm, page.height_mm) else fit


def _read_qr(image: Image, found: Found, sides: list[_Side], forms: Catalogue) -> _Known | Refusal | None:
    """The sheet by its QR code: where it must be, then anywhere; None when there is none to be read."""
    places = {(side.page.markers, side.page.qr): side for side in sides}
    in_place = (
        qr_text_at(image, Plane(side.fit.homography), side.page.qr)
        for side in places.values()
        if side.page.qr
    )
    texts = next(([text] for text in in_place if text), None) or qr_texts_anywhere(image)
    identities = [identity for identity in map(parse_qr, texts) if identity]
    if not identities:
        return Refusal("not_our_form", f"QR code {texts[0][:40]!r}") if texts else None
    identity = identities[0]
    form = forms.by_code(identity.code, identity.version)
    if form is None or not 1 <= identity.page <= len(form.layout.pages):
        return Refusal("unknown_form", identity.qr_text())
    for side in sides:
        if side.layout is form.layout and side.page.page == identity.page:
            return _Known(side, identity, "qr")
    pages = _pages_by_markers(found)
    return Refusal("unreadable_identity", f"the QR code says page {identity.page}, the markers say {pages}")


def _read_serial(image: Image, sides: list[_Side]) -> _Known | Refusal:
    """The sheet by its printed serial, when only one form that is known can carry it."""
    for place in {(side.page.markers, side.page.serial): side for side in sides}.values():
        box = place.page.serial
        serial = box and printed_serial(image, Plane(place.fit.homography), box)
        if serial is None:
            continue
        named = [
            side for side in sides if side.layout.code[:3] == serial[:3] and side.page.page == place.page.page
        ]
        if not named:
            return Refusal("unknown_form", serial)
        if len({(side.layout.code, side.page) for side in named}) > 1:
            return Refusal(
                "unreadable_identity", f"{serial}, but which version is in the damaged QR code only"
            )
        side = max(named, key=lambda side: side.layout.version)
        identity = Identity(side.layout.code, side.layout.version, side.page.page, serial)
        return _Known(side, identity, "print")
    if not any(side.fit.residual_mm <= MAX_RESIDUAL_MM for side in sides):
        return Refusal("not_our_form", "the corner markers do not stand as on any of our forms")
    return Refusal("unreadable_identity", "neither QR code nor serial")


def _checked(image: Image, known: _Known) -> Registration | Refusal:
    """The page when its printed lines lie where they must, in doubt after a correction."""
    side = known.side
    straight = straightened(image, side.fit, side.page)
    if straight.residual_mm > MAX_RESIDUAL_MM:
        return Refusal(
            "residual", f"{known.identity.qr_text()}: {straight.residual_mm:.2f} mm, {straight.detail}"
        )
    registration = Registration(
        layout=side.layout,
        identity=known.identity,
        plane=straight.plane,
        residual_mm=straight.residual_mm,
        markers=len(side.fit.landmarks),
        serial_from=known.serial_from,
        controls=straight.controls,
    )
    dpi = registration.plane.px_per_mm(side.page.width_mm / 2, side.page.height_mm / 2) * 25.4
    if dpi < _FEWEST_DPI:
        return Refusal("too_small", f"{known.identity.qr_text()}: {dpi:.0f} dpi on paper")
    uncertain = [field for field in side.page.fields if not registration.is_certain(field.box)]
    if len(uncertain) > _UNCERTAIN_SHARE * len(side.page.fields):
        blurred = straight.plane.bend is not None and lines_blurred(image, straight.plane, side.page)
        reason = "too_blurred" if blurred else "residual"
        return Refusal(reason, f"{known.identity.qr_text()}: {len(uncertain)} fields, {straight.detail}")
    return registration
