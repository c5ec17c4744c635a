"""Files to records: reads every file of the catalog, validates each, and keeps going after a broken one."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tools.catalog.discrepancies import Discrepancy
from tools.catalog.glossary import Glossary
from tools.catalog.problems import Problem
from tools.catalog.result_table import ResultTable, read_table
from tools.catalog.results import ResultRecord
from tools.catalog.schema import Errata, Optimizer, Paper, Taxonomy
from tools.catalog.statements import Claims, Folklore
from tools.catalog.yaml_reader import MOST_BYTES, Document, read
from tools.catalog.yaml_reader import Path as KeyPath

FOLDERS: dict[str, type[BaseModel]] = {"optimizers": Optimizer, "papers": Paper, "results": ResultRecord, "discrepancies": Discrepancy}
BESIDE = {"results": ".csv", "discrepancies": ".py"}  # what lies beside the records: results' CSVs are read below, examples by a rule
MOST_PROBLEMS = 100
CODES = {
    "bad-arxiv": "an arXiv id of the wrong form",
    "bad-doi": "a DOI of the wrong form",
    "bad-id": "an id or a name of the wrong form",
    "bad-length": "a text or a list that is too short or too long",
    "bad-url": "an address that is not https or has characters that need escaping",
    "bad-value": "a value that the schema refuses",
    "file-name": "a file that is missing, is no plain file, or has a name other than its record's",
    "missing-key": "a required key that is not there",
    "too-many-problems": "further problems of the file are not listed",
    "unknown-key": "a key that the schema does not know",
    "unknown-word": "a word that is not one of the allowed ones",
    "unreadable": "a file that cannot be opened",
    "wrong-type": "a value of the wrong type",
}
SINGLES: dict[str, type[BaseModel]] = {
    "taxonomy": Taxonomy,
    "errata": Errata,
    "glossary": Glossary,
    "claims": Claims,
    "folklore": Folklore,
}
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Source:
    """Where a record was read: its file (relative to the root) and the places of its values."""

    path: str
    document: Document
    text: str

    def problem(
        self, at: KeyPath, code: str, found: str, allowed: str, example: str = "", *, offset: int | None = None, key: bool = False
    ) -> Problem:
        """A problem at the value (or the key) with this path, or at the character `offset` of a text."""
        line, col = self.document.key_place(at) if key else self.document.place(at, offset)
        return Problem(self.path, line, col, code, dotted(at) or "file", found, allowed, example)


@dataclass(frozen=True)
class Catalog:
    """All records that could be read. `stems` names every file, broken ones too, so that one fault does not breed others.

    `broken` holds what is known of files that gave no record, for the rules that look at the text alone.
    """

    root: Path
    optimizers: dict[str, Optimizer] = field(default_factory=dict)
    papers: dict[str, Paper] = field(default_factory=dict)
    taxonomy: Taxonomy | None = None
    errata: Errata | None = None
    glossary: Glossary | None = None
    claims: Claims | None = None
    folklore: Folklore | None = None
    results: dict[str, ResultTable] = field(default_factory=dict)
    discrepancies: dict[str, Discrepancy] = field(default_factory=dict)
    sources: dict[tuple[str, str], Source] = field(default_factory=dict)
    stems: dict[str, frozenset[str]] = field(default_factory=dict)
    broken: dict[tuple[str, str], Source] = field(default_factory=dict)

    def documents(self) -> Iterator[tuple[str, Source]]:
        """Every file that holds a mapping, as (folder or name, source): whole ones and broken ones."""
        for (kind, _), source in [*self.sources.items(), *self.broken.items()]:
            if isinstance(source.document.data, dict):
                yield kind, source

    def source(self, record: Optimizer | Paper) -> Source:
        return self.sources["optimizers", record.id] if isinstance(record, Optimizer) else self.sources["papers", record.key]


def load_methods(root: Path) -> tuple[Catalog, list[Problem]]:
    """As `load_catalog`, with the methods alone."""
    catalog, problems = Catalog(root), list[Problem]()
    catalog.optimizers.update(_read_folder(catalog, "optimizers", problems))
    return catalog, problems


def load_catalog(root: Path, begun: tuple[Catalog, list[Problem]] | None = None) -> tuple[Catalog, list[Problem]]:
    """Read `root/catalog`. Gives what is whole, and a problem for each thing that is not; never raises for a bad file.

    `begun` is what `load_methods` gave, where that was done before; it stays as it is.
    """
    methods, first = begun or load_methods(root)
    problems = [*first]
    catalog = replace(methods, sources={**methods.sources}, stems={**methods.stems}, broken={**methods.broken})
    records: dict[str, Any] = {folder: _read_folder(catalog, folder, problems) for folder in FOLDERS if folder != "optimizers"}
    singles: dict[str, Any] = {}
    for name, model in SINGLES.items():
        path = root / "catalog" / f"{name}.yaml"
        if not path.exists() and not path.is_symlink():
            if name == "taxonomy":
                problems.append(Problem(f"catalog/{name}.yaml", 1, 1, "file-name", "file", "no such file", f"{name}.yaml must exist"))
            continue
        singles[name], source = load_file(path, model, root, problems)
        if source is not None:
            (catalog.broken if singles[name] is None else catalog.sources)[name, name] = source
    below = root / "catalog" / "results"
    tables = {i: read_table(below / f"{i}.csv", root, record, singles.get("glossary")) for i, record in records.pop("results").items()}
    return replace(catalog, results=tables, **records, **singles), problems


def _read_folder(catalog: Catalog, folder: str, problems: list[Problem]) -> dict[str, Any]:
    """The whole records of one folder. Their sources, the names of all files and what is broken go into the catalog."""
    root, records = catalog.root, {}
    files = sorted(p for p in (root / "catalog" / folder).glob("*") if not p.name.startswith("."))
    files = [p for p in files if p.suffix != BESIDE.get(folder)]
    catalog.stems[folder] = frozenset(p.stem for p in files)
    for path in files:
        if path.suffix != ".yaml":
            name, allowed = path.relative_to(root).as_posix(), "here lie <id>.yaml files only"
            problems.append(Problem(name, 1, 1, "file-name", "file", f"a file named {path.name}", allowed, f"{path.stem}.yaml"))
            continue
        record, source = load_file(path, FOLDERS[folder], root, problems)
        if source is None:
            continue
        word = "key" if folder == "papers" else "id"
        data = source.document.data
        identity = data.get(word) if isinstance(data, dict) else None
        if isinstance(identity, str) and identity != path.stem:
            found, allowed = f"{identity!r} in the file {path.name}", f"the {word} is the file's name"
            problems.append(source.problem((word,), "file-name", found, allowed, path.stem))
            record = None
        if record is None:
            catalog.broken[folder, path.stem] = source
        else:
            records[path.stem] = record
            catalog.sources[folder, path.stem] = source
    return records


def load_file(path: Path, model: type[Model], root: Path, problems: list[Problem]) -> tuple[Model | None, Source | None]:
    """Read and validate one file; what is wrong is added to `problems`, and then the record is None.

    The source is None too where nothing could be read. Symbolic links are refused: an entry is not to show what lies elsewhere.
    """
    name = path.relative_to(root).as_posix()
    if path.is_symlink() or not path.is_file():
        what = "a symbolic link" if path.is_symlink() else "a folder or a special file"
        problems.append(Problem(name, 1, 1, "file-name", "file", what, "records are plain files"))
        return None, None
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        problems.append(Problem(name, 1, 1, "unreadable", "file", error.strerror or "an error", "the file must be readable"))
        return None, None
    document = read(raw)
    source = Source(name, document, raw.decode("utf-8", "replace"))
    for fault in document.faults:
        problems.append(
            Problem(name, fault.line, fault.col, fault.code, dotted(fault.path) or "file", fault.found, fault.allowed, fault.example)
        )
    if document.data is None and document.faults:
        return None, source
    if not isinstance(document.data, dict):
        problems.append(source.problem((), "wrong-type", _kind(document.data), "a file holds one mapping of keys to values", "id: adam"))
        return None, source
    try:
        record = model.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        known = {(fault.line, fault.col) for fault in document.faults}
        problems.extend(p for p in _translate(error, model, source) if (p.line, p.col) not in known)
        return None, source
    return (None if document.faults else record), source


def dotted(path: KeyPath) -> str:
    """`("equations", 2, "math")` as `equations[2].math`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@cache
