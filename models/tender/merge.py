"""Releases of one contracting process → one compiled release, by the merge routine of OCDS 1.1.

null removes, objects merge, lists of objects with id merge by id, everything else replaces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.errors import InputError


def compiled_releases(package: Mapping[str, Any], file: str) -> Iterator[tuple[dict[str, Any], str]]:
    """(compiled release with a tender, JSON pointer of where it stands) per ocid, in the file's order."""
    if "releases" in package:
        yield from _by_ocid(list(_objects(package["releases"], "/releases", file)))
    elif "records" in package:
        for record, here in _objects(package["records"], "/records", file):
            if record.get("compiledRelease"):
                yield from _objects([record["compiledRelease"]], f"{here}/compiledRelease", file, single=True)
            else:
                yield from _by_ocid(list(_objects(record.get("releases") or [], f"{here}/releases", file)))
    else:
        raise InputError(
            "neither a release package nor a record package.",
            file=file,
            rule="ocds",
            remedy="give an OCDS 1.1 package with `releases` or `records`",
        )


def _objects(listed: Any, path: str, file: str, single: bool = False) -> Iterator[tuple[dict[str, Any], str]]:
    """(object, JSON pointer) of every element; InputError where there is no list of objects."""
    for index, found in enumerate(listed if isinstance(listed, list) else [None]):
        here = path if single or not isinstance(listed, list) else f"{path}/{index}"
        if not isinstance(found, dict):
            raise InputError(
                "expected an object.", file=f"{file}#{here}", rule="ocds", remedy="give an OCDS 1.1 package"
            )
        yield found, here


def _by_ocid(releases: list[tuple[dict[str, Any], str]]) -> Iterator[tuple[dict[str, Any], str]]:
    groups: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for release, path in releases:
        groups.setdefault(str(release.get("ocid", path)), []).append((release, path))
    for group in groups.values():
        in_time = sorted(group, key=lambda pair: str(pair[0].get("date", "")))
        if len(in_time) == 1:
            yield in_time[0]
            continue
        merged: dict[str, Any] = {}
        for release, _ in in_time:
            merged = merge(merged, release)
        yield merged, in_time[-1][1]


def merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`new` laid over `old`; neither is changed."""
    result = dict(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merge(result[key], value)
        elif _mergeable(value) and _mergeable(result.get(key)):
            result[key] = _merge_by_id(result[key], value)
        else:
            result[key] = value
    return result


def _mergeable(value: Any) -> bool:
    """A list of objects with ids, which OCDS wants to be texts or whole numbers."""
    named = isinstance(value, list) and all(
        isinstance(v, Mapping) and isinstance(v.get("id"), str | int) for v in value
    )
    return named and bool(value)


def _merge_by_id(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = {item["id"]: item for item in old}
    for item in new:
        found[item["id"]] = merge(found[item["id"]], item) if item["id"] in found else item
    return list(found.values())
