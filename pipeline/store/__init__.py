"""The store: a Django app of files, pages, sheets, readings and decisions, and the image archive."""
