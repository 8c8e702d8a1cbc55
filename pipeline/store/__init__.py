"""The store: a Django app with batches, files, pages, sheets, readings and decisions, and the image archive."""
