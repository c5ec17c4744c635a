"""The ledger's examples, run on the installed versions: how large each difference is."""

from __future__ import annotations

import datetime
import math
import platform
import sys
import warnings
from collections.abc import Callable
from importlib import metadata
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tools.catalog.discrepancies import Discrepancy, example_hash, example_path


class ExampleError(Exception):
    """An example that does not run or gives no effect."""


def load_example(path: Path) -> Callable[[], Any]:
    """The function `effect` of an example's file. Raises ExampleError."""
    name = f"ledger_{path.stem.replace('-', '_')}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # classes that examples define are looked up there
    writing, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spec.loader.exec_module(module)
    except Exception as error:
        raise ExampleError(f"{path.name}: {type(error).__name__}: {error}") from error
    finally:
        sys.dont_write_bytecode = writing
    effect: Callable[[], Any] = module.effect
    return effect


def run_example(path: Path) -> float:
    """The effect of one example, which is the same at a second call. Raises ExampleError."""
    effect = load_example(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first, second = float(effect()), float(effect())
    except Exception as error:
        raise ExampleError(f"{path.name}: {type(error).__name__}: {error}") from error
    finally:
        torch.set_default_dtype(torch.float32)
    if not (math.isfinite(first) and first >= 0):
        raise ExampleError(f"{path.name}: an effect is a finite number and not negative; it is {first}")
    if first != second:
        raise ExampleError(f"{path.name}: an effect is the same each time; it is {first}, then {second}")
    return first


def version(package: str) -> str:
    """The installed version, without the build's own suffix. Raises ExampleError."""
    try:
        return metadata.version(package).partition("+")[0]
    except metadata.PackageNotFoundError:
        raise ExampleError(f"{package} is not installed here") from None


def measure_example(root: Path, record: Discrepancy) -> dict[str, Any]:
    """What is written of one record that has an example. Raises ExampleError."""
    package = record.reproduction.package
    assert package is not None, f"{record.id} has no example"
    path = example_path(root, record.id)
    return {
        "id": record.id,
        "package": package,
        "version": version(package),
        "effect": run_example(path),
        "example_hash": example_hash(path.read_bytes()),
        "measured_on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {"python": platform.python_version(), "torch": version("torch"), "numpy": np.__version__},
    }
