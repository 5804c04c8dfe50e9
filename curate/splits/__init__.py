"""Splits: what leaks from one into another, and assignments in which nothing does.

Pure: Arrow tables and numpy arrays in and out.
"""
