"""Safety: hash lists, matching without looking, sealing, and requests with clocks.

No list ships with curate and none is fetched. What matches is told by counts and by ids that mean
nothing elsewhere; names, hashes and pictures of it are not.
"""
