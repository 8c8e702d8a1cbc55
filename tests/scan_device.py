"""`sotarsa` in a process of its own, to be killed by a test; every page is read as blank."""

import sys

from pipeline.cli import scan
from pipeline.cli.main import command
from pipeline.page import PageReading, PageStatus


def blank(image, shelf):
    return PageReading(PageStatus.SET_ASIDE, "blank", "")


if __name__ == "__main__":
    from notes import reader

    scan.make_reader = lambda jobs, scheduler: reader(read=blank)
    command().main(sys.argv[1:], prog_name="sotarsa")
