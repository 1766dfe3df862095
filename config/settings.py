"""Settings from the environment (prefix EVENHAND_), all with embedded defaults: SQLite and a lake under ./var."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

from config.errors import UsageError


class Settings(BaseSettings):
    """One frozen object, made once by the command line; nothing below `flows/` reads the environment."""

    model_config = SettingsConfigDict(env_prefix="EVENHAND_", frozen=True, extra="forbid")

    var: Path = Field(default=Path("var"), description="folder of everything that is written")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in var/")
    database_url_file: Path | None = Field(default=None, description="file that holds that URL")
    lake_url: str | None = Field(
        default=None, description="folder or s3://bucket/prefix of the lake; default: var/lake"
    )
    person_secret: SecretStr | None = Field(default=None, description="secret for the keys of natural persons")
    person_secret_file: Path | None = Field(default=None, description="file that holds that secret")
    draw_seed_file: Path | None = Field(default=None, description="file with the secret seed of draws")
    shards: int = Field(default=8, ge=1, le=65_536, description="shards of the lake; never changes a result")
    workers: int = Field(default=2, ge=1, le=256, description="workers; never changes a result")
    task_runner: Literal["thread", "process", "dask", "ray"] = Field(
        default="thread", description="who rates the shards; never changes a result"
    )
    cluster_address: str | None = Field(
        default=None,
        description="address of a running Dask scheduler or Ray head; default: one of this machine",
    )
    log_stderr: bool = Field(default=False, description="also print every line of the log on stderr")
    metrics_file: Path | None = Field(default=None, description="Prometheus text file; default: var/metrics")
    language: Literal["en", "zh", "both"] = "both"
    keep_nights: int = Field(default=90, ge=1, description="nights whose steps and rows `evenhand register tidy` keeps")
    keep_copies: int = Field(default=14, ge=1, description="copies of the register kept by `evenhand register upkeep`")
    exports_url: str | None = Field(default=None, description="address under which var/out is served, for links")

    @field_serializer("database_url", "lake_url")
    def _without_password(self, url: str | None) -> str | None:
        """What others may keep of the settings: Prefect stores the arguments of a flow."""
        return url if url is None else re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", url)

    @cached_property
    def root(self) -> Path:
        """`var` as an absolute path."""
        return self.var.expanduser().resolve()

    @property
    def database(self) -> str:
        """SQLAlchemy URL of the register of decisions."""
        if self.database_url is None and self.database_url_file is not None:
            return _line_of(self.database_url_file, "database URL")
        return self.database_url or f"sqlite:///{self.root / 'evenhand.sqlite'}"

    @property
    def register_is_new(self) -> bool:
        """Whether the register is an SQLite file that no run has made yet; looking must not make it."""
        prefix = "sqlite:///"
        return self.database.startswith(prefix) and not Path(self.database.removeprefix(prefix)).exists()

    @property
    def person_secret_at(self) -> Path:
        """File of the secret for person keys, where it does not stand in the environment."""
        return self.person_secret_file or self.root / "person.secret"

    @property
    def lake(self) -> str:
        """Folder of the lake, absolute, or its address in an object store."""
        if self.lake_url is not None and "://" in self.lake_url:
            return self.lake_url.rstrip("/")
        return str(Path(self.lake_url).expanduser().resolve() if self.lake_url else self.root / "lake")

    def draw_seed(self) -> bytes | None:
        """The secret seed of draws; None where only the number of `--seed` is at hand, which anybody can guess."""
        if self.draw_seed_file is None:
            return None
        if not self.draw_seed_file.is_file():
            raise UsageError(f"{self.draw_seed_file}: no such seed file.", remedy="openssl rand -hex 32 > FILE")
        seed = self.draw_seed_file.read_bytes().strip()
        if len(seed) < 32:
            raise UsageError(f"{self.draw_seed_file}: shorter than 32 bytes.", remedy="openssl rand -hex 32 > FILE")
        return seed

    def secret(self) -> bytes:
        """Secret for person keys: from the environment, from a file, else one made once and kept in var/."""
        if self.person_secret is not None:
            return self.person_secret.get_secret_value().encode()
        path = self.person_secret_at
        if not path.exists():
            if self.person_secret_file is not None:
                raise UsageError(f"{path}: no such secret file.", remedy="write at least 32 bytes into it")
            return _make_secret(path)
        secret = path.read_bytes().strip()
        if len(secret) < 32:
            raise UsageError(f"{path}: the secret is shorter than 32 bytes.", remedy="put a longer one there")
        return secret


def _line_of(path: Path, what: str) -> str:
    if not path.is_file() or not (text := path.read_text("utf-8").strip()):
        raise UsageError(f"{path}: no {what} in it.", remedy="write it into that file, readable by its owner only")
    return text


def _make_secret(path: Path) -> bytes:
    """Written whole under another name, then linked: neither a crash nor a second process leaves half a secret."""
    import contextlib
    import os
    import secrets

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(draft, "wb", opener=_owner_only) as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its secret holds
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_bytes().strip()


def _owner_only(path: str, flags: int) -> int:
    import os

    return os.open(path, flags, 0o600)
