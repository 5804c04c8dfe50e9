"""Media roots that are no folder: listed, read through, and never a pass when they fail."""

from __future__ import annotations

import functools
import http.server
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import curate
from curate.api import Project
from curate.errors import CurateError, DependencyError, InputError, InvalidFileError
from curate.ingest.roots import media_root
from curate.media.open import open_regular
from curate.media.unreadable import UnreadableError

fsspec = pytest.importorskip("fsspec", reason="the extra curate[remote] is not installed")
NAMES = ("train/real/a.png", "train/fake/b.png", "test/real/c.png")


def _picture(seed: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (9, 9), (seed, 90, 30)).save(file, "PNG")
    return file.getvalue()


FILES = {name: _picture(20 * n) for n, name in enumerate(NAMES)}


def _zip(path: Path, files: dict[str, bytes], prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr(prefix + name, content)
    return path


def _tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            item = tarfile.TarInfo(name)
            item.size = len(content)
            tar.addfile(item, io.BytesIO(content))
    return path


def _folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return an empty workspace."""
    return curate.init(tmp_path / "ws")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return a manifest of the files, and of one that is nowhere."""
    rows = ["path,label,split", *(f"{name},real,train" for name in (*NAMES, "gone.png"))]
    (tmp_path / "list.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return tmp_path / "list.csv"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Serve a folder over the loopback; give its address and the folder."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            if "refused" in self.path:
                self.send_error(500)
            else:
                super().do_GET()

        do_HEAD = do_GET  # noqa: N815 - the name that the server looks for

    folder = _folder(tmp_path / "served", FILES)
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()
        thread.join()


def _read(project: Project) -> dict[str, bytes]:
    """Return the bytes of each entry that is present, as every stage opens them."""
    found = {}
    for row in project.catalog.read("media").to_pylist():
        if row["status"] == "present":
            root = Path(row["root"])
            with open_regular(root / row["locator"], root=root) as descriptor:
                found[row["locator"]] = os.read(descriptor, 1 << 20)
    return found


def _states(project: Project) -> dict[str, tuple[str, str | None]]:
    from curate.catalog.views import read_entries

    return {r["locator"]: (r["state"], r["reason"])
            for r in read_entries(project.catalog).to_pylist()}  # fmt: skip


@pytest.mark.parametrize("form", ["{zip}", "zip://::{zip}", "zip://set::file://{packed}",
                                  "zip://set::{packed}"])  # fmt: skip
def test_a_zip_is_read_like_the_folder_it_was(form: str, project: Project, tmp_path: Path) -> None:
    names = {"zip": _zip(tmp_path / "set.zip", FILES),
             "packed": _zip(tmp_path / "p.zip", FILES, "set/")}  # fmt: skip
    other = curate.init(tmp_path / "other")
    other.ingest(_folder(tmp_path / "set", FILES))

    found = project.ingest(form.format(**names))

    assert (found.dataset, found.layout, found.missing) == ("set", "folder", 0)
    assert _read(project) == FILES
    columns = ["media_id", "locator", "split", "listed_size"]
    listed, before = (p.catalog.read("media").select(columns) for p in (project, other))
    assert listed.sort_by("media_id").equals(before.sort_by("media_id"))


@pytest.mark.parametrize("form", ["{0}", "tar://::{0}"])
def test_a_tar_is_a_media_root(form: str, project: Project, manifest: Path, tmp_path: Path) -> None:
    packed = _tar(tmp_path / "set.tar", FILES)

    found = project.ingest(manifest, media_root=form.format(packed))

    assert found.missing == 1
    assert _read(project) == FILES


def test_probing_an_archive_reads_every_member(project: Project, tmp_path: Path) -> None:
    project.ingest(_zip(tmp_path / "set.zip", FILES))

    project.run(["probe"], jobs=1)

    assert _states(project) == dict.fromkeys(NAMES, ("present", None))


def test_a_filesystem_of_fsspec_is_read_through(project: Project, manifest: Path) -> None:
    memory = fsspec.filesystem("memory")
    for name, content in FILES.items():
        memory.pipe(f"/lab/{name}", content)

    found = project.ingest(manifest, media_root="memory://lab")
    alone = project.ingest("memory://lab", dataset="alone")

    assert (found.missing, alone.missing) == (1, 0)
    assert alone.entries == 3
    assert _read(project) == FILES


def test_a_web_server_is_read_through(
    project: Project, manifest: Path, web: tuple[str, Path]
) -> None:
    pytest.importorskip("aiohttp", reason="the extra curate[remote] is not installed")

    found = project.ingest(manifest, media_root=web[0])
    project.run(["probe"], jobs=1)

    assert found.missing == 1
    assert _read(project) == FILES
    assert _states(project) == {**dict.fromkeys(NAMES, ("present", None)),
                                "gone.png": ("missing", None)}  # fmt: skip


def test_what_a_server_does_not_give_is_unreadable_with_a_reason(
    project: Project, tmp_path: Path, web: tuple[str, Path]
) -> None:
    """An error of the server, a file that goes, and a name that looks like another address."""
    pytest.importorskip("aiohttp", reason="the extra curate[remote] is not installed")
    names = ("train/real/a.png", "refused.png", "x?y=1.png", "a::file:///etc/passwd")
    (web[1] / "x?y=1.png").write_bytes(FILES[NAMES[1]])
    listed = tmp_path / "odd.csv"
    listed.write_text("path\n" + "\n".join(names) + "\n", "utf-8")
    project.ingest(listed, media_root=web[0])
    (web[1] / "train/real/a.png").unlink()

    project.run(["probe"], jobs=1)

    states = _states(project)
    assert states["refused.png"] == ("unreadable", "remote")
    assert states["train/real/a.png"] == ("unreadable", "vanished")
    assert states["x?y=1.png"] == ("present", None)
    assert states["a::file:/etc/passwd"] == ("missing", None)


def test_a_server_that_is_gone_clears_nothing(
    project: Project, manifest: Path, web: tuple[str, Path]
) -> None:
    pytest.importorskip("aiohttp", reason="the extra curate[remote] is not installed")
    address = web[0].rpartition(":")[0] + ":9"

    project.ingest(manifest, media_root=address)
    project.run(["probe"], jobs=1)

    assert {reason for _, reason in _states(project).values()} == {"remote"}
    assert {state for state, _ in _states(project).values()} == {"unreadable"}


def test_layouts_read_their_lists_in_an_archive(project: Project, tmp_path: Path) -> None:
    """Celeb-DF as it is handed out: a zip with its test list inside."""
    files = {"Celeb-real/id0_0000.mp4": b"x", "Celeb-synthesis/id0_id1_0000.mp4": b"y",
             "YouTube-real/00000.mp4": b"z",
             "List_of_testing_videos.txt": b"1 YouTube-real/00000.mp4\n"}  # fmt: skip

    found = project.ingest(_zip(tmp_path / "Celeb-DF-v2.zip", files))

    assert (found.layout, found.dataset, found.entries) == ("celebdf", "Celeb-DF-v2", 3)
    splits = {r["locator"]: r["split"] for r in project.catalog.read("media").to_pylist()}
    assert splits["YouTube-real/00000.mp4"] == "test"


def test_nothing_of_an_archive_is_lost_quietly(project: Project, tmp_path: Path) -> None:
    """Names that climb out, stand twice or are links are rejected with a reason."""
    path = tmp_path / "set.tar"
    with tarfile.open(path, "w") as tar:
        for name in ("a.png", "a.png", "../evil.png", "/etc/evil.png"):
            item = tarfile.TarInfo(name)
            item.size = len(FILES[NAMES[0]])
            tar.addfile(item, io.BytesIO(FILES[NAMES[0]]))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    found = project.ingest(f"tar://::{path}", layout="folder")

    assert found.entries == 1
    assert found.rejections == {"duplicate-row": 1, "outside-root": 2, "not-a-file": 1}
    assert not (tmp_path / "evil.png").exists()


def test_a_broken_archive_is_rejected_and_what_was_read_is_kept(
    project: Project, tmp_path: Path
) -> None:
    whole = _tar(tmp_path / "set.tar", FILES).read_bytes()
    (tmp_path / "set.tar").write_bytes(whole[:1200])

    found = project.ingest(f"tar://::{tmp_path / 'set.tar'}", layout="folder")

    assert found.rejections == {"bad-archive": 1}
    assert found.entries >= 1


@pytest.mark.parametrize(
    ("named", "error"),
    [("s3://key:secret@bucket", InputError), ("https://host/x?token=1", InputError),
     ("nosuch://x", InputError), ("zip://::/no/such.zip", InputError),
     ("memory://nothing-is-here", InputError), ("list.csv", InvalidFileError)],
)  # fmt: skip
def test_a_root_that_is_none_is_told(
    named: str, error: type[CurateError], manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials are not printed either."""
    monkeypatch.chdir(manifest.parent)

    with pytest.raises(error) as caught, media_root(named, walk=True):
        pass

    assert "secret" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_protocol_without_its_package_is_a_missing_dependency() -> None:
    try:
        import s3fs  # noqa: F401
    except ImportError:
        with pytest.raises(DependencyError) as caught, media_root("s3://bucket", walk=True):
            pass
        assert caught.value.exit_status == 3
        assert "curate[s3]" in caught.value.hint
    else:
        pytest.skip("s3fs is installed here")


def test_what_is_copied_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from curate.media import archive, remote

    fsspec.filesystem("memory").pipe("/bounded/a.png", bytes(100))
    for module in (archive, remote):
        monkeypatch.setattr(module, "MAX_MEMBER_BYTES", 10)
    root = Path("memory://bounded")

    with (
        pytest.raises(UnreadableError, match="too_large"),
        open_regular(root / "a.png", root=root),
    ):
        pass
