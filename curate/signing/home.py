"""Where keys are kept: among the user's settings, outside of any workspace.

``NAME.pub`` is the public half. ``NAME.pem`` beside it is the private one, for its owner alone and
encrypted if a passphrase was given; or it lies in the system's keyring.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from curate.errors import InputError, MissingKeyError, UnknownNameError
from curate.signing.keys import ENCRYPTED, PublicKey, SigningKey
from curate.vault.places import keep_secret, read_secret, settings_folder

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PLACES = ("file:", "env:", "keyring:")
_HINT = "`curate keys list` shows the keys there are; `curate keys new NAME` makes one"


@dataclass(frozen=True)
class Named:
    """A key that is kept under a name.

    Attributes:
        name: Its name.
        public: Its public half.
        place: Where the private half is: ``file``, ``file, passphrase`` or ``keyring``.
    """

    name: str
    public: PublicKey
    place: str


@dataclass(frozen=True)
class KeyHome:
    """The keys of a user.

    Attributes:
        folder: Where they lie.
    """

    folder: Path = field(default_factory=lambda: settings_folder() / "signing")

    def add(
        self, name: str, key: SigningKey, *, passphrase: str | None = None, keyring: bool = False
    ) -> Named:
        """Keep a key.

        Args:
            name: Letters, digits, dots, hyphens and underscores.
            key: The key.
            passphrase: What its file is encrypted with.
            keyring: Keep the private half in the system's keyring.

        Raises:
            InputError: The name is none or taken, or the folder cannot be written.
            DependencyError: The package keyring is not installed.
        """
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} cannot be a key's name", where="NAME",
                             hint="use letters, digits, '.', '_' and '-'")  # fmt: skip
        if self._public(name).exists():
            raise InputError("a key of that name is there already", where=name,
                             hint="keys are never replaced: choose another name")  # fmt: skip
        keep_secret(self._private(name, keyring=keyring), key.pem(passphrase))
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._public(name).write_text(key.public.pem(), "ascii")
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}",
                             where=str(self._public(name))) from None  # fmt: skip
        return self.find(name)

    def find(self, name: str) -> Named:
        """Return the key of that name.

        Raises:
            UnknownNameError: There is none.
        """
        path = self._public(name)
        if not _NAME.fullmatch(name) or not path.is_file():
            raise UnknownNameError(f"no key is called {name!r}", hint=_HINT)
        private = path.with_suffix(".pem")
        place = "keyring"
        if private.is_file():
            sealed = ENCRYPTED.encode() in private.read_bytes()
            place = "file, passphrase" if sealed else "file"
        return Named(name, PublicKey.from_pem(path.read_text("ascii", "replace"), where=str(path)),
                     place)  # fmt: skip

    def all(self) -> list[Named]:
        """Return every key, by name."""
        return [self.find(path.stem) for path in sorted(self.folder.glob("*.pub"))]

    def public_key(self, named: str) -> PublicKey:
        """Return a public key by its name or the path of a PEM file.

        Raises:
            UnknownNameError: It is neither.
            InputError: The file holds no public key.
        """
        path = Path(named)
        if self._public(named).is_file() and _NAME.fullmatch(named):
            return self.find(named).public
        if not path.is_file():
            raise UnknownNameError(f"{named!r} is neither a key's name nor a file", hint=_HINT)
        return PublicKey.from_pem(path.read_text("utf-8", "replace"), where=str(path))

    def signing_key(self, named: str, ask: Callable[[], str | None]) -> SigningKey:
        """Return a private key.

        Args:
            named: Its name, the path of a PEM file, or ``file:``, ``env:`` or ``keyring:`` and
                where it lies.
            ask: Gives the passphrase, if one is needed.

        Raises:
            MissingKeyError: It is not there, or its passphrase is missing or another.
            InputError: What is there is no private key, or others may read the file.
        """
        source = self._source(named)
        text = read_secret(source)
        if text is None:
            raise MissingKeyError("no key is here", where=source, hint=_HINT)
        passphrase = ask() if ENCRYPTED in text else None
        return SigningKey.from_pem(text, where=source, passphrase=passphrase)

    def _source(self, named: str) -> str:
        if named.startswith(_PLACES):
            return named
        if _NAME.fullmatch(named) and self._public(named).is_file():
            return self._private(named, keyring=self.find(named).place == "keyring")
        return f"file:{named}"

    def _public(self, name: str) -> Path:
        return self.folder / f"{name}.pub"

    def _private(self, name: str, *, keyring: bool) -> str:
        return f"keyring:signing/{name}" if keyring else f"file:{self.folder / name}.pem"
