"""Time stamps, by a real authority: `openssl ts` behind a command and behind an address."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from curate.errors import CurateError, DependencyError, InputError, VerificationError
from curate.release.attest import TOKEN
from curate.release.log import KIND
from curate.release.manifest import NAME
from curate.release.timestamp import authority, read_certificates, stamp, stamped_at
from curate.release.verify import verify
from tests.issued import MODEL_SECRET, SECRET, Desk

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl, as an authority, is not here")
KEYS = (SECRET.public, MODEL_SECRET.public)
NAMES = ("0.png", "1.png")

_SETTINGS = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[stamps]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = {digests}
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


@dataclass(frozen=True)
class Authority:
    """An authority made for a test.

    Attributes:
        folder: Its keys, certificates and settings.
        command: Answers a request.
    """

    folder: Path
    command: str

    @property
    def root(self) -> Path:
        """The certificate of who vouches for it."""
        return self.folder / "ca.pem"


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path, digests: str = "sha256") -> Authority:
    folder.mkdir()
    settings = folder / "tsa.cnf"
    settings.write_text(_SETTINGS.format(folder=folder, digests=digests), encoding="utf-8")
    (folder / "serial").write_text("01\n", encoding="utf-8")
    for name in ("ca", "tsa"):
        _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                 f"{name}.key")  # fmt: skip
        _openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out",
                 f"{name}.csr")  # fmt: skip
    signed = ("x509", "-req", "-days", "30", "-extfile", "tsa.cnf")
    _openssl(folder, *signed, "-in", "ca.csr", "-signkey", "ca.key", "-extensions", "ca", "-out",
             "ca.pem")  # fmt: skip
    _openssl(folder, *signed, "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-extensions", "stamps", "-out", "tsa.pem")  # fmt: skip
    return Authority(folder, f"openssl ts -reply -config {settings} -queryfile /dev/stdin")


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority."""
    return make_authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.fixture
