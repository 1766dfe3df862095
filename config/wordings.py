"""How tender documents word things: no law, only what their readers have to know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Negations(BaseModel):
    """Words by which a text says that an attribute is *not* looked at; Chinese and English side by side.

    before: right before the attribute; after: right after it; beside: what may stand between the two; joins: what may
    stand between two attributes of one list; never: phrases that only look like a negation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
