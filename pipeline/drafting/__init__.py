"""A draft definition from an empty form that somebody else printed: straighten, find fields, label, name."""