def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON Schema (by alias), for editors and for the words of our messages."""
    return model.model_json_schema()


def _translate(error: ValidationError, model: type[BaseModel], source: Source) -> list[Problem]:
    """Pydantic's errors in our words: one problem a place, with the field's description as what is allowed."""
    found: dict[KeyPath, list[dict[str, Any]]] = {}
    items = error.errors(include_url=False)
    for item in items[:MOST_PROBLEMS]:
        path, missing = _real_path(item["loc"], source.document.data, item["type"] == "missing")
        found.setdefault((*path, item["loc"][-1]) if missing else path, []).append(dict(item))
    # of a union's errors only the deepest places tell what is wrong
    problems = [_problem(path, items, model, source) for path, items in found.items() if not _shadowed(path, items, found)]
    if len(items) > MOST_PROBLEMS:
        problems.append(source.problem((), "too-many-problems", f"{len(items)} problems", f"the first {MOST_PROBLEMS} are listed"))
    return problems


def _shadowed(path: KeyPath, items: list[dict[str, Any]], found: dict[KeyPath, list[dict[str, Any]]]) -> bool:
    return all(i["type"].endswith("_type") for i in items) and any(other[: len(path)] == path and other != path for other in found)


def _real_path(loc: tuple[int | str, ...], data: Any, missing: bool) -> tuple[KeyPath, bool]:
    """The part of Pydantic's location that exists in the data (a union's branch names do not)."""
    path: list[str | int] = []
    for i, part in enumerate(loc):
        if (isinstance(data, dict) and part in data) or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            path.append(part)
            data = data[part]  # type: ignore[index]
        elif missing and i == len(loc) - 1:
            return tuple(path), True
    return tuple(path), False


def _problem(path: KeyPath, items: list[dict[str, Any]], model: type[BaseModel], source: Source) -> Problem:
    kinds = {i["type"] for i in items}
    first = items[0]
    schema = _schema_at(path, model)
    allowed, example = _allowed(schema), _example(schema)
    last = path[-1] if path else ""
    if "missing" in kinds:
        return source.problem(
            path[:-1], "missing-key", f"no key {last!r}", f"it is required: {allowed}", f"{last}: {example}" if example else ""
        )
    if kinds == {"extra_forbidden"}:
        known = sorted(_properties(_schema_at(path[:-1], model)))
        near = difflib.get_close_matches(str(last), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "the keys here are " + ", ".join(known)
        return source.problem(path, "unknown-key", f"the key {last!r}", hint, near[0] if near else "", key=True)
    if first["type"] == "value_error":
        return source.problem(path, "bad-value", _show(path, source), str(first["ctx"]["error"]), example)
    if "finite_number" in kinds:
        return source.problem(path, "bad-value", _show(path, source), "numbers are finite", example)
    return source.problem(path, _code(kinds, last, path), _show(path, source), allowed, example)


def _code(kinds: set[str], last: str | int, path: KeyPath) -> str:
    if kinds & {"string_pattern_mismatch"}:
        by_field = {"url": "bad-url", "code": "bad-url", "source": "bad-url", "doi": "bad-doi"}
        if path[-2:] == ("arxiv", "id"):
            return "bad-arxiv"
        return by_field.get(str(last), "bad-id")
    if kinds & {"enum", "literal_error"}:
        return "unknown-word"
    if any(k.endswith(("_type", "_parsing")) or k in ("is_instance_of", "int_from_float") for k in kinds):
        return "wrong-type"
    if any(k.endswith(("too_short", "too_long")) for k in kinds):
        return "bad-length"
    return "bad-value"


def _show(path: KeyPath, source: Source) -> str:
    data = source.document.data
    for part in path:
        data = data[part]
    if path in source.document.typed and not isinstance(data, str):
        return f"{_kind(data)} {source.document.typed[path] or 'null'}".strip()
    if isinstance(data, str):
        return f"{data[:60]!r}{'...' if len(data) > 60 else ''}"
    return _kind(data)


def _kind(data: Any) -> str:
    kinds = {bool: "the truth value", int: "the number", float: "the number", dict: "a mapping", list: "a list", type(None): "nothing"}
    return kinds.get(type(data), "a text")


def _schema_at(path: KeyPath, model: type[BaseModel]) -> dict[str, Any]:
    whole = json_schema(model)
    here: dict[str, Any] = whole
    for part in path:
        for option in _options(here, whole):
            step = option.get("items") if isinstance(part, int) else option.get("properties", {}).get(part)
            if isinstance(part, int) and step is None and option.get("prefixItems"):
                step = option["prefixItems"][0]
            if step is None and isinstance(option.get("additionalProperties"), dict):
                step = option["additionalProperties"]
            if step is not None:
                here = {**step, "$whole": whole}
                break
        else:
            return {"$whole": whole}
    return {**here, "$whole": whole}


def _options(schema: dict[str, Any], whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The schema itself, what it refers to, and the branches of a union."""
    result = [schema]
    for inner in [*schema.get("anyOf", ()), *([{"$ref": schema["$ref"]}] if "$ref" in schema else ())]:
        if "$ref" in inner:
            inner = whole["$defs"][inner["$ref"].rsplit("/", 1)[1]]
        result += _options(inner, whole)
    return result


