"""What a task on some worker is told: where lake and ratings lie and by which law. Addresses and names, no rows."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from config.errors import PolicyError
from config.in_force import Policy
from config.policy import load_policy
from models.intake.bucket import Place
from models.intake.lake import Lake, known_lake
from models.rating.rubric import Rubric, compile_rubric

Task = Callable[[int], int]  # number of a shard → a count
Mapper = Callable[[Task, Sequence[int]], list[int]]  # a task over shards, counts in the order of the shards


def threads(workers: int) -> Mapper:
    """Over so many threads of this process; one after the other for 1."""

    def over(task: Task, shards: Sequence[int]) -> list[int]:
        if workers <= 1:
            return [task(number) for number in shards]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(task, shards))

    return over


@dataclass(frozen=True, eq=False)
class GivenLaw:
    """A policy that travels with the errand: within one process, and in tests."""

    policy: Policy

    def __call__(self) -> Policy:
        return self.policy


@dataclass(frozen=True)
class NamedLaw:
    """A policy by its name: every worker reads its own copy of the pack and compares the digest."""

    pack: str
    scenario: Path | None
    as_of: date
    digest: str

    def __call__(self) -> Policy:
        """PolicyError where this machine lacks the pack or has another version of it."""
        remedy = "install the same version of evenhand, its packs and scenarios on every worker"
        host = socket.gethostname()
        try:
            policy = load_policy(self.pack, self.scenario).at(self.as_of)
        except (PolicyError, OSError) as error:
            raise PolicyError(f"worker on {host} cannot load pack {self.pack}: {error}.", remedy=remedy) from error
        if policy.digest != self.digest:
            found = f"{policy.digest[:12]} instead of {self.digest[:12]}"
            raise PolicyError(f"worker on {host} has another version of pack {self.pack}: {found}.", remedy=remedy)
        return policy


@dataclass(frozen=True)
class Errand:
    """Told to every task of a rating; a few hundred bytes, whatever the lake."""

    lake: Place
    generation: str
    out: Place  # folder of the rated files, to which all workers have access
    law: GivenLaw | NamedLaw
    history: bool = False  # whether out/working/history.parquet is there
    digests: bool = False  # compare files on a disk with their digests before they are used

    def opened(self) -> tuple[Lake, Rubric]:
        """The lake and the compiled law, made once per process."""
        return _opened(self.lake, self.generation, self.law)


@lru_cache(maxsize=4)
def _opened(root: Place, generation: str, law: GivenLaw | NamedLaw) -> tuple[Lake, Rubric]:
    lake = known_lake(root, generation)
    return lake, compile_rubric(law(), lake.codes.items)
