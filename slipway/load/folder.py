"""Files of the stack's folder that containers see: read as text, bounded, never from outside of the folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as File

LARGEST_FILE = 256 << 10
LARGEST_FOLDER = 1 << 20
MOST_FILES = 500
OWNER_MAY_RUN = 0o100


@dataclass(frozen=True, slots=True)
class Shipped:
    """Files that travel with a stack: path below its folder -> text, and which of them are programs."""

    texts: dict[str, str] = field(default_factory=dict)
    programs: set[str] = field(default_factory=set)

    def add(self, other: "Shipped") -> None:
        """Take in the files of another mount."""
        self.texts.update(other.texts)
        self.programs.update(other.programs)


class NotShipped(Exception):
    """A bind mount cannot be shipped with a release: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep both for the fault."""
        super().__init__(message)
        self.message, self.hint = message, hint


def read_below(folder: File, relative: str) -> Shipped:
    """Return a file, or all files of a folder, below the stack's folder.

    Raises NotShipped with the reason where something cannot be shipped.
    """
    try:
        return _read(folder.resolve(), folder.resolve() / relative, relative)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its path leads nowhere"
        raise NotShipped(f"`{relative}` cannot be read: {reason}", "check the files") from None


def _read(home: File, target: File, relative: str) -> Shipped:
    if not target.exists():
        raise NotShipped(f"`{relative}` does not exist beside the stack file", "create it, or mend the path")
    if not target.resolve().is_relative_to(home):
        raise NotShipped(f"`{relative}` leads out of the stack's folder", "copy the files into the folder")
    found = Shipped()
    size = 0
    for file in _files(target, home):
        name, text = file.relative_to(home).as_posix(), _text(file, file.relative_to(home), home)
        size += len(text)
        found.texts[name] = text
        if file.stat().st_mode & OWNER_MAY_RUN:
            found.programs.add(name)
        if size > LARGEST_FOLDER or len(found.texts) > MOST_FILES:
            raise NotShipped(f"`{relative}` holds more than 1 MiB or {MOST_FILES} files", "put data into the image or a volume")
    return found


def _files(target: File, home: File) -> Iterator[File]:
    if not target.is_dir():
        yield target
        return
    for entry in sorted(target.iterdir()):
        if entry.is_symlink() and entry.is_dir():
            raise NotShipped(f"`{entry.relative_to(home)}` is a linked folder", "copy it")
        yield from _files(entry, home)


def _text(file: File, name: File, home: File) -> str:
    if not file.resolve().is_relative_to(home):
        raise NotShipped(f"`{name}` leads out of the stack's folder", "copy the file into the folder")
    if not file.is_file():
        raise NotShipped(f"`{name}` is no file", "only text files are shipped")
    with file.open("rb") as stream:
        data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise NotShipped(f"`{name}` is larger than 256 KiB", "put data into the image or a volume")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NotShipped(f"`{name}` is not UTF-8 text", "put binary files into the image") from None
