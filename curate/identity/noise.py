"""How tight clusters are, and what their mean cosine would be without the noise of faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

# Shares of the way from strangers to one person: what two faces must reach, and what each side
# adds as it grows. Tight clusters of look-alikes reach half of it, those of one person all.
_TWO_FACES = 0.5
_CLUSTER = 0.07


@dataclass(frozen=True)
class Noise:
    """What the embeddings of one dataset look like, and what is asked of a pair of clusters.

    Attributes:
        background: Mean cosine of faces of different people.
        cohesion: Typical mean cosine of two faces of one person.
        strict: What two faces must reach; clusters of many, freed of noise, less than that.
    """

    background: float
    cohesion: float
    strict: float

    @classmethod
    def seen(
        cls, size: Ints, squares: Floats, total: Doubles, threshold: float, strict: float | None
    ) -> Noise:
        """Return what clusters show.

        Args:
            size: Judgeable faces of each cluster, shape (K,).
            squares: Squared length of the sum of their embeddings, shape (K,).
            total: Sum of all of them, shape (D,).
            threshold: What the clusters were joined at.
            strict: What is asked, if it is known.
        """
        n, within = size.astype(np.float64), squares.astype(np.float64)
        between = n.sum() ** 2 - (n**2).sum()
        # With one cluster there are no strangers to see: -1 makes the test always pass.
        background = float((total @ total - within.sum()) / between) if between else -1.0
        many = n > 1
        means = (within[many] - n[many]) / (n[many] * (n[many] - 1))
        cohesion = float(np.median(means)) if many.any() else threshold
        if strict is None:
            strict = threshold + (threshold - background) / 10 if between else threshold
        return cls(background, max(cohesion, background + 1e-3), strict)

    def gain(self, size: Ints, squares: Floats) -> Doubles:
        """Return what to multiply the excess of a cluster's cosines by to undo its noise.

        Correction for attenuation (Spearman 1904): a tight cluster is a clear picture of its
        person, so a stranger must be far from it; a loose one is a blurred picture.

        Args:
            size: Judgeable faces of each cluster, shape (K,).
            squares: Squared length of the sum of their embeddings, shape (K,).
        """
        # One pair of the typical cohesion is mixed in, so small clusters cannot mislead.
        n = size.astype(np.float64)
        within = ((squares - n) / 2 + self.cohesion) / (n * (n - 1) / 2 + 1)
        return np.sqrt(
            (self.cohesion - self.background) / np.maximum(within - self.background, 1e-3)
        )

    def needed_cosine(self, size: Ints, other: Ints) -> Doubles:
        """Return what pairs of clusters of so many faces must reach, once freed of noise.

        Two faces must be nearer to one person than to two. The more faces there are, the less
        of the distance is noise, and the nearer they must be to be more than look-alikes.
        Strangers' cosines spread less, too, where one side is a mean of many.
        """
        share = _TWO_FACES + _CLUSTER * (2 - 1 / size - 1 / other)
        level = self.background + share * (self.cohesion - self.background)
        spread = np.sqrt(self._length(size) * self._length(other))
        return np.maximum(level, self.background + spread * (self.strict - self.background))

    def least(self) -> float:
        """Return the least that `needed_cosine` asks of any two clusters."""
        sizes = 2 ** np.arange(20)
        return float(self.needed_cosine(*np.meshgrid(sizes, sizes)).min())

    def _length(self, size: Ints) -> Doubles:
        """Return the squared length of a typical mean of so many faces of one person."""
        return np.asarray((1 + (size - 1) * max(self.cohesion, 0.0)) / size)
