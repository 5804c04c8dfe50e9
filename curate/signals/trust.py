"""Whom C2PA signatures are trusted by: certificates that `curate.toml` names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509

from curate.errors import ConfigError

_PLACE = "curate.toml: signals.trust"


def read_anchors(files: Sequence[str], root: Path) -> str:
    """Return the certificates in files, PEM, each once and in an order of their own.

    Which files they lie in changes nothing, so nothing is read again for that.

    Args:
        files: PEM files with one certificate or more, absolute or relative to `root`.
        root: The workspace.

    Raises:
        ConfigError: A file is not there, cannot be read, or holds no certificate.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    found = {
        one.public_bytes(Encoding.PEM).decode("ascii")
        for name in files
        for one in _certificates(name, root)
    }
    return "".join(sorted(found))


def _certificates(name: str, root: Path) -> list[x509.Certificate]:
    file = root / Path(name).expanduser()
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{name}: cannot be read: {error.strerror}",
            where=_PLACE,
            hint=f"put the trust anchors, PEM, at {file}, or take the name out",
        ) from None
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        raise ConfigError(
            f"{name}: holds no certificate in PEM, or a broken one",
            where=_PLACE,
            hint="a certificate begins with -----BEGIN CERTIFICATE-----",
        ) from None
