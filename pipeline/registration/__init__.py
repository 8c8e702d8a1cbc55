"""From page image to form coordinates: which page it is, where each mm lies, how well."""
