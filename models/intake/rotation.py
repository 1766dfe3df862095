"""Carrying the keys of persons over to a new secret.

Stored keys cannot be turned into new ones: that is what the secret is for. The sources are read again, and each
person's old and new key stand side by side, so that stored links can follow in one transaction.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from config.source_forms import Format, Source
from models.identity import normalised, rekeyed
from models.intake.columns import Run, origins
from models.intake.delivery import Delivery


def rekey(source: Source, data: Path, run: Run, new: bytes) -> pl.DataFrame:
    """`old_key`, `new_key` of every person in the source's files; `run.secret` is the old secret.

    One row per person and namespace. Raises InputError like intake, and ValueError where two persons would get
    one key (a secret of too few bytes).
    """
    delivery = Delivery(source, Path(data), run)
    found: dict[str, set[str]] = {}
    with delivery.open:
        for table in source.tables:
            persons = {name: form.person for name, form in table.columns.items() if form.person is not None}
            if not persons or table.format is Format.register:
                continue
            for frame in delivery.shaped(table):
                texts = origins(frame, table)
                for name, namespace in persons.items():
                    column = texts.select(normalised(pl.col(name))).to_series()
                    found.setdefault(namespace, set()).update(column.drop_nulls().to_list())
    parts = [rekeyed(raw, run.secret, new, namespace) for namespace, raw in sorted(found.items())]
    table_of_keys = pl.concat(parts) if parts else rekeyed((), run.secret, new, "")
    if table_of_keys["new_key"].n_unique() != table_of_keys.height:
        raise ValueError("Expected as many new keys as persons")
    return table_of_keys.sort("old_key")
