"""Pages of a form that others printed: found by their features, laid onto the blank, held against its every part.

Keypoints (SIFT, Lowe 2004) of page and blank give a first plane by MAGSAC++ (Barath et al. 2020). Then the blank's
own print has the word: small tiles of it are looked for where the plane puts them. How many are there says whether
it is this form at all, where they lie corrects the plane and bends it, how far they are off is the residual. No
keypoint decides anything by itself, so a form with the same letterhead is not taken for another.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.given import picture_of
from pipeline.registration.fit import Floats, affine, faces_us, inverse, project
from pipeline.registration.plane import Bend, Plane
from pipeline.registration.residual import Controls
from pipeline.registration.spline import thin_plate

Image = NDArray[np.uint8]

PX_PER_MM: Final = 5.0
"""Of blank and page where they are compared: 127 dpi shows every printed line."""
_KEYPOINTS: Final = 4000
_RATIO: Final = 0.8
_LEAST_INLIERS: Final = 16
_MAGSAC_PX: Final = 3.0
_TILE_MM: Final = 9.0
_STEP_MM: Final = 6.0
_FAR_MM, _BEYOND_MM, _CLOSE_MM = 2.0, 4.0, 0.8
"""How far from its place a tile is looked for: as keypoints may be off, as paper may bend on, and in the end."""
_ROUNDS: Final = 6
"""Tiles of bent paper foretell those beyond: they are looked for anew so often, as long as more are found."""
_TEXTURE: Final = 12.0
"""Least standard deviation (grey levels) of a tile that can be found again."""
_TILES: Final = 160
_SAME: Final = 0.5
"""A tile is there when it correlates with the page by this much; handwriting over it seldom takes half."""
_SLACK_PX: Final = 2
"""How far from its place a tile may be that is written over; it is not looked for, but looked at."""
_PAPER, _INK = 0.85, 0.7
"""Paper of a blank is brighter than this share of what is brightest, ink on a page darker."""
_LEAST_OPEN: Final = 0.5
_AS_GOOD: Final = 0.03
_COARSE: Final = 16
_NEAR_MM: Final = 0.3
_AS_FLAT_MM: Final = 0.02
"""Flat scans know no perspective: an affine plane is preferred that is worse by less than this."""
_BETTER: Final = 0.8
_LOOSENESS: Final = 0.02
_HELD_NO_MORE: Final = 1e3


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Where keypoints lie, float64 (N, 2), and their descriptors, float32 (N, 128)."""

    at: Floats
    descriptors: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class BlankPage:
    """One empty page.

    Attributes:
        picture: grey, uint8 (H, W), `PX_PER_MM` fine.
        keypoints: of the picture, in mm.
        tiles: int64 (N, 2), top left px of the tiles that are looked for.
    """

    picture: Image
    keypoints: Keypoints
    tiles: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A blank laid onto a page image.

    Attributes:
        plane: mm to px, bent where that foretells tiles better that were left out.
        tiles: float64 (N, 2) mm, middles of the blank's tiles.
        seen: bool (N,), which of them are on the page where they must be.
        residual_mm: root mean square distance of the tiles from where the plane (of a bent page, the other tiles)
            puts them, without the tenth that is furthest off.
        controls: how far off each tile is.
    """

    plane: Plane
    tiles: Floats
    seen: NDArray[np.bool_]
    residual_mm: float
    controls: Controls

    @property
    def there(self) -> float:
        """Share of the tiles that are there."""
        return float(self.seen.mean())

    @property
    def missing(self) -> int:
        """How many tiles are not."""
        return int((~self.seen).sum())


@lru_cache(maxsize=64)
def blank_page(content: bytes, width_mm: float, height_mm: float) -> BlankPage:
    """What is looked for of an empty page, from its PNG file; kept, as it takes a tenth of a second."""
    size = round(width_mm * PX_PER_MM), round(height_mm * PX_PER_MM)
    small = np.asarray(cv2.resize(picture_of(content), size, interpolation=cv2.INTER_AREA), np.uint8)
    return BlankPage(small, _keypoints(small, 1 / PX_PER_MM), _tiles(small))


def page_keypoints(image: Image) -> Keypoints:
    """The keypoints of a grey page image (H, W), in its px."""
    factor = max(1.0, max(image.shape) / (297 * PX_PER_MM))
    small = cv2.resize(image, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return _keypoints(np.asarray(small, np.uint8), factor)


def lay(
    image: Image, keypoints: Keypoints, blank: BlankPage, width_mm: float, height_mm: float
) -> Laid | None:
    """A blank laid onto a grey page image (H, W); None where nothing speaks for it."""
    first = _first_plane(keypoints, blank.keypoints)
    if first is None:
        return None
    size_mm = width_mm, height_mm
    best = laid = _looked_at(image, Plane(first), blank, _FAR_MM, size_mm)
    for _ in range(_ROUNDS):
        if laid is None:
            return None
        laid = _looked_at(image, laid.plane, blank, _BEYOND_MM, size_mm)
        if laid is None or best is None or laid.missing >= best.missing:
            break
        best = laid
    for _ in range(2):
        best = best and _looked_at(image, best.plane, blank, _CLOSE_MM, size_mm)
    return best and _with_written_over(image, best, blank)


def _looked_at(
    image: Image, plane: Plane, blank: BlankPage, reach_mm: float, size_mm: tuple[float, float]
) -> Laid | None:
    """The page by the tiles that are found near where a plane puts them; None where they are too few."""
    if not faces_us(plane.homography, *size_mm):
        return None
    at, off, there = _look_for_tiles(image, plane, blank, reach_mm)
    if there.sum() < _LEAST_INLIERS:
        return None
    px = plane.to_pixels(at[there] + off[there])
    homography = _through(at[there], px)
    return None if homography is None else _laid(homography, at, px, there)


def _keypoints(picture: Image, scale: float) -> Keypoints:
    # The contrast of each region is levelled first: shadows and pale copies must not hide half a page.
    levelled = cv2.createCLAHE(2.0, (6, 6)).apply(picture)
    found, descriptors = cv2.SIFT.create(_KEYPOINTS, contrastThreshold=0.03).detectAndCompute(levelled, None)
    if descriptors is None:
        return Keypoints(np.zeros((0, 2)), np.zeros((0, 128), np.float32))
    at = (np.array([point.pt for point in found], np.float64) + 0.5) * scale
    # Root of the L1 norm: Hellinger distance tells SIFT descriptors apart better (Arandjelović and Zisserman 2012).
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-9))
    return Keypoints(at, rooted.astype(np.float32))


def _first_plane(page: Keypoints, blank: Keypoints) -> Floats | None:
    if min(len(page.at), len(blank.at)) < _LEAST_INLIERS:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(blank.descriptors, page.descriptors, k=2)
    good = [two[0] for two in pairs if len(two) == 2 and two[0].distance < _RATIO * two[1].distance]
    if len(good) < _LEAST_INLIERS:
        return None
    mm = blank.at[[match.queryIdx for match in good]]
    px = page.at[[match.trainIdx for match in good]]
    homography, inliers = cv2.findHomography(
        mm, px, cv2.USAC_MAGSAC, _MAGSAC_PX, maxIters=5000, confidence=0.9999
    )
    if homography is None or int(inliers.sum()) < _LEAST_INLIERS:
        return None
    return np.asarray(homography, np.float64)


def _tiles(picture: Image) -> NDArray[np.int64]:
    """The tiles of a blank that fix a place in both directions, spread over all that is printed."""
    side, step = round(_TILE_MM * PX_PER_MM), round(_STEP_MM * PX_PER_MM)
    corners = cv2.cornerMinEigenVal(cv2.GaussianBlur(picture, (0, 0), 1.0), 7)
    found: list[tuple[float, int, int]] = []
    for y in range(0, picture.shape[0] - side, step):
        for x in range(0, picture.shape[1] - side, step):
            tile = picture[y : y + side, x : x + side]
            if float(tile.std()) >= _TEXTURE:
                found.append((float(corners[y : y + side, x : x + side].mean()), x, y))
    best = sorted(found, reverse=True)
    # Every second tile of equal merit would do; the strongest half keeps the weakest parts of a page from deciding.
    kept = best[: max(_TILES, len(best) // 2)]
    chosen = kept[:: max(1, len(kept) // _TILES)]
    return np.array([(x, y) for _, x, y in chosen], np.int64).reshape(-1, 2)


def _look_for_tiles(
    image: Image, plane: Plane, blank: BlankPage, reach_mm: float
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Where a blank's tiles are: middles (N, 2) and offsets (N, 2) in mm, and which are there at all."""
    flat = flattened(image, plane, blank.picture.shape, PX_PER_MM)
    side, reach = round(_TILE_MM * PX_PER_MM), round(reach_mm * PX_PER_MM)
    framed = cv2.copyMakeBorder(flat, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=255)
    at = np.asarray((blank.tiles + side / 2) / PX_PER_MM, np.float64)
    off = np.zeros((len(at), 2))
    there = np.zeros(len(at), bool)
    for i, (x, y) in enumerate(blank.tiles):
        tile = blank.picture[y : y + side, x : x + side]
        window = framed[y : y + side + 2 * reach, x : x + side + 2 * reach]
        match = np.asarray(cv2.matchTemplate(window, tile, cv2.TM_CCOEFF_NORMED), np.float32)
        y0, x0 = divmod(int(match.argmax()), match.shape[1])
        there[i] = match[y0, x0] >= _SAME and _stands_out(match, x0, y0)
        off[i] = (_summit(match, x0, y0) - reach) / PX_PER_MM
    return at, off, there