def serving() -> Iterator[Callable[[Callable[[bytes], bytes | None]], str]]:
    """Return a function that serves answers to requests, and returns the address."""
    servers = []

    def serve(answer: Callable[[bytes], bytes | None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = answer(self.rfile.read(int(self.headers["Content-Length"])))
                wanted = self.headers["Content-Type"] == "application/timestamp-query"
                self.send_response(200 if body is not None and wanted else 503)
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/tsr"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def stamped(tsa: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release that was signed and stamped."""
    desk = Desk(tmp_path_factory.mktemp("desk"), tsa=tsa.command)
    return desk.release("v1", NAMES)[0].folder


def test_stamp_is_checked_offline_by_us_and_by_openssl(
    stamped: Path, tsa: Authority, tmp_path: Path
) -> None:
    """With the root; another's is not taken; without one it is said that nothing was checked."""
    found = verify(stamped, KEYS, authorities=read_certificates(tsa.root))
    assert (found.failures, found.warnings) == ((), ())
    assert found.stamped is not None
    _openssl(stamped, "ts", "-verify", "-data", NAME, "-in", TOKEN, "-CAfile", str(tsa.root))

    other = read_certificates(make_authority(tmp_path / "other").root)
    (failure,) = verify(stamped, KEYS, authorities=other).failures
    assert failure.where == TOKEN
    unchecked = verify(stamped, KEYS)
    assert (unchecked.failures, unchecked.stamped) == ((), None)
    assert "time stamp was not checked" in unchecked.warnings[0]


def test_stamp_comes_from_an_address(
    tsa: Authority, tmp_path: Path, serving: Callable[[Callable[[bytes], bytes]], str]
) -> None:
    """And a release that nobody signed may have one."""
    desk = Desk(tmp_path, keys=(), tsa=serving(authority(tsa.command)))

    folder = desk.release("v1", NAMES)[0].folder

    found = verify(folder, authorities=read_certificates(tsa.root))
    assert found.failures == ()
    assert found.stamped is not None


def test_stamp_that_was_altered_is_told(stamped: Path, tsa: Authority, tmp_path: Path) -> None:
    """Each byte of a sample, cut off, taken away, or put in from another release."""
    copy = Path(shutil.copytree(stamped, tmp_path / "v1"))
    place, trusted = copy / TOKEN, read_certificates(tsa.root)
    whole = place.read_bytes()
    altered = [whole[:-1], whole + b"\0", b""]
    for at in range(0, len(whole), 41):
        altered.append(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    for token in altered:
        place.write_bytes(token)
        found = {failure.where for failure in verify(copy, KEYS, authorities=trusted).failures}
        assert TOKEN in found, token
    place.write_bytes(stamp(b"another manifest", authority(tsa.command), where="tsa"))
    assert TOKEN in {failure.where for failure in verify(copy).failures}
    place.unlink()
    assert TOKEN in {failure.where for failure in verify(copy).failures}


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_whatever_is_in_a_token_it_is_read_or_refused(stamped: Path, tsa: Authority) -> None:
    """Bytes changed, cut out and put in, several at once."""
    token, manifest = (stamped / TOKEN).read_bytes(), (stamped / NAME).read_bytes()
    trusted, chance, refused = read_certificates(tsa.root), random.Random(3), 0
    moment = stamped_at(token, manifest, trusted)
    for _ in range(300):
        broken = bytearray(token)
        for _ in range(chance.choice((1, 2, 20))):
            at = chance.randrange(len(broken))
            broken[at : at + chance.choice((1, 1, 1, 0, 9))] = chance.randbytes(
                chance.choice((1, 1, 1, 0, 5))
            )
        try:
            assert stamped_at(bytes(broken), manifest, trusted) == moment
        except VerificationError:
            refused += 1
    assert refused > 200


def test_stamp_that_was_asked_for_is_missed(tsa: Authority, tmp_path: Path) -> None:
    """Whoever names an authority wants its stamp."""
    folder = Desk(tmp_path).release("v1", NAMES)[0].folder
    (failure,) = verify(folder, KEYS, authorities=read_certificates(tsa.root)).failures
    assert failure.where == TOKEN


@pytest.mark.parametrize(
    ("place", "kind", "told"),
    [
        ("http://127.0.0.1:1/", DependencyError, "does not answer"),
        ("http://[/", DependencyError, "does not answer"),
        ("false", DependencyError, "status 1"),
        ("no-such-program", DependencyError, "cannot be run"),
        ("'", DependencyError, "cannot be run"),
        ("echo hello", VerificationError, "no time stamp"),
    ],
)
def test_without_an_answer_nothing_is_released(
    place: str, kind: type[CurateError], told: str, tmp_path: Path
) -> None:
    """No folder is left, and nothing is on record of it."""
    desk = Desk(tmp_path, tsa=place)
    with pytest.raises(kind, match=told):
        desk.release("v1", NAMES)
    assert list((tmp_path / "releases").iterdir()) == []
    assert desk.ledger.read(KIND).num_rows == 0


def test_wrong_answers_are_refused(
    tsa: Authority, tmp_path: Path, serving: Callable[[Callable[[bytes], bytes | None]], str]
) -> None:
    """One that it gave before, one over something else, a refusal, and none."""
    ask = authority(tsa.command)
    given: list[bytes] = []
    stamp(b"a", lambda query: given.append(ask(query)) or given[0], where="tsa")
    with pytest.raises(VerificationError, match="another question"):
        stamp(b"a", authority(serving(lambda _: given[0])), where="tsa")
    refusing = make_authority(tmp_path / "refusing", "sha512").command
    with pytest.raises(DependencyError, match="refused"):
        stamp(b"a", authority(refusing), where="tsa")
    with pytest.raises(DependencyError, match="503"):
        stamp(b"a", authority(serving(lambda _: None)), where="tsa")


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    """As is one that is not there."""
    place = tmp_path / "tsa.pem"
    with pytest.raises(InputError, match="cannot be read"):
        read_certificates(place)
    place.write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match="no certificate"):
        read_certificates(place)
