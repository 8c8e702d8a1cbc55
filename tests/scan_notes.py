"""Scan notes in a process of its own, to be killed by a test: HOME FILE…"""

import sys
from pathlib import Path

from pipeline.store.setup import open_store

if __name__ == "__main__":
    home, *files = map(Path, sys.argv[1:])
    open_store(home)
    from notes import reader

    from pipeline.batch import scan
    from pipeline.workers import process_pool

    scan(files, None, reader(make=lambda: process_pool(2), jobs=2), home)