def _with_written_over(image: Image, laid: Laid, blank: BlankPage) -> Laid:
    """Counts the tiles, too, that show the print beside the marks and letters that stand on them."""
    flat = flattened(image, laid.plane, blank.picture.shape, PX_PER_MM)
    side, slack = round(_TILE_MM * PX_PER_MM), _SLACK_PX
    framed = np.asarray(cv2.copyMakeBorder(flat, slack, slack, slack, slack, cv2.BORDER_REPLICATE), np.uint8)
    seen = laid.seen.copy()
    for i in np.flatnonzero(~seen):
        x, y = blank.tiles[i]
        tile = blank.picture[y : y + side, x : x + side]
        window = framed[y : y + side + 2 * slack, x : x + side + 2 * slack]
        shifts = product(range(2 * slack + 1), repeat=2)
        seen[i] = any(_shows_beside_ink(window[v : v + side, u : u + side], tile) for v, u in shifts)
    return replace(laid, seen=seen)


def _shows_beside_ink(page: Image, tile: Image) -> bool:
    """Whether a tile's print is on a page where no ink covers it: what is dark there and paper on the blank is ink."""
    kernel = np.ones((3, 3), np.uint8)
    paper = cv2.erode(tile, kernel) > _PAPER * np.quantile(tile, 0.9)
    ink = (page < _INK * np.quantile(page, 0.9)) & paper
    open_ = (cv2.dilate(ink.astype(np.uint8), kernel) == 0) | ~paper
    if open_.mean() < _LEAST_OPEN:
        return False
    printed, found = tile[open_].astype(np.float64), page[open_].astype(np.float64)
    if printed.std() < _TEXTURE or found.std() < _TEXTURE:
        return False
    return bool(np.corrcoef(printed, found)[0, 1] >= _SAME)


