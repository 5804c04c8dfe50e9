"""Faces of one picture that is shown in several ways: the same face there is one person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import numpy as np

from curate.faces.scan import Scan
from curate.faces.tracks import track_faces

Pages = dict[tuple[str, int], int]


def join_looks(scan: Scan, pages: Mapping[tuple[str, int], int], *, threshold: float) -> None:
    """Give faces that stand in one place in several looks of one picture a track, in place.

    Unlike the next frame of a video, another look can show somebody else in the same place: only
    a face that is like itself is joined. Faces of different pages are never joined here.

    Args:
        scan: Faces of images, by content and look.
        pages: Of which picture of its file each look is, by content and frame.
        threshold: Cosine at or above which two faces are taken for one person.
    """
    looks = Counter(row["sha256"] for row in scan.scans)
    places = defaultdict(list)
    for place, face in enumerate(scan.faces):
        if looks[face["sha256"]] > 1:
            places[face["sha256"]].append(place)
    for sha256, here in places.items():
        of_one = Scan(
            [scan.faces[place] for place in here],
            [row for row in scan.scans if row["sha256"] == sha256],
            scan.embeddings[np.array(here)],
        )
        shots = {row["frame"]: pages[sha256, row["frame"]] for row in of_one.scans}
        track_faces(of_one, shots, threshold=threshold, by_place=False)
        times = Counter(face["track_id"] for face in of_one.faces)
        for face in of_one.faces:
            if times[face["track_id"]] == 1:
                face["track_id"] = None
