"""Files, folders and scanners to page images."""
