"""What the inventory says about people, hosts and everything around the stacks."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from .. import firewall
from ..environment import BackupTarget
from .faults import short
from .formats import HOST, PORT, matching, pool
from .rule import Found, Whole, WholeRule, known

OPEN = tuple(opening.port for opening in firewall.ALWAYS)
TAKEN_NAMES = ("root", "deploy")
RECEIVER_KINDS = ("webhook", "slack", "mail")
TARGET_URLS = {
    "rest": matching(rf"https?://{HOST}{PORT}(/[^\s@]*)?", "REST server", "write `https://backup.example.org/shop`"),
    "s3": matching(rf"https?://{HOST}{PORT}/[a-z0-9][a-z0-9.-]*(/[^\s@]*)?", "bucket", "write `https://s3.example.org/bucket`"),
    "sftp": matching(
        rf"sftp://[a-z_][a-z0-9_-]*@{HOST}{PORT}/[^\s@]+", "folder by SFTP", "write `sftp://backup@host.example.org/shop`"
    ),
}


def admins(whole: Whole) -> Iterator[Found]:
    """People with sudo have a name of their own and a key."""
    for name, admin in whole.environment.admins.items():
        if name in TAKEN_NAMES:
            yield (
                whole.at("admins", name),
                f"`{name}` is no person's account",
                "give each person a name: the log shows who did what",
            )
        if not admin.keys:
            yield whole.at("admins", name, "keys"), "no key, so nobody could log in", "add a public key, or the path of one"


def deployers(whole: Whole) -> Iterator[Found]:
    """Who may deploy has a key."""
    for name, deployer in whole.environment.deployers.items():
        if not deployer.keys:
            yield whole.at("deployers", name, "keys"), "no key, so nobody could deploy", "add a public key, or the path of one"


def approvers(whole: Whole) -> Iterator[Found]:
    """Who approves is somebody the hosts know."""
    people = {*whole.environment.admins, *whole.environment.deployers}
    for index, name in enumerate(whole.environment.approvers):
        if name not in people:
            hint = known(name, people, "`admins` and `deployers`")
            yield whole.at("approvers", index), f"`{short(name)}` is neither an admin nor a deployer", hint


def openings(whole: Whole) -> Iterator[Found]:
    """A port is opened once."""
    seen: set[tuple[int, str]] = set()
    for index, opening in enumerate(whole.environment.openings):
        place = whole.at("openings", index, "port")
        if opening.protocol == "tcp" and opening.port in OPEN:
            yield place, f"{opening.port} is open already", "remove the entry: 22, 80 and 443 answer on every host"
        elif (opening.port, opening.protocol) in seen:
            yield place, f"{opening.protocol} {opening.port} is opened twice", "put all networks into one entry's `sources`"
        seen.add((opening.port, opening.protocol))


def certificates(whole: Whole) -> Iterator[Found]:
    """Production has real certificates; a CA of one's own belongs to a server of one's own."""
    acme = whole.environment.acme
    if whole.environment.production and "staging" in acme.server:
        yield whole.at("acme", "server"), "test certificates where `production: true`", "write `letsencrypt`"
    if acme.ca_file and not acme.server.startswith("https://"):
        hint = "remove it: everybody trusts Let's Encrypt's own certificate"
        yield whole.at("acme", "ca_file"), f"`ca_file` beside `server: {short(acme.server)}`", hint


def public_ports(whole: Whole) -> Iterator[Found]:
    """A port speaks one protocol."""
    ports = whole.environment.public_ports
    if ports.http == ports.https:
        yield whole.at("public_ports"), f"http and https on the same port {ports.http}", "write {http: 8080, https: 8443}"


def pools(whole: Whole) -> Iterator[Found]:
    """Networks of stacks and those of Docker itself have addresses of their own."""
    docker = whole.environment.docker
    if pool(docker.address_pool) or pool(docker.network_pool):
        return  # told where they stand
    if IPv4Network(docker.address_pool).overlaps(IPv4Network(docker.network_pool)):
        hint = "use two networks apart, such as `10.213.0.0/16` and `172.28.0.0/15`"
        yield whole.at("docker", "address_pool"), f"`{docker.address_pool}` overlaps `network_pool: {docker.network_pool}`", hint


def named_secrets(whole: Whole) -> Iterator[Found]:
    """Who logs in somewhere finds the password among the stacks' secrets."""
    environment = whole.environment
    there = {name for instance in environment.instances.values() for name in instance.secrets}
    named = [
        *((("docker", "registries", name, "secret"), login.secret) for name, login in environment.docker.registries.items()),
        *((("receivers", name, "slack"), receiver.slack) for name, receiver in environment.receivers.items()),
        *((("receivers", name, "token"), receiver.token) for name, receiver in environment.receivers.items()),
        (("mail_server", "secret"), environment.mail_server.secret),
        *((("backup_target", index, "secret"), target.secret) for index, target in enumerate(environment.backup_target)),
    ]
    for path, secret in named:
        if secret is not None and secret not in there:
            yield whole.at(*path), "names a secret that no stack has", known(secret, there, "secrets")


