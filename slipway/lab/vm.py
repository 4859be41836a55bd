"""One real virtual machine under QEMU: its own kernel, cgroup v2, AppArmor, true reboots. Slow without KVM: for whole sweeps."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import HostError
from . import command
from .content import content_hash, files_of
from .engine import as_root, install_packages, running_engine
from .images import EXTRA_CERTIFICATES, OWN_IMAGES
from .names import GATEWAY, LOOPBACK
from .network import ensure_network
from .progress import Progress, Say
from .services import wait_until
from .state_folder import folder, lock, public_key, remember_host, write_whole

NAME = "vm"
SSH_PORT, HTTP_PORT, HTTPS_PORT = 2290, 2280, 2243
BOOT_SECONDS = 300
KVM_FIRST_WORD_SECONDS = 15
DISK_BYTES = 20 * 1024**3
MEMORY_MB = 3072
KVM = Path("/dev/kvm")
TOOLS = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"}
PACKAGES = (
    *(
        "linux-image-cloud-amd64",
        "initramfs-tools",
        "kmod",
        "udev",
        "systemd",
        "systemd-sysv",
        "systemd-resolved",
        "dbus",
        "apparmor",
    ),
    *("libpam-systemd", "openssh-server", "python3", "python3-apt", "sudo", "iproute2", "ca-certificates", "curl", "netbase"),
)


@dataclass(frozen=True, slots=True)
class Files:
    """Where the machine keeps what it is made of."""

    folder: Path

    @property
    def base(self) -> Path:
        """Return the disk as it was built; never written again."""
        return self.folder / "base.raw"

    @property
    def disk(self) -> Path:
        """Return what this machine has written since it was made."""
        return self.folder / "disk.qcow2"

    @property
    def kernel(self) -> Path:
        """Return the kernel it boots."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """Return the initial file system of its kernel."""
        return self.folder / "initrd"

    @property
    def pid(self) -> Path:
        """Return the file with the process id of a running machine."""
        return self.folder / "pid"

    @property
    def serial(self) -> Path:
        """Return what it writes to its console."""
        return self.folder / "serial.log"

    @property
    def host_keys(self) -> Path:
        """Return the public keys of its sshd."""
        return self.folder / "host_keys"

    @property
    def content(self) -> Path:
        """Return the file with the hash of what the base was built from."""
        return self.folder / "content"


def build(say: Say) -> None:
    """Make the base disk, unless one of the same content is there."""
    progress, files = Progress(say), _files()
    with lock("vm", say):
        content = _content()
        if files.content.exists() and files.content.read_text() == content:
            return
        if _running(files):
            raise HostError("the virtual machine runs on the disk that has to be made again", "end it with `scripts/lab vm down`")
        _install_tools(progress)
        with progress.step("make the disk of the virtual machine"):
            _make_base(files, progress)
        files.disk.unlink(missing_ok=True)
        write_whole(files.content, content.encode())


def up(say: Say) -> None:
    """Boot the machine, on the disk it had or on a fresh one, and wait until its sshd answers."""
    build(say)
    progress, files = Progress(say), _files()
    with lock("vm", say):
        ensure_network(running_engine(progress), progress)
        remember_host((f"[{LOOPBACK}]:{SSH_PORT}",), files.host_keys.read_text().splitlines())
        if not _running(files):
            _boot(files, progress)
    say(f"          vm is up: ssh port {SSH_PORT}, http {HTTP_PORT}, https {HTTPS_PORT}")


def kill(say: Say) -> None:
    """Cut the machine's power; `up` boots it again from the disk it had."""
    files = _files()
    with lock("vm", say), Progress(say).step("cut power of vm"):
        _end(files, signal.SIGKILL)


def down(say: Say) -> None:
    """End the machine and forget what it has written."""
    files = _files()
    with lock("vm", say):
        _end(files, signal.SIGTERM)
        files.disk.unlink(missing_ok=True)


