"""Made-up image properties that tell nothing of labels, and one that does."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from curate.labels.exchange import Ints
from curate.labels.features import Coded, bins_for, encode

PREVALENCES = (0.5, 0.7, 0.8, 0.9, 0.95)


def encoded(columns: dict[str, object], label: Ints) -> list[Coded]:
    """Return columns in as many bins as the rarest label allows."""
    bins = bins_for(int(np.bincount(label).min()))
    return [encode(name, pa.array(column), bins) for name, column in columns.items()]


def uniform(seed: int, prevalence: float, items: int = 400) -> tuple[list[Coded], Ints, Ints]:
    """Return three properties of uniform noise, labels with a share of fakes, and groups."""
    rng = np.random.default_rng(seed)
    label = (np.arange(items) < round(items * prevalence)).astype(np.int64)
    columns = {name: rng.random(items) for name in ("brightness", "sharpness", "aspect")}
    return encoded(columns, label), label, np.arange(items)


def clustered(seed: int, people: int = 60) -> tuple[list[Coded], Ints, Ints]:
    """Return noise of people: all pictures of one share a camera, and a label."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(people), rng.integers(1, 12, people))
    label = (rng.random(people) < 0.7).astype(np.int64)[group]
    label[group == 0], label[group == 1] = 0, 1
    camera = rng.random(people)[group] + 0.05 * rng.random(len(group))
    return encoded({"sharpness": camera}, label), label, group


def gap(seed: int, prevalence: float = 0.8, items: int = 400) -> tuple[list[Coded], Ints, Ints]:
    """Return noise, and a quality that is lower for fakes."""
    rng = np.random.default_rng(seed)
    features, label, group = uniform(seed, prevalence, items)
    quality = np.round(rng.normal(92, 3, items) - 6 * label)
    return [*features, *encoded({"jpeg_quality": quality}, label)], label, group
