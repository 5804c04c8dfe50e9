"""The model files curate knows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from curate.errors import DependencyError, UnknownNameError, VerificationError
from curate.faces.dlib import model_folder
from curate.faces.models import (
    MODELS,
    Model,
    ModelFile,
    check_model,
    known_model,
    model_home,
    pull_model,
    usual_folder,
)


def test_the_embedded_model_is_the_pinned_one() -> None:
    states = check_model(known_model("dlib"), model_folder())

    assert [s.state for s in states] == ["good", "good"]


def test_the_embedded_detector_is_the_pinned_one() -> None:
    model = known_model("centerface")

    assert [s.state for s in check_model(model, usual_folder(model))] == ["good"]


def test_the_shared_open_model_zoo_files_are_the_pinned_ones(shared_data: Path) -> None:
    states = check_model(known_model("openmodelzoo"), shared_data / "models")

    assert [s.state for s in states] == ["good"] * 3


def test_a_changed_file_is_told_from_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"other")

    states = check_model(known_model("openmodelzoo"), tmp_path)

    assert [s.state for s in states] == ["changed", "missing", "missing"]


def test_pull_refuses_to_overwrite_a_changed_file(tmp_path: Path) -> None:
    (tmp_path / "face_detection_yunet_2023mar.onnx").write_bytes(b"other")

    with pytest.raises(VerificationError, match="not the one pinned"):
        pull_model(known_model("openmodelzoo"), tmp_path)


@pytest.mark.parametrize("name", ["dlib", "insightface"])
def test_pull_of_a_model_without_an_official_place_says_how_to_get_it(name, tmp_path) -> None:
    with pytest.raises(DependencyError) as caught:
        pull_model(known_model(name), tmp_path)

    assert caught.value.hint


def test_pull_takes_nothing_but_https(tmp_path: Path) -> None:
    file = ModelFile("x", "0" * 64, "http://localhost/x")
    model = dataclasses.replace(known_model("openmodelzoo"), files=(file,))

    with pytest.raises(DependencyError, match="https"):
        pull_model(model, tmp_path)

    assert not list(tmp_path.iterdir())


def test_every_official_place_is_https() -> None:
    places = [f.url for m in MODELS for f in m.files if f.url]

    assert places
    assert all(p.startswith("https://") for p in places)


def test_an_unknown_model_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as caught:
        known_model("facenet")

    assert "openmodelzoo" in caught.value.hint


def test_model_home_follows_the_environment(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CURATE_MODELS", str(tmp_path))

    assert model_home() == tmp_path


def test_models_with_pins_have_64_digits() -> None:
    pinned: list[Model] = [m for m in MODELS if m.files]

    assert {len(f.sha256) for m in pinned for f in m.files} == {64}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Keep requests off the test's output."""


@pytest.fixture
def official(tmp_path: Path, monkeypatch) -> Iterator[tuple[Path, str]]:
    """Return a folder that this machine serves over https, and its address."""
    folder = tmp_path / "official"
    folder.mkdir()
    certificate = _certificate(tmp_path / "place.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = HTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def _certificate(path: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    kept = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(kept + made.public_bytes(encoding))
    return path


def _model(address: str, content: bytes) -> Model:
    file = ModelFile("net.bin", hashlib.sha256(content).hexdigest(), f"{address}/net.bin")
    return dataclasses.replace(known_model("openmodelzoo"), files=(file,))


def test_pull_keeps_the_file_that_is_pinned(official, tmp_path: Path) -> None:
    place, address = official
    (place / "net.bin").write_bytes(b"weights")

    states = pull_model(_model(address, b"weights"), tmp_path / "models")

    assert [s.state for s in states] == ["good"]
    assert (tmp_path / "models" / "net.bin").read_bytes() == b"weights"


def test_pull_keeps_nothing_of_another_file(official, tmp_path: Path) -> None:
    place, address = official
    (place / "net.bin").write_bytes(b"something else")

    with pytest.raises(VerificationError, match="not the one pinned"):
        pull_model(_model(address, b"weights"), tmp_path / "models")

    assert not list((tmp_path / "models").iterdir())


def test_pull_from_a_place_without_the_file_says_what_to_do(official, tmp_path: Path) -> None:
    _, address = official

    with pytest.raises(DependencyError, match="cannot be fetched: File not found") as caught:
        pull_model(_model(address, b"weights"), tmp_path / "models")

    assert "curate.toml" in caught.value.hint
    assert not list((tmp_path / "models").iterdir())
