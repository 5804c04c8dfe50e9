"""The layouts: one file each, and the order in which ``auto`` tries them."""

from __future__ import annotations

from curate.ingest.layout import Layout
from curate.ingest.layouts.celebdf import CelebDFLayout
from curate.ingest.layouts.coco import COCOLayout
from curate.ingest.layouts.croissant import CroissantLayout
from curate.ingest.layouts.deeperforensics import DeeperForensicsLayout
from curate.ingest.layouts.deepfakebench import DeepfakeBenchLayout
from curate.ingest.layouts.df40 import DF40Layout
from curate.ingest.layouts.dfdc import DFDCLayout
from curate.ingest.layouts.faceforensics import FaceForensicsLayout
from curate.ingest.layouts.fakeavceleb import FakeAVCelebLayout
from curate.ingest.layouts.fiftyone import FiftyOneLayout
from curate.ingest.layouts.folder import FolderLayout
from curate.ingest.layouts.forgerynet import ForgeryNetLayout
from curate.ingest.layouts.huggingface import HuggingFaceLayout
from curate.ingest.layouts.manifest import ManifestLayout
from curate.ingest.layouts.webdataset import WebDatasetLayout
from curate.ingest.layouts.wilddeepfake import WildDeepfakeLayout

# Most particular first: the first that recognises a path reads it.
LAYOUTS: tuple[Layout, ...] = (
    FaceForensicsLayout(),
    CelebDFLayout(),
    DFDCLayout(),
    DeeperForensicsLayout(),
    DeepfakeBenchLayout(),
    FakeAVCelebLayout(),
    WildDeepfakeLayout(),
    ForgeryNetLayout(),
    DF40Layout(),
    CroissantLayout(),
    WebDatasetLayout(),
    HuggingFaceLayout(),
    COCOLayout(),
    FiftyOneLayout(),
    ManifestLayout(),
    FolderLayout(),
)
