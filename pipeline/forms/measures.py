"""The house's typographic measures, in mm (text sizes in pt).

A change here changes every form, printed ones too: `sotarsa forms check` then refuses.
"""

from typing import Final

PAGE_W: Final = 210.0
PAGE_H: Final = 297.0

MARKER_MARGIN: Final = 8.0
"""From the paper's edge to a marker: fit-to-page printing and F4 scanners take up to 6 mm."""

FRAME_X: Final = 11.0
FRAME_W: Final = 188.0
"""Sections run from `FRAME_X` over `FRAME_W`."""

CELL_W: Final = 5.5
CELL_H: Final = 6.5
GRID_X: Final = 14.25
GRID_COLUMNS: Final = 33
GRID_END: Final = GRID_X + GRID_COLUMNS * CELL_W
"""Every comb stands on one grid of cells, so that the cells of all rows line up."""

DATE_GAP: Final = CELL_W / 2
"""Between day, month and year: a date of eight cells is nine grid columns wide."""

TICK: Final = 4.5
TICK_LABEL_GAP: Final = 1.6
OPTION_GAP: Final = 4.0
OPTION_PITCH: Final = 6.3
OPTION_CLEAR: Final = 2.2
"""From a label to the next aligned tick box, so that no letter lies in the box's margin."""

LABEL_SIZE: Final = 6.8
HINT_SIZE: Final = 6.0
OPTION_SIZE: Final = 7.4
NOTE_SIZE: Final = 7.0
HEAD_SIZE: Final = 6.2
TITLE_SIZE: Final = 13.0
TITLE_W: Final = 155.0
BAR_SIZE: Final = 8.2

LABEL_H: Final = 3.3
"""From the top of a label to the top of its cells."""
MARKS_LABEL_H: Final = 4.0
"""The same above tick boxes, whose crosses reach higher."""
ROW_GAP: Final = 1.9
BAR_H: Final = 5.0
BAR_PAD: Final = 1.9
SECTION_GAP: Final = 2.2
SEPARATOR_GAP: Final = 1.5
"""Clear of ink that crosses a tick box, on either side of a hairline between rows."""

SIGNATURE_W: Final = 55.0
SIGNATURE_H: Final = 16.0
LINE_H: Final = 6.5

TABLE_LINE_GAP: Final = 1.3
TABLE_ROW_PAD: Final = 0.75
TABLE_HEAD_PITCH: Final = 2.5
TABLE_GAP: Final = 1.6

CONTENT_BOTTOM: Final = 276.5
"""Nothing of a section lies lower: the bottom markers begin at 279."""

COMB_GREY: Final = 0.72
COMB_STROKE: Final = 0.22
TICK_GREY: Final = 0.35
TICK_STROKE: Final = 0.3
AREA_GREY: Final = 0.6
