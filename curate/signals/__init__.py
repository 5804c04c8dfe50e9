"""Signals: what media, and files beside them, say of their own use and origin, in one normal form.

Nothing read here clears anything: a statement can be forged, so each may lower a verdict and none
raises one. What cannot be read is `unreadable`, which is review.
"""
