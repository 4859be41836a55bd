"""What an environment is: the inventory's words, and the stacks they lead to, fully resolved.

Frozen types as in `model`: a field with `Annotated` is a word of `inventory/<env>/group_vars/all/*.yml` (the third argument is
its key where it differs from the field), the others are filled in by the loader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from .errors import Fault
from .model import Stack

AsWritten = Annotated[str, "as written"]  # a text for which a whole number, true or false may stand without quotes


@dataclass(frozen=True, slots=True)
class SecretCommand:
    """A command on the controller whose output is a secret."""

    command: Annotated[tuple[str, ...], "Program and arguments; one newline at the end of its output is dropped."]


SecretSource = Literal["vault"] | SecretCommand


@dataclass(frozen=True, slots=True)
class Instance:
    """A stack of the environment: which folder, with which values."""

    compose: Annotated[str, "Folder under `compose/`."]
    variables: Annotated[Mapping[str, AsWritten], "Values for `${NAME}` in the stack file."] = field(default_factory=dict)
    secrets: Annotated[Mapping[str, SecretSource], "Names of secrets -> `vault`, or the command that prints the value."] = field(
        default_factory=dict
    )
    place: Annotated[
        Mapping[str, str], "Service -> group of the inventory whose hosts run it; without an entry all hosts do."
    ] = field(default_factory=dict)
    expires_days: Annotated[int | None, "Days after which the stack is taken away: for previews."] = None


@dataclass(frozen=True, slots=True)
class Pin:
    """What serves in an environment, written by machine."""

    variables: Annotated[Mapping[str, AsWritten], "Values that go before the stack's own `variables`."] = field(
        default_factory=dict
    )
    images: Annotated[Mapping[str, str], "Service -> digest of its image."] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Admin:
    """A person with sudo."""

    keys: Annotated[tuple[str, ...], "Public keys, or paths to them on the controller."]
    expires: Annotated[str, "Day after which the account is locked, such as 2027-01-31."] = ""


@dataclass(frozen=True, slots=True)
class Deployer:
    """Someone, or a machine, that may deploy and nothing else."""

    keys: Annotated[tuple[str, ...], "Public keys, or paths to them on the controller."]


@dataclass(frozen=True, slots=True)
class Opening:
    """A port that answers from outside beside 22, 80 and 443."""

    port: Annotated[int, "Port of the host."]
    why: Annotated[str, "The reason, for whoever reads the firewall."]
    protocol: Annotated[Literal["tcp", "udp"], "What is let in."] = "tcp"
    sources: Annotated[tuple[str, ...], "Networks that may come in; all if empty."] = ()


@dataclass(frozen=True, slots=True)
class Acme:
    """Who issues certificates."""

    server: Annotated[str, "`letsencrypt`, `letsencrypt-staging`, or a directory's URL."] = "letsencrypt"
    ca_file: Annotated[str, "Certificates to trust the server by, a path on the controller."] = ""
    email: Annotated[str, "Address that hears of certificates in trouble."] = ""
    retry_seconds: Annotated[int, "Wait before a certificate that was not given is asked for again."] = 900


@dataclass(frozen=True, slots=True)
class Ssh:
    """What sshd on the hosts accepts."""

    older_clients: Annotated[
        bool, "Whether clients get in that know no key exchange safe from quantum computers, such as OpenSSH before 8.9."
    ] = True
    tcp_forwarding: Annotated[bool, "Whether `ssh -L` and `ssh -J` lead through the hosts."] = False


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """How hosts log in to a registry."""

    user: Annotated[str, "Name of the account."]
    secret: Annotated[str, "Name of the secret that holds the password."]


@dataclass(frozen=True, slots=True)
class Docker:
    """Where Docker comes from and what it may reach."""

    source: Annotated[Literal["distribution", "docker"], "Whose packages: the distribution's, or Docker's own."] = "distribution"
    registry_mirrors: Annotated[tuple[str, ...], "Mirrors that are asked before Docker Hub, URLs."] = ()
    registries: Annotated[Mapping[str, RegistryLogin], "Registry -> how hosts log in there."] = field(default_factory=dict)
    address_pool: Annotated[str, "Private addresses that the networks of stacks are cut from."] = "10.213.0.0/16"
    network_pool: Annotated[str, "Private addresses for Docker's own networks and those of nobody's stack."] = "172.28.0.0/15"


@dataclass(frozen=True, slots=True)
class PublicPorts:
    """Ports that clients use where a forwarder sits in front."""

    http: Annotated[int, "Port for http://."] = 80
    https: Annotated[int, "Port for https://."] = 443


@dataclass(frozen=True, slots=True)
class Updates:
    """Security updates, and when they may reboot a host."""

    automatic: Annotated[bool, "Whether security updates install themselves, an hour before the window."] = True
    window: Annotated[str, "Time of the day in the hosts' time zone, such as 03:00-05:00."] = "03:00-05:00"
    reboot: Annotated[bool, "Whether a host may reboot in the window when an update asks for it."] = True


@dataclass(frozen=True, slots=True)
class Notices:
    """Which receivers hear about which severity."""

    page: Annotated[tuple[str, ...], "Receivers that wake somebody: a release was taken back, or is bad and stays."] = ()
    warn: Annotated[tuple[str, ...], "Receivers of warnings: a release was refused or rolled back."] = ()
    info: Annotated[tuple[str, ...], "Receivers of everything else: a release serves, or passed its watch."] = ()


@dataclass(frozen=True, slots=True)
class Receiver:
    """A way to reach people: `webhook`, `slack` or `mail`, one of them."""

    webhook: Annotated[str | None, "URL that gets each message as JSON."] = None
    slack: Annotated[str | None, "Name of the secret that holds the URL of a Slack webhook."] = None
    mail: Annotated[tuple[str, ...], "Addresses that get each message."] = ()
    token: Annotated[str | None, "Name of the secret that a webhook is sent as `Authorization: Bearer …`."] = None


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes the hosts' mails."""

    host: Annotated[str, "Name or address of the server; receivers with `mail` need one."] = ""
    port: Annotated[int, "Port of the server."] = 587
    security: Annotated[Literal["starttls", "tls", "none"], "How the connection is encrypted: `tls` is usual on port 465."] = (
        "starttls"
    )
    user: Annotated[str | None, "Account at the server."] = None
    secret: Annotated[str | None, "Name of the secret that holds the account's password."] = None
    sender: Annotated[str, "Address that the mails come from."] = ""


