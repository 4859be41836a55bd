"""Keep a stack's secret values: generations that are never changed, files for one reader each.

`<stack>/<generation>/values.json` holds what a generation's containers were created with; `<uid>/<secret>` beside it is what
a container mounts: bind mounts keep the host's owner and mode, so each consuming user has a file of its own. The folders are
root's alone; only the file's own mode counts inside a container.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from . import files

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one stack in a folder only root reads."""

    folder: Path

    def receive(self, request: str, values: Values) -> None:
        """Keep the values that came with a request until it is run."""
        _own_folder(self.folder)
        files.write(self._incoming(request), json.dumps(dict(values), sort_keys=True), 0o400)

    def received(self, request: str) -> Values:
        """Return the values that came with a request."""
        path = self._incoming(request)
        if not path.is_file():
            raise HostError(f"the secrets of request {request} are gone: {path} is missing", "run the command again")
        return _read(path)

    def drop(self, request: str) -> None:
        """Forget the values that came with a request."""
        files.remove(self._incoming(request))

    def values(self, generation: int) -> Values:
        """Return the values of a generation; generation 0 has none."""
        return _read(self.folder / str(generation) / "values.json") if generation else {}

    def generation_of(self, values: Values) -> int | None:
        """Return the newest generation with exactly these values, 0 for none at all."""
        if not values:
            return 0
        return next((number for number in reversed(self.generations()) if self.values(number) == dict(values)), None)

    def settle(self, values: Values) -> int:
        """Return the generation of these values, made if there is none."""
        known = self.generation_of(values)
        if known is not None:
            return known
        number = max(self.generations(), default=0) + 1
        _own_folder(self.folder / str(number))
        files.write(self.folder / str(number) / "values.json", json.dumps(dict(values), sort_keys=True), 0o400)
        return number

    def write_for(self, generation: int, reader: int, names: Mapping[str, str]) -> None:
        """Write a reader's files: file name -> name of the secret."""
        values = self.values(generation)
        folder = _own_folder(self.folder / str(generation) / str(reader))
        for file_name, secret in names.items():
            files.write(folder / file_name, values[secret], mode_for(reader))
            os.chown(folder / file_name, reader, -1)

    def generations(self) -> list[int]:
        """Return the generations that are kept, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(
            int(path.name) for path in self.folder.iterdir() if path.name.isdigit() and (path / "values.json").is_file()
        )

    def forget_all_but(self, kept: Iterable[int]) -> None:
        """Remove the generations no container can mount any more; the newest stays."""
        keep = {*kept, max(self.generations(), default=0)}
        for number in self.generations():
            if number not in keep:
                shutil.rmtree(self.folder / str(number))

    def _incoming(self, request: str) -> Path:
        return self.folder / f"incoming-{request}.json"


def mode_for(reader: int) -> int:
    """Return the mode of a reader's file: an image that starts as root often reads it after it became somebody else."""
    return 0o400 if reader else 0o444


def _own_folder(path: Path) -> Path:
    files.folder(path.parent, 0o700)
    return files.folder(path, 0o700)


def _read(path: Path) -> Values:
    values: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return values
