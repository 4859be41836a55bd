"""Programs of ours that a host runs from standard input: whole, and with nothing left behind."""

import io
import json
import subprocess
import sys
import zipfile

import pytest

from slipway import file_set, host_probe
from slipway.host_program import command, packed, sent

PROGRAMS = {"host_files": file_set.PROGRAM, "host_probe": host_probe.PROGRAM}


@pytest.mark.parametrize("main", PROGRAMS)
def test_a_program_needs_nothing_that_it_does_not_carry(main: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(packed(main, PROGRAMS[main])))
    carried = {name.removeprefix("slipway/").removesuffix(".py") for name in archive.namelist()}
    wanted = {
        name.strip()
        for file in archive.namelist()
        for line in archive.read(file).decode().splitlines()
        if line.startswith("from .")
        for name in (line.split(" import ")[1].split(",") if line.startswith("from . ") else [line.split()[1].removeprefix(".")])
    }
    assert wanted <= carried
    assert main in carried


def test_a_host_runs_it_from_standard_input_and_its_main_reads_the_rest() -> None:
    text = sent(packed("host_files", file_set.PROGRAM), b"no request")
    argv = ["sh", "-c", command("host_files", sys.executable)]
    done = subprocess.run(argv, input=text, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"host_files" not in done.stdout
    assert b"zlib.error" in done.stderr or b"become" in json.loads(done.stdout)["refused"].encode()
