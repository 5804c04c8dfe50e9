"""What a run's record says of a threshold: values of JSON, rounded to what they can tell."""

from __future__ import annotations

from typing import Any

from curate.identity.calibrate import Calibration
from curate.identity.curves import LEAST_PAIRS, LEAST_PEOPLE


def calibration_notes(found: Calibration) -> dict[str, Any]:
    """Return the threshold, both error rates with their intervals, and both curves.

    A rate is None where too few people tell of it, and so are its interval and its curve.
    """
    curves = found.curves
    fmr = found.fmr if found.independent_pairs >= LEAST_PAIRS else None
    fnmr = found.fnmr if found.mated_people >= LEAST_PEOPLE else None
    return {
        "threshold": round(float(found.threshold), 4),
        "basis": found.basis,
        "pairs": int(found.pairs),
        "independent_pairs": int(found.independent_pairs),
        "fmr": _rounded(fmr),
        "fmr_interval": None if fmr is None else [_rounded(end) for end in found.interval],
        "mated_pairs": int(found.mated_pairs),
        "mated_people": int(found.mated_people),
        "fnmr": _rounded(fnmr),
        "fnmr_interval": None if fnmr is None else [_rounded(end) for end in found.fnmr_interval],
        "confidence": found.confidence,
        "curves": {
            "cosine": list(curves.cosine),
            "non_mated": None if curves.non_mated is None else list(curves.non_mated),
            "mated": None if curves.mated is None else list(curves.mated),
        },
        "note": found.note,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")
