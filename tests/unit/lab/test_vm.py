"""The virtual machine."""

from pathlib import Path

from slipway.lab.vm import Files, bootstrap_arguments, qemu_arguments

FORWARDS = {("127.0.0.1", 2290): 22, ("10.212.0.1", 80): 80}


def test_ports_lead_into_the_machine() -> None:
    argv = qemu_arguments(Files(Path("/vm")), accelerated=False, forwards=FORWARDS)
    assert "user,id=n0,hostfwd=tcp:127.0.0.1:2290-:22,hostfwd=tcp:10.212.0.1:80-:80" in argv


def test_kvm_is_used_where_it_works() -> None:
    assert "kvm" in qemu_arguments(Files(Path("/vm")), accelerated=True, forwards={})
    assert "tcg,thread=multi" in qemu_arguments(Files(Path("/vm")), accelerated=False, forwards={})


def test_the_machine_writes_to_a_disk_of_its_own_and_never_to_the_base() -> None:
    argv = qemu_arguments(Files(Path("/vm")), accelerated=False, forwards={})
    assert "file=/vm/disk.qcow2,if=virtio,format=qcow2,cache=unsafe" in argv
    assert not any("base.raw" in argument for argument in argv)


def test_the_machine_has_a_kernel_and_python() -> None:
    include = next(argument for argument in bootstrap_arguments(Path("/root")) if argument.startswith("--include="))
    assert {"linux-image-cloud-amd64", "python3", "openssh-server"} <= set(include.removeprefix("--include=").split(","))
