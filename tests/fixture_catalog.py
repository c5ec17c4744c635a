"""Small catalogs for tests: a base of three methods, and fixtures that change a few lines of it.

A fixture is a text file of commands, each followed by its lines:

    edit PATH           `- old` lines (they must stand in the file exactly once), then `+ new` lines; several pairs may follow
    file PATH           `+` lines: a new file (or one that replaces another)
    bytes PATH          one `+` line: a Python bytes literal
    copy PATH TO        a file of the base under a second name
    remove PATH         delete it
    folder PATH         an empty folder
    link PATH TARGET    a symbolic link
    expect PATH:LINE:COL [CODE]

A problem is expected at each `▶` in a new text (the mark itself is taken out) and at each `expect`. `<U+200B>` is that character.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

HERE = Path(__file__).parent
BASE = HERE / "fixtures" / "base"
RULES = HERE / "fixtures" / "rules"
MARK = "▶"
Place = tuple[str, int, int, str]


def base(root: Path) -> Path:
    """A faultless catalog below `root`."""
    return shutil.copytree(BASE, root, dirs_exist_ok=True)


def measure(root: Path, *ids: str) -> None:
    """Measurements that fit the methods `ids` as they stand below `root`."""
    from tools.catalog.hashes import code_hash, record_hash
    from tools.catalog.loader import load_catalog
    from tools.catalog.measurements import verdict

    catalog, _ = load_catalog(root)
    folder = root / "catalog" / "measurements"
    folder.mkdir(exist_ok=True)
    for id_ in ids:
        method = catalog.optimizers[id_]
        seen = {"difference": 0.0, "tolerance": 1e-10, "settings": 1, "verdict": "agrees"}
        data = {
            "code_hash": code_hash(root, method),
            "record_hash": record_hash(method),
            "bytes_hash": "",
            "id": id_,
            "measured_on": "2025-01-31",
            "versions": {},
            "equations": seen,
            "peers": [
                {**seen, "object": p.object, "version": "1.0", "tolerance": p.tolerance, "from_equations": 0.0}
                for p in (method.implementation.peers if method.implementation else ())
            ],
            "reductions": [
                {"becomes": r.becomes, "number": i, "tolerance": r.tolerance, "difference": 0.0, "holds": True, "settings": 1}
                for i, r in enumerate(method.reductions)
            ],
            "invariances": dict.fromkeys(method.invariances, 0.0),
            "evaluations": {"gradient": 1.0},
            **{key: {"matrix": 4.0} for key in ("memory", "temporary")},
            **{key: {} for key in ("tensors", "non_finite")},
            "faults": [],
        }
        data["verdict"] = verdict(data)
        (folder / f"{id_}.json").write_text(json.dumps(data, indent=2))


def apply(fixture: Path, root: Path) -> set[Place]:
    """Change the catalog below `root` as the fixture says; gives the expected problems as (path, line, column, code)."""
    code, expected, marked = fixture.parent.name, set(), set()
    for command, words, body in _commands(fixture.read_text(encoding="utf-8")):
        path = root / words[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        if command == "edit":
            assert body, f"{fixture}: an edit without lines"
            for old, new in body:
                text = path.read_bytes().decode()
                assert text.count(old) == 1, f"{fixture}: {old!r} stands {text.count(old)} times in {words[0]}"
                path.write_bytes(text.replace(old, new).encode())
        elif command == "file":
            path.write_bytes("".join(f"{new}\n" for _, new in body).encode())
        elif command == "bytes":
            path.write_bytes(eval(body[0][1], {"__builtins__": {"bytes": bytes, "range": range}}))  # our own literals, such as b"x" * 9
        elif command == "copy":
            (root / words[1]).write_bytes(path.read_bytes())
        elif command == "remove":
            path.unlink()
        elif command == "folder":
            path.mkdir()
        elif command == "link":
            path.symlink_to(words[1])
        elif command == "expect":
            found = re.fullmatch(r"(.+):(\d+):(\d+)", words[0])
            assert found, f"{fixture}: {words[0]!r} is no place"
            expected.add((found[1], int(found[2]), int(found[3]), words[1] if len(words) > 1 else code))
        else:
            raise AssertionError(f"{fixture}: no command {command!r}")
        if command in ("edit", "file"):
            marked.add(words[0])
    for name in filter(lambda name: (root / name).is_file(), marked):
        text = (root / name).read_bytes().decode()
        while (at := text.find(MARK)) >= 0:
            expected.add((name, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), code))
            text = text[:at] + text[at + 1 :]
        (root / name).write_bytes(text.encode())
    return expected


def _commands(text: str) -> list[tuple[str, list[str], list[tuple[str, str]]]]:
    """(command, its words, its (old, new) pairs); `file` and `bytes` have pairs with an empty old."""
    result: list[tuple[str, list[str], list[tuple[str, str]]]] = []
    old: list[str] = []
    new: list[str] = []

    def flush() -> None:
        if old and result:
            result[-1][2].append(("\n".join(old), "\n".join(new)))
        old.clear(), new.clear()

    for line in text.split("\n"):
        if line.startswith("- "):
            if new:
                flush()
            old.append(_spelled(line[2:]))
        elif line.startswith("+") and old:
            new.append(_spelled(line[2:]))
        elif line.startswith("+"):
            result[-1][2].append(("", _spelled(line[2:])))
        elif line and not line.startswith("#"):
            flush()
            command, *words = line.split(" ")
            result.append((command, [_spelled(w) for w in words], []))
    flush()
    return result


def _spelled(text: str) -> str:
    return re.sub(r"<U\+([0-9A-F]{4,6})>", lambda m: chr(int(m[1], 16)), text)


__all__ = ["BASE", "RULES", "apply", "base", "measure"]
