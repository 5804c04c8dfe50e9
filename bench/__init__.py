"""Benchmarks against named peers, one command each, printing ratios."""
