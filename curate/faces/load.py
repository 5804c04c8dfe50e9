"""The one door to face models: how a worker gets an analyzer, once per process.

Nothing here, and nothing that `load` reaches, downloads anything: a missing file is a
`MissingModelError` that says what to do.
"""

from __future__ import annotations

import os

from curate.errors import UnknownNameError
from curate.faces.analyzer import KINDS, AnalyzerSpec, FaceAnalyzer

_loaded: dict[tuple[int, AnalyzerSpec], FaceAnalyzer] = {}


def load(spec: AnalyzerSpec) -> FaceAnalyzer:
    """Return the analyzer that `spec` names, loaded once per process.

    Raises:
        UnknownNameError: There is no such family.
        DependencyError: The family's packages are not installed.
        MissingModelError: Its model files are not where they should be.
    """
    # A forked worker inherits this dictionary but must not use its parent's sessions.
    key = (os.getpid(), spec)
    if key not in _loaded:
        _loaded[key] = _construct(spec)
    return _loaded[key]


def _construct(spec: AnalyzerSpec) -> FaceAnalyzer:
    if spec.kind == "dlib":
        from curate.faces.dlib import DlibAnalyzer

        return DlibAnalyzer(spec)
    if spec.kind == "insightface":
        from curate.faces.insightface import InsightFaceAnalyzer

        return InsightFaceAnalyzer(spec)
    if spec.kind == "openmodelzoo":
        from curate.faces.openmodelzoo import OpenModelZooAnalyzer

        return OpenModelZooAnalyzer(spec)
    raise UnknownNameError(
        f"no analyzer is called {spec.kind!r}", hint=f"use one of: {', '.join(KINDS)}"
    )
