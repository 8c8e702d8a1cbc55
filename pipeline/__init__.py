"""Sotarsa: from handwritten paper forms to a beneficiary register one can trust."""

__version__ = "0.1.0"
