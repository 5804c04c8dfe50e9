"""The catalogues that published metadata make: only names, lists and declared relations."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa

from curate.model.ids import media_id
from curate.schema import conform
from curate.splits.ties import INPUTS
from tests.factories import Row, entries, label, media

FF_METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")


def tables_of(rows: list[Row], **others: list[Row]) -> dict[str, pa.Table]:
    """Return the tables that a lint reads, of entries whose files nobody opened."""
    plain = {n: conform(others.get(n, []), n) for n in INPUTS if n != "entries"}
    return {"entries": entries(rows, others.get("sightings", [])), **plain}


def related(left: str, relation: str, right: str, kind: str = "media") -> Row:
    """Return a declared relation of an entry."""
    return {"left": left, "relation": relation, "right": right, "left_kind": "media",
            "right_kind": kind, "basis": "declared", "stage": "ingest:test"}  # fmt: skip


def depicted(entry: Row, subject: str, role: str) -> Row:
    """Return who is in an entry by its name."""
    return {"media_id": entry["media_id"], "subject_id": subject, "role": role,
            "link_method": "filename_convention", "link_status": "proposed"}  # fmt: skip


def faceforensics(folder: Path) -> dict[str, pa.Table]:
    """Return FaceForensics++ with its official splits, from its own lists."""
    source_of = json.loads((folder / "conversion_dict.json").read_text("utf-8"))
    rows, relations, labels = [], [], []
    for split in ("train", "val", "test"):
        pairs = json.loads((folder / "splits" / f"{split}.json").read_text("utf-8"))
        for name in (name for pair in pairs for name in pair):
            real = media(f"original_sequences/youtube/c23/videos/{name}.mp4", "ff", kind="video",
                         split=split)  # fmt: skip
            rows.append(real)
            labels.append(label(real))
            # What follows the YouTube id is the number of the clip.
            youtube = source_of[name].rpartition(" ")[0]
            relations.append(related(real["media_id"], "from_source", youtube, "source"))
        for method in FF_METHODS:
            for one, other in pairs:
                for target, donor in ((one, other), (other, one)):
                    fake = media(
                        f"manipulated_sequences/{method}/c23/videos/{target}_{donor}.mp4", "ff",
                        kind="video", split=split, method=method, manipulation_type="face_swap",
                    )  # fmt: skip
                    rows.append(fake)
                    labels.append(label(fake, "fake"))
                    for relation, name in (("swap_target", target), ("swap_donor", donor)):
                        real = media_id("ff", f"original_sequences/youtube/c23/videos/{name}.mp4")
                        relations.append(related(fake["media_id"], relation, real))
    return tables_of(rows, relations=relations, labels=labels)


def deepfake_detection(file: Path) -> dict[str, pa.Table]:
    """Return DeepFakeDetection as DeepfakeBench splits it; actors are told by the names."""
    classes = json.loads(file.read_text("utf-8"))["DFD"]
    rows, people = [], []
    for kind, splits in classes.items():
        for split, videos in splits.items():
            for name in videos:
                actors = name.split("__")[0].split("_")
                if not all(actor.isdigit() for actor in actors):
                    continue
                row = media(f"{kind}/{name}", "dfd", kind="video", split=split)
                rows.append(row)
                people += [depicted(row, actor, "unknown") for actor in set(actors)]
    return tables_of(rows, depictions=people)


def celeb_df_rearranged(videos: dict[str, list[str]], test: list[str]) -> dict[str, pa.Table]:
    """Return Celeb-DF-v2 as the published rearrangement splits it.

    It walks the folders, and for each begins the lists of its class anew: of the two real folders
    the first vanishes. Every video goes to train; one of the test list to test and val as well.

    Args:
        videos: The videos of each folder.
        test: The test list, as ``folder/video``.
    """
    kept: dict[str, dict[str, list[str]]] = {}
    for folder, names in videos.items():
        splits: dict[str, list[str]] = {"train": [], "val": [], "test": []}
        kept["fake" if folder == "Celeb-synthesis" else "real"] = splits
        for name in names:
            splits["train"].append(f"{folder}/{name}")
            if f"{folder}/{name}" in test:
                splits["val"].append(f"{folder}/{name}")
                splits["test"].append(f"{folder}/{name}")
    placed: dict[str, list[str]] = {}
    for splits in kept.values():
        for split, names in splits.items():
            for name in names:
                placed.setdefault(name, []).append(split)
    rows, relations, labels = [], [], []
    for folder, names in videos.items():
        for name in names:
            splits_of = placed.get(f"{folder}/{name}", [])
            fake = folder == "Celeb-synthesis"
            row = media(f"{folder}/{name}", "celeb-df", kind="video",
                        split=splits_of[0] if splits_of else None,
                        manipulation_type="face_swap" if fake else "none")  # fmt: skip
            rows.append(row)
            labels.append(label(row, "fake" if fake else "real"))
            relations += [related(row["media_id"], "in_split", s, "split") for s in splits_of[1:]]
    return tables_of(rows, relations=relations, labels=labels)
