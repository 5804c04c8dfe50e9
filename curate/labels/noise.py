"""How many labels are wrong, and which: scores by a classifier that saw none of the group.

Folds part no group. A classifier that has seen another frame of the same clip has learnt the
clip's label, wrong or not: it then agrees with labels that are wrong, and finds fewer of them,
while its accuracy looks better than it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from curate.errors import DependencyError
from curate.labels.confident import confidently, doubted
from curate.labels.exchange import Ints

Floats = npt.NDArray[np.float64]
FOLDS = 5
DRAWS = 400
# Below this the scores say too little of labels for anything to be doubted.
LEAST_AUC = 0.75


@dataclass(frozen=True)
class Share:
    """An estimated share of wrong labels, with the interval that holds 95 of 100 draws of groups.

    Attributes:
        name: Whose: a label, or a method.
        items: How many rows it has.
        wrong: The share; nan where nothing can be said.
        low: Lower end.
        high: Upper end.
    """

    name: str
    items: int
    wrong: float
    low: float
    high: float


def out_of_fold(features: Floats, label: Ints, group: Ints, *, seed: int = 0) -> Floats:
    """Return each row's probabilities by a classifier that saw no row of its group.

    The mean of a logistic regression, which no few wrong labels move far, and of extremely
    randomised trees (Geurts and others, 2006), which see what is not linear.

    Args:
        features: Numbers, shape (N, D); nan where there is none.
        label: Each row's label, 0 to K - 1, shape (N,).
        group: Each row's group, shape (N,).
        seed: Of folds and trees.

    Returns:
        Shape (N, K).

    Raises:
        DependencyError: scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import ExtraTreesClassifier
        from sklearn.impute import SimpleImputer
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedGroupKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise DependencyError(
            "scikit-learn is not installed", hint="install the extra: curate[labels]"
        ) from None
    classes = int(label.max()) + 1
    scores = np.full((len(label), classes), 1 / classes)
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(features, label, group):
        models = (
            make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=500)),
            make_pipeline(
                SimpleImputer(),
                ExtraTreesClassifier(200, min_samples_leaf=3, random_state=seed, n_jobs=1),
            ),
        )
        told = np.zeros((len(test), classes))
        for model in models:
            model.fit(features[train], label[train])
            told[:, model.classes_] += model.predict_proba(features[test]) / len(models)
        scores[test] = told
    return scores


def area(label: Ints, scores: Floats) -> float:
    """Return the area under the curve of scores, of each label against the others, mean."""
    from scipy.stats import rankdata

    found = []
    for value in np.unique(label):
        mine = label == value
        many, rest = int(mine.sum()), int((~mine).sum())
        ranks = rankdata(scores[:, value])[mine].sum()
        found.append((ranks - many * (many + 1) / 2) / max(many * rest, 1))
    return float(np.mean(found))


def ranked(label: Ints, scores: Floats) -> Ints:
    """Return the rows whose label is doubted, the most doubted first; none where scores are poor.

    Args:
        label: Each row's label.
        scores: As `out_of_fold` gives them, or a user's own.
    """
    if area(label, scores) < LEAST_AUC:
        return np.zeros(0, np.int64)
    return doubted(label, scores)


def shares(
    label: Ints, scores: Floats, group: Ints, sets: dict[str, npt.NDArray[np.bool_]]
) -> list[Share]:
    """Return the estimated share of wrong labels in sets of rows of one label.

    Intervals are percentiles over draws of whole groups (Efron, 1979; groups as in Cameron and
    others, 2008), with the scores as they are. Where no row is estimated to be wrong, draws cannot
    differ: the upper end is then that of Clopper and Pearson (1934) for none wrong of the groups.

    Args:
        label: Each row's label.
        scores: Out-of-fold probabilities, shape (N, K).
        group: Each row's group.
        sets: By name, the rows of a label or of a method.
    """
    known = area(label, scores) >= LEAST_AUC
    rng = np.random.default_rng(0)
    many = int(group.max()) + 1
    weights = [np.ones(len(label))]
    even = np.full(many, 1 / many)
    weights += [rng.multinomial(many, even)[group].astype(np.float64) for _ in range(DRAWS)]
    found: dict[str, list[float]] = {name: [] for name in sets}
    for weight in weights if known else []:
        best, seen = confidently(label, scores, weight)
        for name, rows in sets.items():
            inside = weight * (rows & seen)
            wrong = (inside * (best != label)).sum()
            found[name].append(float(wrong / max(inside.sum(), 1e-9)))
    return [
        _share(name, int(rows.sum()), len(np.unique(group[rows])), found[name])
        for name, rows in sets.items()
    ]


def _share(name: str, items: int, groups: int, draws: list[float]) -> Share:
    if not draws:
        return Share(name, items, np.nan, np.nan, np.nan)
    low, high = np.quantile(draws[1:], [0.025, 0.975])
    if not any(draws):
        high = 1 - 0.025 ** (1 / max(groups, 1))
    return Share(name, items, draws[0], float(low), float(high))
