"""The plugin: FiftyOne finds this folder by `FIFTYONE_PLUGINS_DIR`, and loads what it names."""

from curate.viewing.panel import register

__all__ = ["register"]
