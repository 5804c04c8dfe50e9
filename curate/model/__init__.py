"""Frozen values that the rooms hand to one another; no behaviour beyond parsing and printing."""
