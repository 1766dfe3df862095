"""Windows → frames of a report, with bootstrap intervals (visits resampled inside their window)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from models.backtest.measures import auc, interval
from models.backtest.window import Window, measured


def by_window(windows: Sequence[Window], every: int) -> pl.DataFrame:
    """One row per origin: origin, until (exclusive), visits, found, measures."""
    return pl.DataFrame(
        [
            {
                "origin": w.origin,
                "until": w.origin + timedelta(days=every),
                "visits": len(w.found),
                "found": int(w.found.sum()),
                **measured(w),
            }
            for w in windows
        ]
    )


def totals(windows: Sequence[Window], seed: bytes, resamples: int) -> pl.DataFrame:
    """One row per measure: mean over windows, low, high (95%), worst window (lowest), windows."""
    plain = [measured(w) for w in windows]
    drawn = [[measured(w, pick) for pick in _picks(w, seed, resamples)] for w in windows]
    rows = []
    for name in plain[0]:
        values = np.array([of[name] for of in plain])
        draws = np.array([[of[name] for of in window] for window in drawn])
        low, high = interval(_mean_known(draws)) if resamples else (float("nan"), float("nan"))
        rows.append(
            {
                "measure": name,
                "mean": _mean_of(values),
                "low": low,
                "high": high,
                "worst": float(np.nanmin(values)) if not np.isnan(values).all() else float("nan"),
                "windows": len(windows),
            }
        )
    return pl.DataFrame(rows)


def by_group(
    windows: Sequence[Window],
    kind: Literal["tiers", "regions"],
    seed: bytes,
    resamples: int,
    names: Sequence[str] | None = None,
) -> pl.DataFrame:
    """One row per tier or region over all windows: visits, found, rate, low, high, auc (nan where undefined)."""
    label = np.concatenate([getattr(w, kind) for w in windows])
    found = np.concatenate([w.found for w in windows])
    weights = np.concatenate([w.weights for w in windows])
    risk = np.concatenate([w.score_risk for w in windows])
    rows = []
    for name in names if names is not None else sorted(set(label.tolist())):
        mask = label == name
        rng = _generator(seed, f"{kind}:{name}")
        low, high = interval(_rates(found[mask], weights[mask], rng, resamples))
        rows.append(
            {
                kind[:-1]: name,
                "visits": int(mask.sum()),
                "found": int(found[mask].sum()),
                "rate": _rate(found[mask], weights[mask]),
                "low": low,
                "high": high,
                "auc": auc(risk[mask], found[mask], weights[mask]) if mask.any() else float("nan"),
            }
        )
    return pl.DataFrame(rows)


def _picks(w: Window, seed: bytes, resamples: int) -> npt.NDArray[np.int64]:
    """resamples × visits indices drawn with replacement, the same for the same seed and origin."""
    rng = _generator(seed, w.origin.isoformat())
    return rng.integers(0, max(len(w.found), 1), size=(resamples if len(w.found) else 0, len(w.found)))


def _generator(seed: bytes, name: str) -> np.random.Generator:
    key = hashlib.blake2b(name.encode(), key=seed[:64], digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(key)))


def _rates(
    found: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64], rng: np.random.Generator, resamples: int
) -> npt.NDArray[np.float64]:
    if not len(found) or not resamples:
        return np.array([])
    picks = rng.integers(0, len(found), size=(resamples, len(found)))
    return np.asarray((found * weights)[picks].sum(axis=1) / weights[picks].sum(axis=1))


def _rate(found: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]) -> float:
    return float((found * weights).sum() / weights.sum()) if len(found) else float("nan")


def _mean_of(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _mean_known(draws: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean over windows of each resample; windows without a value are left out."""
    return np.array([_mean_of(draws[:, k]) for k in range(draws.shape[1])])
