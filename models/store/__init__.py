"""The register of decisions: tables, one unit of work, reads, writes and the append-only ledger.

`session.open_store(url)` is the way in. Frames come in and go out as polars; no session leaves the room.
"""