def notices(whole: Whole) -> Iterator[Found]:
    """Whom a severity names can be reached."""
    receivers = whole.environment.receivers
    for severity in ("page", "warn", "info"):
        for index, name in enumerate(getattr(whole.environment.notices, severity)):
            if name not in receivers:
                yield whole.at("notices", severity, index), f"no receiver `{short(name)}`", known(name, receivers, "receivers")


def receivers(whole: Whole) -> Iterator[Found]:
    """A receiver is reached one way."""
    for name, receiver in whole.environment.receivers.items():
        if len([kind for kind in RECEIVER_KINDS if getattr(receiver, kind)]) != 1:
            yield (
                whole.at("receivers", name),
                "needs `webhook`, `slack` or `mail`, one of them",
                "write {mail: [ops@example.org]}",
            )
        elif receiver.token is not None and not receiver.webhook:
            yield whole.at("receivers", name, "token"), "`token` without `webhook`", "remove it: Slack's URL is its own secret"


def mail_server(whole: Whole) -> Iterator[Found]:
    """Mails have a server and a sender, and a password never travels in clear."""
    server, heard = whole.environment.mail_server, whole.environment.notices
    wanted = [name for name in (*heard.page, *heard.warn, *heard.info) if _mailed(whole, name)]
    if wanted and not server.host:
        hint = "write `mail_server: {host: smtp.example.org, user: slipway, secret: MAIL_PASSWORD, sender: slipway@example.org}`"
        yield whole.at("receivers", wanted[0], "mail"), "no `mail_server` takes its mails", hint
    if server.host and not server.sender:
        yield whole.at("mail_server"), "no `sender`", "write the address that mails come from"
    if (server.user is None) != (server.secret is None):
        yield whole.at("mail_server"), "`user` and `secret` go together", "write both, or neither"
    if server.secret is not None and server.security == "none":
        yield whole.at("mail_server", "security"), "the password would travel in clear", "write `starttls` or `tls`"


def _mailed(whole: Whole, name: str) -> bool:
    receiver = whole.environment.receivers.get(name)
    return bool(receiver and receiver.mail)


def backup_targets(whole: Whole) -> Iterator[Found]:
    """A target says where it is, how to log in, and who can read the copies."""
    for index, target in enumerate(whole.environment.backup_target):
        if wrong := TARGET_URLS[target.type](target.url):
            yield whole.at("backup_target", index, "url"), *wrong
        if not target.encrypt_to:
            hint = "write `encrypt_to: [age1…]`; `age-keygen` makes the pair"
            yield whole.at("backup_target", index, "encrypt_to"), "no key, so copies would leave unencrypted", hint
        if message := _login(target):
            yield whole.at("backup_target", index), message, "write `user` and `secret` as the type needs them"


def _login(target: BackupTarget) -> str:
    given = [word for word in ("user", "secret") if getattr(target, word) is not None]
    if target.type == "sftp":
        return f"`{given[0]}` beside sftp, where the URL names the user and a key logs in" if given else ""
    if len(given) == 1 or (target.type == "s3" and not given):
        return "`user` and `secret` go together"
    return ""


def addresses(whole: Whole) -> Iterator[Found]:
    """An address belongs to a host."""
    hosts = whole.hosts.names
    for name in whole.environment.addresses if whole.hosts.exists and not any("[" in host for host in hosts) else ():
        if name not in hosts:
            yield whole.at("addresses", name), f"no host `{short(name)}` in {whole.hosts.file}", known(name, hosts, "hosts")


RULES: tuple[WholeRule, ...] = (
    admins,
    deployers,
    approvers,
    openings,
    certificates,
    public_ports,
    pools,
    named_secrets,
    notices,
    receivers,
    mail_server,
    backup_targets,
    addresses,
)
