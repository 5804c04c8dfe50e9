"""The Open Model Zoo pair behind the protocol, against the network as exported."""

from __future__ import annotations

import numpy as np

from curate.faces.analyzer import Image
from curate.faces.load import load
from curate.faces.openmodelzoo import model_files

from .conftest import spec_of


def test_embed_equals_the_network_as_exported(group: Image) -> None:
    import openvino

    spec = spec_of("openmodelzoo")
    analyzer = load(spec)
    crops = analyzer.align(group, analyzer.detect(group).landmarks)
    exported = openvino.Core().compile_model(str(model_files(spec.path)[1]), "CPU")

    theirs = np.concatenate(
        [
            exported(crop[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32))[0].reshape(
                1, -1
            )
            for crop in crops
        ]
    )

    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    assert (analyzer.embed(crops) * theirs).sum(axis=1).min() > 1 - 1e-3


def test_its_terms_allow_commercial_use() -> None:
    assert not load(spec_of("openmodelzoo")).info.non_commercial