def qemu_arguments(files: Files, *, accelerated: bool, forwards: Mapping[tuple[str, int], int]) -> tuple[str, ...]:
    """Return the command that boots the machine. Pure."""
    ports = "".join(f",hostfwd=tcp:{address}:{outer}-:{inner}" for (address, outer), inner in forwards.items())
    speed = ("-accel", "kvm", "-cpu", "host") if accelerated else ("-accel", "tcg,thread=multi", "-cpu", "max")
    return (
        "qemu-system-x86_64",
        *speed,
        *("-smp", "2", "-m", str(MEMORY_MB), "-kernel", str(files.kernel), "-initrd", str(files.initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0"),
        *("-drive", f"file={files.disk},if=virtio,format=qcow2,cache=unsafe"),
        *("-netdev", f"user,id=n0{ports}", "-device", "virtio-net-pci,netdev=n0"),
        *("-display", "none", "-serial", f"file:{files.serial}", "-pidfile", str(files.pid), "-daemonize"),
    )


def bootstrap_arguments(root: Path) -> tuple[str, ...]:
    """Return the command that makes the machine's root folder. Pure."""
    include = f"--include={','.join(PACKAGES)}"
    return (
        "mmdebstrap",
        "--mode=root",
        "--variant=minbase",
        include,
        f"--customize-hook={OWN_IMAGES / 'vm/customize'}",
        "trixie",
        str(root),
    )


def _files() -> Files:
    place = folder() / "vm"
    place.mkdir(exist_ok=True)
    return Files(place)


def _content() -> str:
    certificates = {f"ca-certificates/{path.name}": path for path in EXTRA_CERTIFICATES.glob("*.crt")}
    settings = {"packages": PACKAGES, "key": public_key(), "bytes": DISK_BYTES}
    return content_hash(files_of(OWN_IMAGES / "vm") | certificates, settings)


def _install_tools(progress: Progress) -> None:
    sbin = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if missing := [package for tool, package in TOOLS.items() if not shutil.which(tool, path=sbin)]:
        with progress.step(f"install {', '.join(missing)}"):
            install_packages(tuple(missing), progress)


def _make_base(files: Files, progress: Progress) -> None:
    root = files.folder / "root"
    command.follow((*as_root(), "rm", "-rf", str(root)), progress.note)
    settings = (f"LAB_SSH_KEY={public_key()}", f"LAB_CERTIFICATES={EXTRA_CERTIFICATES}")
    command.follow((*as_root(), "env", *settings, *bootstrap_arguments(root)), progress.note)
    for pattern, target in (("vmlinuz-*", files.kernel), ("initrd.img-*", files.initrd)):
        shutil.copyfile(next((root / "boot").glob(pattern)), target)
    write_whole(files.host_keys, b"".join(path.read_bytes() for path in sorted((root / "etc/ssh").glob("ssh_host_*_key.pub"))))
    files.base.unlink(missing_ok=True)
    files.base.touch()
    os.truncate(files.base, DISK_BYTES)
    progress.note("writing the file system")
    command.follow((*as_root(), "/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(files.base)), progress.note)
    command.follow((*as_root(), "rm", "-rf", str(root)), progress.note)


def _boot(files: Files, progress: Progress) -> None:
    if not files.disk.exists():
        command.read(("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(files.base), "-F", "raw", str(files.disk)))
    forwards = _forwards(progress)
    if not _boots_by_kvm(files, forwards, progress):
        with progress.step("boot the virtual machine by software emulation, which takes a minute or two"):
            command.read(qemu_arguments(files, accelerated=False, forwards=forwards))
            _wait_for_sshd(files)


def _boots_by_kvm(files: Files, forwards: Mapping[tuple[str, int], int], progress: Progress) -> bool:
    """Boot by KVM where it really works: nested in another machine it may be offered and then fail, or hang without a word."""
    if not os.access(KVM, os.R_OK | os.W_OK):
        return False
    try:
        files.serial.unlink(missing_ok=True)
        command.read(qemu_arguments(files, accelerated=True, forwards=forwards))
        wait_until(lambda: files.serial.stat().st_size > 0, KVM_FIRST_WORD_SECONDS, "the kernel says nothing", "use emulation")
    except HostError:
        progress.say("          KVM is there but does not work on this machine")
        _end(files, signal.SIGKILL)
        return False
    with progress.step("boot the virtual machine by KVM"):
        _wait_for_sshd(files)
    return True


def _wait_for_sshd(files: Files) -> None:
    wait_until(_sshd_answers, BOOT_SECONDS, "the virtual machine does not answer by SSH", f"read its console in {files.serial}")


def _forwards(progress: Progress) -> dict[tuple[str, int], int]:
    forwards = {(LOOPBACK, SSH_PORT): 22, (LOOPBACK, HTTP_PORT): 80, (LOOPBACK, HTTPS_PORT): 443}
    if _may_listen(GATEWAY, 80):  # where the lab's DNS sends the ACME server
        return forwards | {(GATEWAY, 80): 80}
    progress.say(f"          {GATEWAY}:80 may not be used without root: the machine keeps its stop-gap certificate")
    return forwards


def _running(files: Files) -> int | None:
    """Return the process id of the running machine; a stale file is not one."""
    try:
        pid = int(files.pid.read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if str(files.disk).encode() in arguments else None


def _end(files: Files, by: signal.Signals) -> None:
    if (pid := _running(files)) is None:
        return
    os.kill(pid, by)
    deadline = time.monotonic() + 30
    while _running(files) and time.monotonic() < deadline:
        time.sleep(0.1)
    files.pid.unlink(missing_ok=True)


def _may_listen(address: str, port: int) -> bool:
    try:
        with socket.create_server((address, port)):
            return True
    except OSError:
        return False


def _sshd_answers() -> bool:
    try:
        with socket.create_connection((LOOPBACK, SSH_PORT), timeout=5) as connection:
            connection.settimeout(20)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
