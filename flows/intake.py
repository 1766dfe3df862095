"""Step 1: the agencies' files → accepted tables, refused rows, hashes of the files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.discreet import discreet
from flows.feedback import OVERRIDES, feedback, hashes, laid_over
from flows.results import tables as tables  # the accepted tables: what every later step reads
from flows.retries import IO
from flows.run import RunContext
from flows.steps import once, read_json, write_json
from models.intake import file_hashes, intake, load_source, own_policy
from models.store.canonical import json_digest


def input_hashes(context: RunContext) -> dict[str, str]:
    """sha256 by name of everything that is read: the source's files and the source itself, tenders, and what people
    fed back; names the run."""
    return file_hashes(load_source(context.source), context.data) | _beside(context) | hashes(feedback(context))


def tender_files(context: RunContext) -> list[Path]:
    """The OCDS packages of the input, by name; none where the folder holds no `tenders/`."""
    return sorted((context.data / "tenders").glob("*.json"))


def _beside(context: RunContext) -> dict[str, str]:
    """What is read beside the registers: how the source is to be read, the pack it was written for, and the tenders."""
    source = load_source(context.source)
    tenders = {f"tenders/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in tender_files(context)}
    own = own_policy(source, context.policy)
    known = {f"policy:{own.pack}": own.digest} if own else {}
    return {f"source:{source.id}": json_digest(source.model_dump(mode="json"))} | known | tenders


@task(name="intake", cache_policy=NO_CACHE, **IO)
@discreet
def take_in(context: RunContext, folder: Path) -> dict[str, int]:
    """Read, check and split the source's files into `folder`; returns rows by table, `rejected` among them."""

    def make(draft: Path) -> None:
        source = load_source(context.source)
        result = intake(
            source,
            context.data,
            secret=context.settings.secret(),
            policy=context.policy,
            as_of=context.as_of,
            own=own_policy(source, context.policy),
        )
        fed = feedback(context)
        taken = laid_over(result.tables, fed)
        for name, frame in taken.items():
            frame.write_parquet(draft / f"{name}.parquet")
        overrides = fed.get("overrides", OVERRIDES.to_frame())
        write_json(draft / "overrides.json", overrides.to_dicts())
        result.rejected.write_parquet(draft / "rejected.parquet")
        counts = {name: frame.height for name, frame in taken.items()}
        files = [
            {"name": f.name, "sha256": f.sha256, "rows": f.rows, "accepted": f.accepted, "rejected": f.rejected}
            for f in result.files
        ]
        rows = {f"register:{name}": frame.height for name, frame in fed.items()}
        for name, sha in (_beside(context) | hashes(fed)).items():
            count = rows.get(name, 0)
            files.append({"name": name, "sha256": sha, "rows": count, "accepted": count, "rejected": 0})
        write_json(draft / "intake.json", {"counts": counts | {"rejected": result.rejected.height}, "files": files})

    once(folder, make)
    return dict(read_json(folder / "intake.json")["counts"])


def rejected(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / "rejected.parquet")


def overrides(folder: Path) -> pl.DataFrame:
    """flows.feedback.OVERRIDES known to a finished intake."""
    return pl.DataFrame(read_json(folder / "overrides.json"), schema=OVERRIDES)
