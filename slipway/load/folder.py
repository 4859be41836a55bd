"""Files of the stack's folder that containers see: read as text, bounded, never from outside of the folder."""

from collections.abc import Iterator
from pathlib import Path as File

LARGEST_FILE = 256 << 10
LARGEST_FOLDER = 1 << 20
MOST_FILES = 500


class NotShipped(Exception):
    """A bind mount cannot be shipped with a release: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep both for the fault."""
        super().__init__(message)
        self.message, self.hint = message, hint


def read_below(folder: File, relative: str) -> dict[str, str]:
    """Return relative path -> text of a file, or of all files of a folder, below the stack's folder."""
    target, home = (folder / relative).resolve(), folder.resolve()
    if not target.exists():
        raise NotShipped(f"`{relative}` does not exist beside the stack file", "create it, or mend the path")
    found: dict[str, str] = {}
    for file in _files(target, home):
        found[str(file.relative_to(home))] = _text(file, home)
        if sum(map(len, found.values())) > LARGEST_FOLDER or len(found) > MOST_FILES:
            raise NotShipped(f"`{relative}` holds more than 1 MiB or {MOST_FILES} files", "put data into the image or a volume")
    return found


def _files(target: File, home: File) -> Iterator[File]:
    if target.is_dir():
        for entry in sorted(target.iterdir()):
            yield from _files(entry, home)
    else:
        yield target


def _text(file: File, home: File) -> str:
    name = file.relative_to(home)
    if not file.resolve().is_relative_to(home):
        raise NotShipped(f"`{name}` leads out of the stack's folder", "copy the file into the folder")
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise NotShipped(f"`{name}` is larger than 256 KiB", "put data into the image or a volume")
        return data.decode()
    except UnicodeDecodeError:
        raise NotShipped(f"`{name}` is not UTF-8 text", "put binary files into the image") from None
    except OSError as error:
        raise NotShipped(f"`{name}` cannot be read: {error.strerror or error}", "check the file") from None