@dataclass(frozen=True, slots=True)
class BackupTarget:
    """A place outside of the hosts where copies go, encrypted before they leave."""

    type: Annotated[Literal["rest", "s3", "sftp"], "A restic REST server, an S3 bucket, or a folder reached by SFTP."]
    url: Annotated[str, "https://host/path, https://endpoint/bucket, or sftp://user@host/path, as `type` says."]
    encrypt_to: Annotated[tuple[str, ...], "Public age keys that can read the copies; a second one is for escrow."]
    user: Annotated[str | None, "Account, or id of the access key; not for sftp."] = None
    secret: Annotated[str | None, "Name of the secret that holds the password or the access key; not for sftp."] = None


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: its words, and its stacks as far as hosts need them.

    `ignored` and `waiting` are notes, not faults: keys that are left aside, and words that have no effect yet. `secret_places`
    says in which file and line each secret of a stack is named.
    """

    name: str
    stacks: Mapping[str, Stack] = field(default_factory=dict)
    ignored: tuple[Fault, ...] = ()
    waiting: tuple[Fault, ...] = ()
    secret_places: Mapping[str, Mapping[str, tuple[str, int]]] = field(default_factory=dict)
    instances: Annotated[
        Mapping[str, Instance], "The stacks of this environment; a key is the name of projects, volumes and paths.", "stacks"
    ] = field(default_factory=dict)
    production: Annotated[bool, "Refuse destructive tasks, test certificates and skipped watches."] = False
    pins: Annotated[Mapping[str, Pin], "Versions and digests that serve, written by machine into releases.yml.", "releases"] = (
        field(default_factory=dict)
    )
    admins: Annotated[
        Mapping[str, Admin], "People with sudo on the hosts; whoever leaves the list loses access with the next run."
    ] = field(default_factory=dict)
    deployers: Annotated[Mapping[str, Deployer], "People and machines that may deploy and nothing else."] = field(
        default_factory=dict
    )
    openings: Annotated[tuple[Opening, ...], "Ports that answer from outside beside 22, 80 and 443."] = ()
    ssh: Annotated[Ssh, "What sshd on the hosts accepts."] = Ssh()
    acme: Annotated[Acme, "Who issues certificates."] = Acme()
    docker: Annotated[Docker, "Where Docker comes from, and which registries it may reach."] = field(default_factory=Docker)
    public_ports: Annotated[PublicPorts, "Ports that clients use, where a forwarder sits in front of the hosts."] = PublicPorts()
    first_login: Annotated[str, "User that a fresh host lets in; not used once an admin is there."] = "root"
    keep_releases: Annotated[int, "Releases of each stack that a host keeps, images and all, to go back to."] = 5
    deploy_order: Annotated[
        Literal["one-by-one", "all"], "How the hosts of a release are prepared; they switch at once either way."
    ] = "one-by-one"
    approvers: Annotated[tuple[str, ...], "People whose word a production deploy needs."] = ()
    updates: Annotated[Updates, "Security updates, and when they may reboot a host."] = Updates()
    timezone: Annotated[str, "Time zone of the hosts, as in Europe/Berlin."] = "Etc/UTC"
    addresses: Annotated[Mapping[str, str], "Host -> address that other hosts reach it by."] = field(default_factory=dict)
    notices: Annotated[Notices, "Which receivers hear of which severity."] = Notices()
    receivers: Annotated[Mapping[str, Receiver], "Ways to reach people: webhooks, Slack, mail."] = field(default_factory=dict)
    mail_server: Annotated[MailServer, "The server that takes the hosts' mails."] = MailServer()
    backup_target: Annotated[tuple[BackupTarget, ...], "Places outside of the hosts where copies go."] = ()
    backup_scheduler: Annotated[Literal["timer", "cron"], "What starts backups."] = "timer"

    @property
    def secret_sources(self) -> Mapping[str, Mapping[str, SecretSource]]:
        """Return stack -> secret -> where its value comes from."""
        return {name: instance.secrets for name, instance in self.instances.items()}
