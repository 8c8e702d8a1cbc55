"""The review queue: items, decisions, leases."""
