"""The demo: a small dataset built from pictures that installed packages carry, and its story."""
