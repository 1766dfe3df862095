"""A pack small enough to break on purpose: files as text, written into a folder."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

REFERENCE = "reference: {instrument: act, article: '1'}, verified: true"

FILES = {
    "pack": "id: small\ntitle: {en: Small, zh: 小}\ncurrency: CNY\ncovers_from: 2024-01-01\n",
    "instruments": "act:\n  title: {en: Act, zh: 法}\n  issuer: us\n  in_force_from: 2024-01-01\n  source: here\n",
    "catalogue": f"""
        late:
          title: {{en: Late, zh: 迟}}
          dimension: duty
          points:
            unit: points
            values:
              2024-01-01: {{value: {{minor: -1, general: -10, serious: -50}}, {REFERENCE}}}
              2025-01-01: {{value: {{minor: -2, general: -20, serious: -60}}, {REFERENCE}}}
        """,
    "scorecard": f"""
        base: {{unit: points, values: {{2024-01-01: {{value: 100, {REFERENCE}}}}}}}
        lowest: {{unit: points, values: {{2024-01-01: {{value: 0, {REFERENCE}}}}}}}
        highest: {{unit: points, values: {{2024-01-01: {{value: 100, {REFERENCE}}}}}}}
        dimensions:
          duty:
            title: {{en: Duty, zh: 义务}}
            worst: {{unit: points, values: {{2024-01-01: {{value: -80, {REFERENCE}}}}}}}
            best: {{unit: points, values: {{2024-01-01: {{value: 0, {REFERENCE}}}}}}}
        """,
    "tiers": f"""
        tiers:
          - id: A
            title: {{en: A, zh: 甲}}
            colour: "#00AA00"
            from_points: {{unit: points, values: {{2024-01-01: {{value: 80, {REFERENCE}}}}}}}
          - id: B
            title: {{en: B, zh: 乙}}
            colour: "#AA0000"
            from_points: {{unit: points, values: {{2024-01-01: {{value: 0, {REFERENCE}}}}}}}
        """,
    "lists": f"""
        bad:
          title: {{en: Bad, zh: 黑}}
          kind: black
          effect: {{unit: rule, values: {{2024-01-01: {{value: {{ceiling: B}}, {REFERENCE}}}}}}}
        """,
    "redress": f"""
        notice_wait: {{unit: days, values: {{2024-01-01: {{value: 30, {REFERENCE}}}}}}}
        objection_effect: {{unit: rule, values: {{2024-01-01: {{value: annotate, {REFERENCE}}}}}}}
        objection_annotate_within: {{unit: working_days, values: {{2024-01-01: {{value: 1, {REFERENCE}}}}}}}
        objection_decide_within: {{unit: working_days, values: {{2024-01-01: {{value: 20, {REFERENCE}}}}}}}
        revocation_withdraw_within: {{unit: working_days, values: {{2024-01-01: {{value: 3, {REFERENCE}}}}}}}
        display:
          unit: days
          values:
            2024-01-01:
              value: {{minor: {{max_days: 90}}, general: {{max_days: 365}}, serious: {{max_days: 1095}}}}
              reference: {{instrument: act, article: '2'}}
              verified: true
        repair_needs: {{unit: text, values: {{2024-01-01: {{value: [corrected], {REFERENCE}}}}}}}
        """,
}


def write_pack(folder: Path, **changes: str | tuple[str, str] | None) -> Path:
    """The small pack in `folder`/small; a file is replaced by text, or changed by (old, new), or left out by None.

    An (old, new) whose old text does not stand in the file is an AssertionError: the test would break nothing.
    """
    pack = folder / "small"
    pack.mkdir()
    for name in [*FILES, *(set(changes) - set(FILES))]:
        change = changes.get(name, "")
        text = dedent(FILES.get(name, ""))
        if change is None:
            continue
        if isinstance(change, tuple):
            assert change[0] in text, f"{change[0]!r} does not stand in {name}.yaml"
            text = text.replace(*change, 1)
        elif change:
            text = dedent(change)
        (pack / f"{name}.yaml").write_text(text, encoding="utf-8")
    return pack
