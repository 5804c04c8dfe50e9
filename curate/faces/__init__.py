"""Faces: finding them, judging how usable they are, and embedding them.

One protocol, `FaceAnalyzer`, with one file for each family of models. What a model is (name,
digest, licence, preprocessing) travels with each face as `model_id`; embeddings of two models
are never compared, and never written to a table.
"""

from curate.faces.analyzer import AnalyzerSpec, Detections, FaceAnalyzer, ModelInfo
from curate.faces.load import load
from curate.faces.scan import Scan, embed_faces, scan_image

__all__ = [
    "AnalyzerSpec",
    "Detections",
    "FaceAnalyzer",
    "ModelInfo",
    "Scan",
    "embed_faces",
    "load",
    "scan_image",
]
