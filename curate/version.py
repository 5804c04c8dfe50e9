"""The version of curate, where every room can read it."""

__version__ = "0.1.0"

TOOL = f"curate {__version__}"
