"""A folder in an object store (S3 and whatever else fsspec speaks), and files brought from it to the local disk.

Endpoint and keys come from the store's own environment variables and files (for S3: AWS_ENDPOINT_URL,
AWS_SHARED_CREDENTIALS_FILE, …), never from the address, so that they cannot get into a log.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fsspec

from config.errors import StoreError, UsageError

KEYS = "see endpoint, keys and rights of the object store (docs/cluster.md); the keys belong in the environment"

LIBRARY = "pip install -r requirements/cluster.txt, or fsspec's library for it"


@dataclass(frozen=True)
class Bucket:
    """A prefix of an object store by its address, s3://bucket/prefix. An object is there whole or not at all."""

    url: str

    def __post_init__(self) -> None:
        if "@" in urlsplit(self.url).netloc:
            raise UsageError(f"{self.url.split('://')[0]}://…: keys in an address.", remedy=KEYS)

    def __truediv__(self, name: str) -> Bucket:
        return Bucket(f"{self.url.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """Last part of the address."""
        return self.url.rstrip("/").rsplit("/", 1)[-1]

    def sizes(self) -> dict[str, int]:
        """Bytes of every object below, by its name relative to this folder."""
        with self._told() as (system, path):
            system.invalidate_cache()
            found = system.find(path, detail=True) if system.exists(path) else {}
            return {str(name)[len(path) :].lstrip("/"): int(info["size"]) for name, info in found.items()}

    def read(self, name: str) -> bytes:
        """One object; StoreError names it where it is not there."""
        with self._told(name) as (system, path):
            return bytes(system.cat_file(f"{path}/{name}"))

    def write(self, name: str, content: bytes) -> None:
        """One object, replaced as a whole."""
        with self._told(name) as (system, path):
            system.pipe_file(f"{path}/{name}", content)

    def fetch(self, names: Iterable[str], folder: Path) -> None:
        """Bring objects to a local folder, under the same names."""
        wanted = list(names)
        for parent in {(folder / name).parent for name in wanted}:
            parent.mkdir(parents=True, exist_ok=True)
        with self._told() as (system, path):
            system.get([f"{path}/{name}" for name in wanted], [str(folder / name) for name in wanted])

    def send(self, folder: Path, names: Iterable[str]) -> None:
        """Put files of a local folder here, under the same names."""
        given = list(names)
        with self._told() as (system, path):
            system.put([str(folder / name) for name in given], [f"{path}/{name}" for name in given])

    def digest(self, name: str) -> str:
        """blake2b of one object, read once from end to end."""
        with self._told(name) as (system, path), system.open(f"{path}/{name}", "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()

    def remove(self) -> None:
        """Everything below."""
        with self._told() as (system, path):
            system.invalidate_cache()
            if system.exists(path):
                system.rm(path, recursive=True)

    @contextmanager
    def _told(self, name: str = "") -> Iterator[tuple[Any, str]]:
        """File system and path; what goes wrong names the object and the remedy, and no key."""
        place = f"{self.url}/{name}".rstrip("/")
        try:
            yield fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        except (StoreError, UsageError):
            raise
        except FileNotFoundError as error:
            missing = f"{place}: {error}." if "bucket" in str(error).lower() else f"{place} is missing."
            raise StoreError(missing, remedy="make the bucket, or run intake again; nothing was replaced") from error
        except ImportError as error:
            wanted = "the library for this kind of store is not installed"
            raise UsageError(f"{place}: {wanted}.", remedy=LIBRARY) from error
        except ValueError as error:
            raise UsageError(f"{place}: not an address of a store.", remedy="write s3://bucket/prefix") from error
        except Exception as error:  # every store has errors of its own; their texts may hold keys, their names do not
            raise StoreError(f"{place}: {type(error).__name__}.", remedy=KEYS) from None


Place = Path | Bucket


def place(address: str) -> Place:
    """A local folder, or a folder in an object store where the address names a scheme."""
    return Bucket(address) if "://" in address else Path(address)


@contextmanager
def local_folder(where: Path | None = None) -> Iterator[Path]:
    """A folder on the local disk (within `where`) for what comes from a store or goes to one; gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix=".evenhand-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def brought(place: Place, names: Iterable[str]) -> Iterator[Path]:
    """A local folder that holds these files: the place itself, or copies for the time being."""
    if not isinstance(place, Bucket):
        yield place
        return
    with local_folder() as folder:
        place.fetch(names, folder)
        yield folder


@contextmanager
def filled(place: Place) -> Iterator[Path]:
    """An empty local folder; when the block ends well its files are in `place`, each of them whole."""
    with local_folder(None if isinstance(place, Bucket) else place) as folder:
        yield folder
        names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        if isinstance(place, Bucket):
            place.send(folder, names)
            return
        for name in names:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(folder / name, place / name)
