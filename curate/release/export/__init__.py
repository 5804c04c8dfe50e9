"""Formats that a release is written in, one file each."""
