"""What `atlas measure` saw: one JSON file a method, fresh only while the code and the record are those that were measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.catalog.hashes import bytes_hash, code_hash, record_hash
from tools.catalog.loader import Catalog
from tools.catalog.schema import Optimizer


def path_of(root: Path, optimizer_id: str) -> Path:
    return root / "catalog" / "measurements" / f"{optimizer_id}.json"


def golden_path(root: Path, optimizer_id: str) -> Path:
    """Where a verified method's golden trajectories lie (`tools.measure.golden`)."""
    return root / "catalog" / "measurements" / "golden" / f"{optimizer_id}.json"


def recorded(catalog: Catalog, optimizer: Optimizer) -> dict[str, Any] | None:
    """The method's measurement as it lies there, or None; whether it still fits is for `fresh` and for the rules to say."""
    path = path_of(catalog.root, optimizer.id)
    if optimizer.implementation is None or not path.exists():
        return None
    try:
        seen = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return seen if isinstance(seen, dict) else None


def fresh(catalog: Catalog, optimizer: Optimizer) -> dict[str, Any] | None:
    """The method's measurement, or None where there is none or it measured something else."""
    if (seen := recorded(catalog, optimizer)) is None:
        return None
    try:
        return None if stale(catalog.root, optimizer, seen) else seen
    except (OSError, ValueError, SyntaxError):
        return None


def stale(root: Path, optimizer: Optimizer, seen: Mapping[str, Any]) -> list[str]:
    """Which of the hashes of a measurement are no longer those of the code and the record. Raises OSError, ValueError or SyntaxError."""
    same_code = seen.get("bytes_hash") == bytes_hash(root, optimizer) or seen.get("code_hash") == code_hash(root, optimizer)
    return ["code_hash"] * (not same_code) + ["record_hash"] * (seen.get("record_hash") != record_hash(optimizer))
