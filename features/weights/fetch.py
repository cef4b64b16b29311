"""Download the public weights once, and note their checksums."""

import gzip
import hashlib
import json
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path

from features.weights.find import CHECKSUMS_NAME, Checksum, hash_of, read_checksums
from features.weights.hub import resolve
from study.errors import ConfigError
from study.reading.archives import TAR_ERRORS, unpack_tar
from study.tools.files import written_atomically

_CHUNK = 1 << 20
_TIMEOUT_S = 60
_MOST_BYTES = 2_000_000_000  # of a download and of what it unpacks to; the largest has 300 million
_MOST_FILES = 1000
_COMPRESSED = "?tf-hub-format=compressed"  # asks TensorFlow Hub for the packed folder


@dataclass(frozen=True, slots=True)
class Download:
    """Where the public weights of a network are.

    Parameters
    ----------
    filename : str
        What the download is called on a mirror.
    name : str
        The file or folder that it becomes; it begins with the name of the network.
    md5 : str or None
        Keras' own checksum of the file; None where the publisher states none.
    """

    url: str
    filename: str
    name: str
    md5: str | None = None

    @property
    def is_archive(self) -> bool:
        """Whether it is a packed folder."""
        return self.filename.endswith(".tar.gz")


DOWNLOADS = {
    "yamnet": Download("https://tfhub.dev/google/yamnet/1", "yamnet_1.tar.gz", "yamnet_1"),
    "vggish": Download("https://tfhub.dev/google/vggish/1", "vggish_1.tar.gz", "vggish_1"),
    "vgg16": Download(
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "6d6bbae143d832006294945121d1f1fc",
    ),
    "efficientnetb0": Download(
        "https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5",
        "efficientnetb0_notop.h5",
        "efficientnetb0_notop.h5",
        "50bc09e76180e00e4465e1a485ddc09d",
    ),
}


def fetch(
    network: str,
    folder: Path,
    *,
    mirror: str | None = None,
    advance: Callable[[int, int | None], None] = lambda n, total: None,
) -> Path:
    """Download the weights of a network, unless they are there already.

    Parameters
    ----------
    network : str
        A key of `DOWNLOADS`.
    mirror : str or None
        An address under which the files lie by their own names; None for the publishers.
    advance : callable
        Called with the bytes of each piece and the bytes of all, where known.
    """
    if network not in DOWNLOADS:
        raise ConfigError(f"there is no network {network!r}. Choose of {', '.join(DOWNLOADS)}")
    download = DOWNLOADS[network]
    target = folder / download.name
    if target.exists():
        return target
    url = f"{mirror.rstrip('/')}/{download.filename}" if mirror else download.url
    folder.mkdir(parents=True, exist_ok=True)
    if download.is_archive:
        _fetch_saved_model(url, download, target, advance)
    else:
        with written_atomically(target) as part:
            _download(url, part, download.md5, advance)
    _note_checksum(folder, target, url)
    return target


def _fetch_saved_model(
    url: str, download: Download, target: Path, advance: Callable[[int, int | None], None]
) -> None:
    _require_address(url)

    def into(place: Path) -> None:
        with tempfile.TemporaryDirectory() as temporary:
            archive = Path(temporary) / download.filename
            _download(f"{url}{_COMPRESSED}" if "://tfhub" in url else url, archive, None, advance)
            _unpack(archive, place, url)

    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as temporary:
        found = resolve(url, into, Path(temporary) / "cache")
        if not (found / "saved_model.pb").is_file():
            raise ConfigError(f"{found} holds no SavedModel. Delete it and run the command again")
        copy = Path(temporary) / "copy"
        shutil.copytree(found, copy)
        copy.rename(target)


def _download(
    url: str, path: Path, md5: str | None, advance: Callable[[int, int | None], None]
) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with _answer(url) as (pieces, total), path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
            if file.tell() > _MOST_BYTES:
                raise ConfigError(
                    f"{url} has more than {_MOST_BYTES} bytes, expected the weights of a network. "
                    "Try another --mirror"
                )
            digest.update(piece)
            advance(len(piece), total)
    if total is not None and path.stat().st_size != total:
        raise ConfigError(
            f"{url} ended after {path.stat().st_size} of {total} bytes. Run the command again"
        )
    if md5 is not None and digest.hexdigest() != md5:
        raise ConfigError(
            f"{url} has the MD5 {digest.hexdigest()}, expected {md5}. It was not saved; "
            "try again or another --mirror"
        )


@contextmanager
def _answer(url: str) -> Iterator[tuple[Iterator[bytes], int | None]]:
    _require_address(url)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:
            length = response.headers.get("Content-Length")
            total = int(length) if length and length.isascii() and length.isdecimal() else None
            yield iter(lambda: response.read(_CHUNK), b""), total
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise ConfigError(
            f"{url} could not be fetched: {error}. Check the network, pass --mirror, or put the "
            "file into the weights folder by hand"
        ) from error


def _require_address(url: str) -> None:
    if not url.startswith(("https://", "http://", "file://")):
        raise ConfigError(
            f"{url} is not an address. Pass --mirror with http://, https:// or file://"
        )


def _unpack(archive: Path, folder: Path, url: str) -> None:
    try:
        with gzip.open(archive) as packed:
            unpack_tar(packed, folder, n_files=_MOST_FILES, n_bytes=_MOST_BYTES)
    except TAR_ERRORS as error:
        raise ConfigError(
            f"{url} is not a whole archive: {error}. Run the command again"
        ) from error
    if not (folder / "saved_model.pb").is_file():
        raise ConfigError(f"{url} holds no SavedModel. Try another --mirror")


def _note_checksum(folder: Path, target: Path, url: str) -> None:
    checksums = {**read_checksums(folder), target.name: Checksum(hash_of(target), url)}
    content = {name: asdict(checksum) for name, checksum in checksums.items()}
    with written_atomically(folder / CHECKSUMS_NAME) as part:
        part.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
