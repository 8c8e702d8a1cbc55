"""Pages of the forms lying flat as printed: where their mm are on them, and what a hand writes there."""

import numpy as np
from forms_under_test import form
from pen_hands import BLOCK

from pipeline.registration.plane import Plane
from pipeline.training.fill import DPI, Writer, blank_sheets, fill_page

SERIALS = {
    "pendataan": "FPS-2005-26-00001",
    "penyaluran": "BAP-2005-26-00001",
    "sosialisasi": "DHS-2005-26-00001",
}
PX = DPI / 25.4
PLANE = Plane(np.array([[PX, 0, -0.5], [0, PX, -0.5], [0, 0, 1.0]]))


def blank(name, side=0):
    return blank_sheets(form(name), [SERIALS[name]])[0][side]


def written(name, values, rng, side=0, slips=0.0, corrections=None):
    """A page, brightness 0 to 1, as a hand fills it in, and what became of each field."""
    ways = {} if corrections is None else {"corrections": corrections}
    writer = Writer.sample([BLOCK], rng, slips=slips, **ways)
    return fill_page(blank(name, side), form(name).layout.pages[side], values, writer, rng)