def flattened(image: Image, plane: Plane, shape: tuple[int, ...], px_per_mm: float) -> Image:
    """A page image as the blank has it: uint8 of `shape` (H, W), `px_per_mm` fine, white where it does not reach."""
    height, width = shape[:2]
    middle = np.array([[width / 2, height / 2], [width / 2 + 1, height / 2]]) / px_per_mm
    a, b = plane.to_pixels(middle)
    # A page that is finer than asked for is made soft first, else thin lines would fall between samples.
    finer = float(np.linalg.norm(b - a))
    soft = cv2.GaussianBlur(image, (0, 0), 0.4 * finer) if finer > 1.5 else image
    # The way of every 16th px tells that of those between to a hundredth of a px.
    rows, columns = -(-height // _COARSE), -(-width // _COARSE)
    y, x = np.mgrid[0:rows, 0:columns] * float(_COARSE) + _COARSE / 2
    px = plane.to_pixels(np.stack([x, y], axis=-1).reshape(-1, 2) / px_per_mm).astype(
        np.float32
    ) - np.float32(0.5)
    whole = columns * _COARSE, rows * _COARSE
    map_x, map_y = (
        cv2.resize(px[:, i].reshape(rows, columns), whole, interpolation=cv2.INTER_LINEAR)[:height, :width]
        for i in range(2)
    )
    return np.asarray(
        cv2.remap(soft, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255),
        np.uint8,
    )


def _stands_out(match: NDArray[np.float32], x: int, y: int) -> bool:
    """Whether no other place is as good: the cells of a comb look alike."""
    away = match.copy()
    guard = round(0.6 * PX_PER_MM)
    away[max(0, y - guard) : y + guard + 1, max(0, x - guard) : x + guard + 1] = -1
    return float(away.max(initial=-1)) < float(match[y, x]) - _AS_GOOD


def _summit(match: NDArray[np.float32], x: int, y: int) -> Floats:
    """The peak (x, y) of a correlation to a fraction of a px, by a parabola through its neighbours."""
    out = np.array([x, y], np.float64)
    for axis, (line, i) in enumerate(((match[y], x), (match[:, x], y))):
        if 0 < i < len(line) - 1:
            before, here, after = (float(value) for value in line[i - 1 : i + 2])
            bend = before - 2 * here + after
            if bend < 0:
                out[axis] += 0.5 * (before - after) / bend
    return out


def _through(at: Floats, px: Floats) -> Floats | None:
    """The plane (3, 3) through tiles at mm (N, 2) seen at px (N, 2); without perspective where that is as good."""
    full = _plane(at, px, cv2.USAC_MAGSAC)
    if full is None:
        return None
    miss = np.linalg.norm(project(inverse(full), px) - at, axis=1)
    kept = miss <= max(_NEAR_MM, float(np.quantile(miss, 0.8)))
    at, px = at[kept], px[kept]
    exact = _plane(at, px, 0)
    flat = affine(at, px)
    if exact is None or _rms(_misses(flat, at, px)) < _rms(_misses(exact, at, px)) + _AS_FLAT_MM:
        return flat
    return exact


def _plane(at: Floats, px: Floats, method: int) -> Floats | None:
    homography, _ = cv2.findHomography(at, px, method, _MAGSAC_PX)
    return None if homography is None else np.asarray(homography, np.float64)


def _laid(homography: Floats, at: Floats, px: Floats, there: NDArray[np.bool_]) -> Laid:
    """The page by its tiles: as a plane, or bent where tiles that are left out are so foretold better."""
    flat = _misses(homography, at[there], px)
    bend, bent = _bend(at[there], flat)
    curls = _rms(bent) < _BETTER * _rms(flat)
    miss = np.linalg.norm(bent if curls else flat, axis=1)
    kept = np.sort(miss)[: int(np.ceil(0.9 * len(miss)))]
    return Laid(
        Plane(homography, bend if curls else None),
        at,
        there,
        float(np.sqrt((kept**2).mean())),
        Controls(at[there], miss, np.zeros((0, 2))),
    )


def _bend(at: Floats, off: Floats) -> tuple[Bend, Floats]:
    """Thin plates through offsets (N, 2) in mm, and by how much each offset is missed by all the others (N, 2)."""
    bend = Bend(*(thin_plate(at, off[:, i], np.full(len(at), _LOOSENESS)) for i in range(2)))
    far = np.linalg.norm(_missed(bend), axis=1)
    # A tile that was taken for another must not pull its neighbours along; a far one that they foretell is none.
    loose = np.where(far > max(_NEAR_MM, 4 * float(np.median(far))), _HELD_NO_MORE, _LOOSENESS)
    bend = Bend(*(thin_plate(at, off[:, i], loose) for i in range(2)))
    return bend, _missed(bend)


def _missed(bend: Bend) -> Floats:
    return np.stack([bend.right.miss, bend.down.miss], axis=1)


def _misses(homography: Floats, at: Floats, px: Floats) -> Floats:
    """How far tiles seen at px (N, 2) are from where a plane puts those at mm (N, 2): (N, 2) in mm."""
    return np.asarray(project(inverse(homography), px) - at)


def _rms(off: Floats) -> float:
    """Root mean square length of offsets (N, 2) without the tenth that is longest."""
    squares = np.sort((off**2).sum(axis=1))
    return float(np.sqrt(squares[: int(np.ceil(0.9 * len(squares)))].mean()))
