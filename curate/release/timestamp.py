"""Time stamps: an RFC 3161 token over a release's manifest, from an authority that is asked.

It shows that the manifest was there at an instant, by the word of somebody who neither made the
release nor holds it. Nothing but the manifest's digest leaves. The token is the authority's whole
answer, which `openssl ts -verify -data manifest.json -in manifest.tsr -CAfile CA` reads as well.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from curate.errors import DependencyError, InputError, VerificationError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

Ask = Callable[[bytes], bytes]

_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_SECONDS, _MOST_BYTES = 60, 1 << 20
_SHA256 = "2.16.840.1.101.3.4.2.1"
_HINT = "nothing was written; name another authority, or leave out --tsa"


def authority(place: str) -> Ask:
    """Return what sends a request to an authority, and returns its answer.

    Args:
        place: An address that begins with http:// or https://, or a command that reads the
            request from its standard input and writes the answer to its standard output.
    """
    if place.startswith(("http://", "https://")):
        return lambda request: _post(place, request)
    return lambda request: _command(place, request)


def stamp(message: bytes, ask: Ask, *, where: str) -> bytes:
    """Return an authority's token over a message.

    Args:
        message: What is to be stamped.
        ask: Asks the authority.
        where: What the authority is called in errors.

    Raises:
        DependencyError: It does not answer, or refuses.
        VerificationError: Its answer is none, or one to another question.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    token = ask(request.as_bytes())
    try:
        answer = _parsed(token)
    except VerificationError as error:
        raise VerificationError(error.problem, where=where, hint=_HINT) from None
    if answer.status:
        why = f": {'; '.join(answer.status_string)}" if answer.status_string else ""
        raise DependencyError(f"the authority refused{why}", where=where, hint=_HINT)
    if answer.tst_info.nonce != request.nonce or not _is_of(answer, message):
        raise VerificationError("the answer is to another question", where=where, hint=_HINT)
    return token


def stamped_at(token: bytes, message: bytes, trusted: Sequence[Certificate]) -> datetime:
    """Return when a message was stamped, in UTC.

    Args:
        token: An authority's answer.
        message: What it is said to be over.
        trusted: Roots that vouch for authorities, and what stands between them and the authority;
            without any, it is only checked that the token is one over this message, which proves
            nothing.

    Raises:
        VerificationError: The token is none, is over something else, or none of those that are
            trusted stands behind it.
    """
    from rfc3161_client import VerifierBuilder

    answer = _parsed(token)
    if answer.status or not _is_of(answer, message):
        raise VerificationError("it is no time stamp of this manifest")
    moment: datetime = answer.tst_info.gen_time
    if not trusted:
        return moment
    builder = VerifierBuilder(roots=list(trusted))
    try:
        builder.build().verify_message(answer, message)
    except Exception as error:  # noqa: BLE001 - a stranger wrote it: whatever fails, it proves nothing
        why = str(error).partition(": ErrorStack")[0]
        raise VerificationError(f"no trusted authority made this time stamp: {why}") from None
    return moment


def read_certificates(path: Path) -> list[Certificate]:
    """Return the certificates in a PEM file.

    Raises:
        InputError: It cannot be read, or holds none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except ValueError:
        raise InputError("this holds no certificate in PEM", where=str(path)) from None


def _parsed(token: bytes) -> TimeStampResponse:
    """Return an authority's answer; where it is granted, its token can be read.

    Raises:
        VerificationError: It is none.
    """
    from rfc3161_client import decode_timestamp_response

    try:
        answer = decode_timestamp_response(_in_order(token))
        if not answer.status:
            _ = answer.tst_info.message_imprint, answer.signed_data
    except Exception as error:  # noqa: BLE001 - as above
        raise VerificationError(f"this is no time stamp: {error}") from None
    return answer


def _in_order(token: bytes) -> bytes:
    """Return an answer with the certificates in it in the order that DER asks of a set.

    OpenSSL writes them in another, which readers of DER refuse. No signature is over the order.
    """
    # TimeStampResp: a status, and where it is granted a ContentInfo whose [0] is a SignedData.
    _, response = _element(token, 0)
    _, status = _element(token, response.start)
    if status.stop == response.stop:
        return token
    _, content = _element(token, status.stop)
    _, kind = _element(token, content.start)
    _, wrapped = _element(token, kind.stop)
    _, signed = _element(token, wrapped.start)
    at = signed.start
    while at < signed.stop:
        tag, part = _element(token, at)
        if tag == 0xA0:
            inside = _elements(token, part)
            return token[: part.start] + b"".join(sorted(inside)) + token[part.stop :]
        at = part.stop
    return token


def _elements(data: bytes, within: range) -> Iterator[bytes]:
    at = within.start
    while at < within.stop:
        _, part = _element(data, at)
        yield data[at : part.stop]
        at = part.stop


def _element(data: bytes, at: int) -> tuple[int, range]:
    """Return the tag of the DER element at a place, and where its content lies.

    Raises:
        ValueError: There is none.
    """
    head = data[at : at + 2]
    if len(head) < 2:
        raise ValueError("it ends too early")
    long = head[1] & 0x7F if head[1] & 0x80 else 0
    start = at + 2 + long
    size = int.from_bytes(data[at + 2 : start]) if long else head[1]
    if start + size > len(data):
        raise ValueError("it ends too early")
    return head[0], range(start, start + size)


def _is_of(answer: TimeStampResponse, message: bytes) -> bool:
    said = answer.tst_info.message_imprint
    digest = sha256(message).digest()
    return said.hash_algorithm.dotted_string == _SHA256 and said.message == digest


def _post(url: str, request: bytes) -> bytes:
    head = {"Content-Type": _QUERY, "Accept": _REPLY}
    try:
        asked = Request(url, request, head)  # noqa: S310 - http or https
        with urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310 - http or https
            return bytes(answer.read(_MOST_BYTES))
    except (OSError, HTTPException, ValueError) as error:
        why: object = error
        if isinstance(error, HTTPError):
            error.close()  # it is the answer itself, and holds the connection
        elif isinstance(error, URLError):
            why = error.reason
        raise DependencyError(
            f"the authority does not answer: {why}", where=url, hint=_HINT
        ) from None


def _command(line: str, request: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            shlex.split(line), input=request, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise DependencyError(f"cannot be run: {error}", where=line, hint=_HINT) from None
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise DependencyError(
            f"ended with status {done.returncode} {' '.join(told)}".rstrip(), where=line, hint=_HINT
        )
    return done.stdout
