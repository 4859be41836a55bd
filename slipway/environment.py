"""What an environment is: the inventory's words, and the stacks they lead to, fully resolved.

Frozen types as in `model`: a field with `Annotated` is a word of `inventory/<env>/group_vars/all/*.yml` (the third argument is
its key where it differs from the field), the others are filled in by the loader.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

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
    secrets: Annotated[Mapping[str, SecretSource], "Names of secrets and where their values come from."] = field(
        default_factory=dict
    )
    place: Annotated[Mapping[str, str], "Service -> group of hosts."] = field(default_factory=dict)
    expires_days: Annotated[int | None, "Days after which a preview is taken away."] = None


@dataclass(frozen=True, slots=True)
class Pin:
    """What serves in an environment, written by machine."""

    variables: Annotated[Mapping[str, AsWritten], "Values that go before the stack's own."] = field(default_factory=dict)
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
    email: Annotated[str, "Who hears about certificates in trouble."] = ""
    retry_seconds: Annotated[int, "Wait before a certificate that was not given is asked for again."] = 900


@dataclass(frozen=True, slots=True)
class RegistryLogin:
    """How hosts log in to a registry."""

    user: Annotated[str, "Name of the account."]
    secret: Annotated[str, "Name of the secret that holds the password."]


@dataclass(frozen=True, slots=True)
class Docker:
    """Where Docker comes from and what it may reach."""

    source: Annotated[Literal["distribution", "docker"], "Whose packages."] = "distribution"
    registry_mirrors: Annotated[tuple[str, ...], "Mirrors of Docker Hub."] = ()
    registries: Annotated[Mapping[str, RegistryLogin], "Registry -> login."] = field(default_factory=dict)
    address_pool: Annotated[str, "Addresses for the networks of stacks."] = "10.213.0.0/16"


@dataclass(frozen=True, slots=True)
class PublicPorts:
    """Ports that clients use where a forwarder sits in front."""

    http: Annotated[int, "Port for http://."] = 80
    https: Annotated[int, "Port for https://."] = 443


@dataclass(frozen=True, slots=True)
class Updates:
    """When security updates may restart a host."""

    window: Annotated[str, "Time of the day, such as 03:00-05:00."] = "03:00-05:00"
    reboot: Annotated[bool, "Whether a host may reboot in the window."] = True


@dataclass(frozen=True, slots=True)
class Notify:
    """Which receivers hear about which severity."""

    page: Annotated[tuple[str, ...], "Receivers that wake somebody."] = ()
    warn: Annotated[tuple[str, ...], "Receivers of warnings."] = ()
    info: Annotated[tuple[str, ...], "Receivers of everything else."] = ()


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
    instances: Annotated[Mapping[str, Instance], "The stacks of this environment.", "stacks"] = field(default_factory=dict)
    production: Annotated[bool, "Refuse destructive tasks, test certificates and skipped watches."] = False
    pins: Annotated[Mapping[str, Pin], "Releases that serve, written by machine.", "releases"] = field(default_factory=dict)
    admins: Annotated[Mapping[str, Admin], "People with sudo."] = field(default_factory=dict)
    deployers: Annotated[Mapping[str, Deployer], "Who may deploy."] = field(default_factory=dict)
    openings: Annotated[tuple[Opening, ...], "Ports beside 22, 80 and 443."] = ()
    acme: Annotated[Acme, "Who issues certificates."] = Acme()
    docker: Annotated[Docker, "Docker on the hosts."] = field(default_factory=Docker)
    public_ports: Annotated[PublicPorts, "Ports that clients use."] = PublicPorts()
    first_login: Annotated[str, "User that a fresh host lets in."] = "root"
    keep_releases: Annotated[int, "Releases kept on a host."] = 5
    deploy_order: Annotated[Literal["one-by-one", "all"], "Hosts one after another, or all at once."] = "one-by-one"
    approvers: Annotated[tuple[str, ...], "Names whose word a production deploy needs."] = ()
    updates: Annotated[Updates, "Security updates."] = Updates()
    timezone: Annotated[str, "Time zone of the hosts."] = "Etc/UTC"
    addresses: Annotated[Mapping[str, str], "Host -> address that other hosts reach it by."] = field(default_factory=dict)
    notify: Annotated[Notify, "Severity -> receivers."] = Notify()
    receivers: Annotated[Mapping[str, Mapping[str, Any]], "Webhooks, Slack, mail."] = field(default_factory=dict)
    backup_target: Annotated[tuple[Mapping[str, Any], ...], "Where copies go."] = ()
    backup_scheduler: Annotated[Literal["timer", "cron"], "What starts backups."] = "timer"

    @property
    def secret_sources(self) -> Mapping[str, Mapping[str, SecretSource]]:
        """Return stack -> secret -> where its value comes from."""
        return {name: instance.secrets for name, instance in self.instances.items()}
