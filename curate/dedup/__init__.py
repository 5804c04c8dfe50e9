"""Copies of one another: exact joins of perceptual codes, groups, and which member to keep.

Pure: numpy arrays and Arrow arrays in, numpy arrays out. Importing this package is cheap;
the compiled kernels load with the first join.

- `codes`: codes as bytes to and from words; equal codes collapsed.
- `hamming`: every pair within a radius, in one list, between two, or new against old.
- `groups`: pairs to groups, with a guard against chains.
- `keep`: which member of a group stays, and why.
"""
