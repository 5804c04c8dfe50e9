"""Layouts and files in: one file per layout, each turning what is on disk into a listing."""