def _properties(schema: dict[str, Any]) -> set[str]:
    return {name for option in _options(schema, schema["$whole"]) for name in option.get("properties", ())}


def _allowed(schema: dict[str, Any]) -> str:
    options = _options(schema, schema["$whole"])
    parts: list[str] = []
    for option in options:
        if "enum" in option:
            parts.append("one of " + ", ".join(map(str, option["enum"])))
        elif "description" in option and (not option.get("properties") or not parts):
            parts.append(option["description"].split("\n")[0].rstrip("."))
            if "minimum" in option:
                parts[-1] += f" ({_type_words(option)})"
        elif "const" in option:
            parts.append(str(option["const"]))
        elif "type" in option and "description" not in option:
            parts.append(_type_words(option))
    unique = list(dict.fromkeys(parts))
    return "allowed is " + " or ".join(unique) if unique else "see the schema"


def _type_words(option: dict[str, Any]) -> str:
    words = {
        "string": "a text",
        "number": "a number",
        "integer": "a whole number",
        "array": "a list",
        "object": "a mapping",
        "boolean": "true or false",
    }
    text = words.get(option["type"], option["type"])
    limits = [
        f"{word} {option[key]}"
        for key, word in {
            "minimum": "at least",
            "maximum": "at most",
            "exclusiveMinimum": "above",
            "minItems": "at least",
            "minLength": "of at least",
        }.items()
        if key in option
    ]
    return " ".join([text, *limits])


def _example(schema: dict[str, Any]) -> str:
    for option in _options(schema, schema["$whole"]):
        if examples := option.get("examples"):
            return json.dumps(examples[0], ensure_ascii=False)
    return ""
