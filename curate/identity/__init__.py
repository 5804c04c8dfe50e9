"""Identity: which faces are one person, how sure that is, and which subject it may be.

Pure: numpy arrays and Arrow tables in and out; no file, clock or network. It serves one
project's own catalogue: embeddings of two models or two projects are never compared.
"""

from curate.identity.calibrate import Calibration, calibrate
from curate.identity.clusters import Clusters, cluster_faces, identity_ids
from curate.identity.links import link_identities
from curate.identity.neighbours import Pairs, similar_pairs

__all__ = [
    "Calibration",
    "Clusters",
    "Pairs",
    "calibrate",
    "cluster_faces",
    "identity_ids",
    "link_identities",
    "similar_pairs",
]
