"""The files that are made from the model, the roles and the tests, by their place in the repository."""

import json
from collections.abc import Mapping
from pathlib import Path

from .. import features
from . import json_schema, pages, role_pages, roles


def files(root: Path) -> Mapping[str, str]:
    """Return the text of every generated file."""
    return {
        "docs/reference/stack-file.md": pages.stack_file(),
        "docs/reference/inventory.md": pages.inventory(),
        "schema/stack-file.schema.json": _json(json_schema.stack_file()),
        "schema/inventory.schema.json": _json(json_schema.inventory()),
        **role_pages.pages(roles.read_roles(root)),
        features.PAGE.as_posix(): features.page(features.proofs(root)),
    }


def stale(root: Path) -> list[str]:
    """Return the files that are not what they would be made to be now."""
    return [name for name, text in files(root).items() if not (root / name).is_file() or (root / name).read_text() != text]


def write(root: Path) -> None:
    """Write every file that is out of date."""
    texts = files(root)
    for name in stale(root):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(texts[name], encoding="utf-8")


def _json(schema: json_schema.Schema) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
