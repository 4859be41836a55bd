import io
import subprocess
import sys
import tarfile
from pathlib import Path

from slipway import engine_archive

ROOT = Path(__file__).resolve().parents[2]


def test_the_same_tree_gives_the_same_version() -> None:
    assert engine_archive.pack(ROOT).version == engine_archive.pack(ROOT).version


def test_another_content_gives_another_version(tmp_path: Path) -> None:
    for name in engine_archive.names(ROOT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    assert engine_archive.pack(tmp_path).version == engine_archive.pack(ROOT).version
    (tmp_path / "nginx/site.conf.j2").write_text("other")
    assert engine_archive.pack(tmp_path).version != engine_archive.pack(ROOT).version


def test_the_archive_holds_all_the_engine_imports(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(engine_archive.pack(ROOT).content)) as tar:
        tar.extractall(tmp_path, filter="data")
    program = "import sys; sys.path.insert(0, sys.argv[1]); from slipway.host.commands import main; main(['--help'])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert "The engine of this host" in done.stdout, done.stderr
