"""Words of the inventory, and hosts.yml."""

from typing import Any

from tests.unit.load.cases.case import API, DB, OWN, SECRETS, Case, inventory

TITLE = "The inventory"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFN0 ann"
DIGEST = f"sha256:{'a' * 64}"
OTHER = f"sha256:{'b' * 64}"
PEOPLE: dict[str, Any] = {"admins": {"ann": {"keys": [KEY]}}}
MAIL: dict[str, Any] = {"ops": {"mail": ["ops@example.org"]}}
AGE = f"age1{'q' * 58}"
REST = {"type": "rest", "url": "https://backup.example.org/shop", "encrypt_to": [AGE]}
SECRET = SECRETS["stacks/shop/secrets"]
USED = {f"{API}/environment": {"S": "${S}"}}
VALUE = {f"{API}/environment": {"A": "${A}"}}
GIVEN = {"stacks/shop/variables": {"A": "x"}}
BETWEEN = {f"{OWN}/scale": {"min": "${MIN}", "max": 4}}


def production(**words: Any) -> dict[str, Any]:
    return {"production": True, **words}


def target(**words: Any) -> dict[str, Any]:
    return {"backup_target": [REST | words]}


def place(**words: str) -> dict[str, Any]:
    return {"stacks/shop/place": words}


CASES = [
    inventory("folder", {"stacks/shop/compose": "shpo"}, "stacks.shop.compose", "did you mean `shop`?"),
    inventory("folder outside", {"stacks/shop/compose": "../shop"}, "stacks.shop.compose", "is no folder under `compose/`"),
    inventory("word of a stack", {"stacks/shop/compsoe": "x"}, "stacks.shop", "unknown key `compsoe`; did you mean `compose`?"),
    inventory("unknown word", {"prodution": True}, "(file)", "unknown key `prodution`; did you mean `production`?"),
    inventory(
        "name of a stack",
        {"stacks/Shop": {"compose": "shop"}},
        "stacks.Shop",
        "`Shop` is no name for a stack",
        {"stacks/shop/compose": "shop"},
    ),
    inventory("name like a release", {"stacks/shop-r2": {"compose": "shop"}}, "stacks.shop-r2", "names a release"),
    inventory(
        "name with a release in it",
        {"stacks/shop-r2-eu": {"compose": "shop"}},
        "stacks.shop-r2-eu",
        "names a release",
    ),
    inventory(
        "name of a folder of the host",
        {"stacks/files": {"compose": "shop"}},
        "stacks.files",
        "is a folder of the host's own",
    ),
    inventory("truth", {"production": "yes"}, "production", "`yes` is text where true or false is wanted", {"production": False}),
    inventory(
        "number as a variable",
        {"stacks/shop/variables": {"A": 1.10}},
        "stacks.shop.variables.A",
        "`1.1` is a number where text is wanted",
        GIVEN,
        VALUE,
    ),
    inventory(
        "no value",
        {"stacks/shop/variables": {"A": None}},
        "stacks.shop.variables.A",
        "`null` is nothing where text is wanted",
        GIVEN,
        VALUE,
    ),
    inventory(
        "name of a variable", {"stacks/shop/variables": {"A-B": "x"}}, "stacks.shop.variables.A-B", "no name for a variable"
    ),
    inventory(
        "name of a secret",
        {**SECRETS, "stacks/shop/secrets": {"S": SECRET["S"], "DOCKER_HOST": SECRET["S"]}},
        "stacks.shop.secrets.DOCKER_HOST",
        "is a name that programs on the host obey",
        SECRETS,
        USED,
    ),
    inventory(
        "secret as a variable",
        {"stacks/shop/variables": {"DB_PASSWORD": "hunter2"}},
        "stacks.shop.variables.DB_PASSWORD",
        "a secret in plain text",
        SECRETS,
        USED,
    ),
    inventory(
        "secret and variable",
        {**SECRETS, "stacks/shop/variables": {"S": "x"}},
        "stacks.shop.variables.S",
        "`S` is a secret too",
        SECRETS,
        USED,
    ),
    inventory(
        "Jinja",
        {"stacks/shop/variables": {"A": "{{ lookup('x') }}"}},
        "stacks.shop.variables.A",
        "Jinja in a word that Slipway reads",
        GIVEN,
        VALUE,
    ),
    inventory("no vault", {"stacks/shop/secrets": {"S": "vault"}}, "stacks.shop.secrets.S", "no vault.yml", SECRETS, USED),
    inventory(
        "source of a secret",
        {"stacks/shop/secrets": {"S": "valut"}},
        "stacks.shop.secrets.S",
        "the value where `vault` is wanted; did you mean `vault`?",
        SECRETS,
        USED,
    ),
    inventory(
        "secret as its source",
        {"stacks/shop/secrets": {"S": "hunter2"}},
        "stacks.shop.secrets.S",
        "the value where `vault` is wanted",
        SECRETS,
        USED,
    ),
    inventory(
        "command as text",
        {"stacks/shop/secrets": {"S": {"command": "echo x"}}},
        "stacks.shop.secrets.S.command",
        "the value is text where a list is wanted",
        SECRETS,
        USED,
    ),
    inventory(
        "empty command",
        {"stacks/shop/secrets": {"S": {"command": [" "]}}},
        "stacks.shop.secrets.S",
        "an empty command",
        SECRETS,
        USED,
    ),
    inventory("unused secret", SECRETS, "stacks.shop.secrets.S", "`S` is used nowhere in the stack"),
    inventory(
        "unused variable",
        {"stacks/shop/variables": {"AA": "x"}},
        "stacks.shop.variables.AA",
        "is used nowhere in the stack; did you mean `A`?",
        GIVEN,
        VALUE,
    ),
    Case(
        "value that is no number",
        BETWEEN,
        "services.api.x-slipway.scale.min",
        "`${MIN}` does not give a whole number; `MIN` is `few` in inventory/test/group_vars/all/stacks.yml:5",
        BETWEEN,
        {"stacks/shop/variables": {"MIN": "few"}},
        {"stacks/shop/variables": {"MIN": "2"}},
    ),
    Case(
        "value out of its range",
        BETWEEN,
        "services.api.x-slipway.scale.min",
        "500 where 0 to 100 is wanted; `MIN` is `500` in inventory/test/group_vars/all/stacks.yml:5",
        BETWEEN,
        {"stacks/shop/variables": {"MIN": 500}},
        {"stacks/shop/variables": {"MIN": 4}},
    ),
    Case(
        "value above its neighbour",
        BETWEEN,
        "services.api.x-slipway.scale",
        "`min` 5 is above `max` 4; swap them; `MIN` is `5` in inventory/test/group_vars/all/stacks.yml:5",
        BETWEEN,
        {"stacks/shop/variables": {"MIN": 5}},
        {"stacks/shop/variables": {"MIN": 4}},
    ),
    Case(
        "value of a pin",
        {f"{API}/image": "acme/api:${RELEASE}"},
        "services.api.image",
        "`:stable` is a floating tag; name a version such as `:1.4.2`; it is pinned to its digest; `RELEASE` is `stable` in",
        {f"{API}/image": "acme/api:${RELEASE}"},
        {"releases/shop/variables": {"RELEASE": "stable"}},
        {"releases/shop/variables": {"RELEASE": "1.4"}},
    ),
    inventory("pin of no stack", {"releases": {"shpo": {}}}, "releases.shpo", "no stack `shpo`; did you mean `shop`?"),
    inventory(
        "digest",
        {"releases/shop/images": {"api": "1"}},
        "releases.shop.images.api",
        "is no digest",
        {"releases/shop/images": {"db": DIGEST}},
    ),
    inventory(
        "pin of no service",
        {"releases/shop/images": {"apis": DIGEST}},
        "releases.shop.images.apis",
        "is used nowhere in the stack; did you mean `api`?",
        {"releases/shop/images": {"api": DIGEST}},
    ),
    inventory(
        "two digests of one image",
        {"releases/shop/images": {"api": DIGEST, "worker": OTHER}},
        "releases.shop.images.worker",
        "another digest than `api` has",
        {"releases/shop/images": {"api": DIGEST, "worker": DIGEST, "db": OTHER}},
    ),
    inventory(
        "two digests of one service",
        {"releases/shop/images": {"db": OTHER}},
        "releases.shop.images.db",
        "another digest than the stack file names",
        {"releases/shop/images": {"db": DIGEST}},
        {f"{DB}/image": f"postgres@{DIGEST}"},
    ),
    inventory("place of no service", place(dbs="web"), "stacks.shop.place.dbs", "did you mean `db`?", place(db="web")),
    inventory("no group", place(db="wbe"), "stacks.shop.place.db", "no group `wbe` in inventory/test/hosts.yml", place(db="web")),
    inventory("empty group", place(api="none"), "stacks.shop.place.api", "group `none` has no host", place(api="all")),
    inventory("store on two hosts", place(db="all"), "stacks.shop.place.db", "would be as many stores", place(db="web")),
    inventory(
        "days of a preview",
        {"stacks/shop/expires_days": 0},
        "stacks.shop.expires_days",
        "1 to 366",
        {"stacks/shop/expires_days": 7},
    ),
    inventory("no person", {"admins": {"root": {"keys": [KEY]}}}, "admins.root", "is no person's account", PEOPLE),
    inventory("name of an admin", {"admins": {"Ann": {"keys": [KEY]}}}, "admins.Ann", "is no account name", PEOPLE),
    inventory("admin without a key", {"admins": {"ann": {"keys": []}}}, "admins.ann.keys", "nobody could log in", PEOPLE),
    inventory(
        "key of an admin",
        {"admins": {"ann": {"keys": ["AAAAC3NzaC1lZDI1NTE5"]}}},
        "admins.ann.keys[0]",
        "is no public key",
        {"admins": {"ann": {"keys": [KEY, "~/.ssh/ann.pub"]}}},
    ),
    inventory(
        "private key",
        {"admins": {"ann": {"keys": ["-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2"]}}},
        "admins.ann.keys[0]",
        "a private key",
        PEOPLE,
    ),
    inventory(
        "last day",
        {"admins": {"ann": {"keys": [KEY], "expires": "31.01.2030"}}},
        "admins.ann.expires",
        "is no day",
        {"admins": {"ann": {"keys": [KEY], "expires": "2030-01-31"}}},
    ),
    inventory(
        "deployer without a key",
        {"deployers": {"ci": {"keys": []}}},
        "deployers.ci.keys",
        "nobody could deploy",
        {"deployers": {"ci": {"keys": [KEY]}}},
    ),
    inventory(
        "key of a deployer",
        {"deployers": {"ci": {"keys": ["x"]}}},
        "deployers.ci.keys[0]",
        "is no public key",
        {"deployers": {"ci": {"keys": [KEY]}}},
    ),
    inventory(
        "name of a deployer",
        {"deployers": {"c i": {"keys": [KEY]}}},
        "deployers.c i",
        "is no name",
        {"deployers": {"c-i": {"keys": [KEY]}}},
    ),
    inventory(
        "approver",
        {**PEOPLE, "approvers": ["anne"]},
        "approvers[0]",
        "did you mean `ann`?",
        {**PEOPLE, "approvers": ["ann"]},
    ),
    inventory("port 0", {"openings": [{"port": 0, "why": "x"}]}, "openings[0].port", "0 where 1 to 65535 is wanted"),
    inventory(
        "opening without a reason",
        {"openings": [{"port": 25}]},
        "openings[0]",
        "`why` is missing",
        {"openings": [{"port": 25, "why": "mail"}]},
    ),
    inventory("opening with an empty reason", {"openings": [{"port": 25, "why": " "}]}, "openings[0].why", "is empty"),
    inventory(
        "network of an opening",
        {"openings": [{"port": 25, "why": "x", "sources": ["all"]}]},
        "openings[0].sources[0]",
        "`all` is no network",
        {"openings": [{"port": 25, "why": "x", "sources": ["192.0.2.0/24"]}]},
    ),
    inventory(
        "port that is open already",
        {"openings": [{"port": 443, "why": "x"}]},
        "openings[0].port",
        "443 is open already",
        {"openings": [{"port": 443, "protocol": "udp", "why": "x"}]},
    ),
    inventory(
        "port opened twice",
        {"openings": [{"port": 25, "why": "x"}, {"port": 25, "why": "y"}]},
        "openings[1].port",
        "is opened twice",
        {"openings": [{"port": 25, "why": "x"}, {"port": 25, "protocol": "udp", "why": "y"}]},
    ),
    inventory(
        "server of certificates",
        {"acme": {"server": "letsencrpyt"}},
        "acme.server",
        "did you mean `letsencrypt`?",
        {"acme": {"server": "https://acme.example.org:14000/dir"}},
    ),
    inventory(
        "test certificates in production",
        production(acme={"server": "letsencrypt-staging"}),
        "acme.server",
        "test certificates where `production: true`",
        production(acme={"server": "letsencrypt"}),
    ),
    inventory(
        "CA of nobody",
        {"acme": {"ca_file": "~/ca.pem"}},
        "acme.ca_file",
        "`ca_file` beside `server: letsencrypt`",
        {"acme": {"server": "https://acme.example.org/dir", "ca_file": "~/ca.pem"}},
    ),
    inventory(
        "mail address", {"acme": {"email": "ops"}}, "acme.email", "is no mail address", {"acme": {"email": "ops@example.org"}}
    ),
    inventory(
        "one port for both",
        {"public_ports": {"http": 8443, "https": 8443}},
        "public_ports",
        "on the same port 8443",
        {"public_ports": {"http": 8080, "https": 8443}},
    ),
    inventory("source of Docker", {"docker": {"source": "podman"}}, "docker.source", "one of `distribution`, `docker`"),
    inventory(
        "mirror",
        {"docker": {"registry_mirrors": ["mirror.example.org"]}},
        "docker.registry_mirrors[0]",
        "is no mirror",
        {"docker": {"registry_mirrors": ["https://mirror.example.org"]}},
    ),
    inventory(
        "name of a registry",
        {**SECRETS, "docker": {"registries": {"https://r.example.org": {"user": "u", "secret": "S"}}}},
        "docker.registries.https://r.example.org",
        "is no registry",
        {**SECRETS, "docker": {"registries": {"r.example.org:5000": {"user": "u", "secret": "S"}}}},
    ),
    inventory(
        "user of a registry",
        {**SECRETS, "docker": {"registries": {"r.example.org": {"user": "", "secret": "S"}}}},
        "docker.registries.r.example.org.user",
        "is empty",
        {**SECRETS, "docker": {"registries": {"r.example.org": {"user": "u", "secret": "S"}}}},
    ),
    inventory(
        "secret of a registry",
        {**SECRETS, "docker": {"registries": {"r.example.org": {"user": "u", "secret": "SS"}}}},
        "docker.registries.r.example.org.secret",
        "names a secret that no stack has",
        {**SECRETS, "docker": {"registries": {"r.example.org": {"user": "u", "secret": "S"}}}},
    ),
    inventory(
        "public pool",
        {"docker": {"address_pool": "8.8.0.0/16"}},
        "docker.address_pool",
        "use a private one",
        {"docker": {"address_pool": "10.20.0.0/16"}},
    ),
    inventory("no pool", {"docker": {"address_pool": "10.20.0.0"}}, "docker.address_pool", "cannot be cut"),
    inventory("pool of ours", {"docker": {"address_pool": "10.0.0.0/8"}}, "docker.address_pool", "overlaps `10.255.77.0/24`"),
    inventory(
        "pools over each other",
        {"docker": {"address_pool": "172.28.0.0/16"}},
        "docker.address_pool",
        "overlaps `network_pool: 172.28.0.0/15`",
        {"docker": {"address_pool": "172.28.0.0/16", "network_pool": "172.30.0.0/16"}},
    ),
    inventory("network pool as a word", {"docker": {"network_pool": "auto"}}, "docker.network_pool", "is no network"),
    inventory("pool as a word", {"docker": {"address_pool": "auto"}}, "docker.address_pool", "is no network"),
    inventory("first login", {"first_login": "Root User"}, "first_login", "is no account name", {"first_login": "debian"}),
    inventory("kept releases", {"keep_releases": 0}, "keep_releases", "0 where 1 to 50 is wanted", {"keep_releases": 1}),
    inventory("order of deploys", {"deploy_order": "one by one"}, "deploy_order", "did you mean `one-by-one`?"),
    inventory(
        "window",
        {"updates": {"window": "3-5"}},
        "updates.window",
        "is no time of the day",
        {"updates": {"window": "23:30-01:00"}},
    ),
    inventory("word of updates", {"updates": {"reboot_window": "03:00-05:00"}}, "updates", "did you mean `window`?"),
    inventory("automatic", {"updates": {"automatic": "often"}}, "updates.automatic", "true or false"),
    inventory("short window", {"updates": {"window": "03:00-03:10"}}, "updates.window", "less than half an hour"),
    inventory(
        "time zone", {"timezone": "Europe/Berln"}, "timezone", "did you mean `Europe/Berlin`?", {"timezone": "Europe/Berlin"}
    ),
    inventory(
        "address of no host",
        {"addresses": {"onne": "10.0.0.1"}},
        "addresses.onne",
        "did you mean `one`?",
        {"addresses": {"one": "10.0.0.1"}},
    ),
    inventory("address as a name", {"addresses": {"one": "one.example.org"}}, "addresses.one", "is no address"),
    inventory(
        "receiver",
        {"notices": {"page": ["opps"]}, "receivers": MAIL},
        "notices.page[0]",
        "no receiver `opps`; did you mean `ops`?",
        {"notices": {"page": ["ops"]}, "receivers": MAIL},
    ),
    inventory(
        "receiver of two kinds",
        {"receivers": {"ops": {"mail": ["a@example.org"], "webhook": "https://example.org"}}},
        "receivers.ops",
        "one of them",
        {"receivers": MAIL},
    ),
    inventory("receiver of no kind", {"receivers": {"ops": {}}}, "receivers.ops", "needs `webhook`, `slack` or `mail`"),
    inventory(
        "name of a receiver", {"receivers": {"On call": MAIL["ops"]}}, "receivers.On call", "is no name", {"receivers": MAIL}
    ),
    inventory(
        "mail of a receiver",
        {"receivers": {"ops": {"mail": ["ops at example.org"]}}},
        "receivers.ops.mail[0]",
        "is no mail address",
        {"receivers": MAIL},
    ),
    inventory(
        "webhook with a password",
        {"receivers": {"ops": {"webhook": "https://me:hunter2@example.org"}}},
        "receivers.ops.webhook",
        "this is no URL",
        {"receivers": {"ops": {"webhook": "https://example.org/hook"}}},
    ),
    inventory(
        "Slack's URL",
        {"receivers": {"ops": {"slack": "https://x"}}},
        "receivers.ops.slack",
        "names a secret that no stack has",
        {**SECRETS, "receivers": {"ops": {"slack": "S"}}},
    ),
    inventory("kind of a target", target(type="ftp"), "backup_target[0].type", "one of `rest`, `s3`, `sftp`", target()),
    inventory("REST server", target(url="rest:https://x.example.org"), "backup_target[0].url", "is no REST server", target()),
    inventory(
        "bucket",
        {**SECRETS, **target(type="s3", url="s3.example.org/bucket", user="u", secret="S")},
        "backup_target[0].url",
        "is no bucket",
        {**SECRETS, **target(type="s3", url="https://s3.example.org/bucket", user="u", secret="S")},
    ),
    inventory(
        "target by SFTP",
        target(type="sftp", url="host.example.org:/shop"),
        "backup_target[0].url",
        "is no folder by SFTP",
        target(type="sftp", url="sftp://backup@host.example.org/shop"),
    ),
    inventory("copies unencrypted", target(encrypt_to=[]), "backup_target[0].encrypt_to", "would leave unencrypted", target()),
    inventory("key of copies", target(encrypt_to=["age1"]), "backup_target[0].encrypt_to[0]", "is no age key", target()),
    inventory(
        "half a login",
        target(user="u"),
        "backup_target[0]",
        "`user` and `secret` go together",
        {**SECRETS, **target(user="u", secret="S")},
    ),
    inventory(
        "login beside a key",
        target(type="sftp", url="sftp://b@h.example.org/s", user="u"),
        "backup_target[0]",
        "`user` beside sftp",
        target(type="sftp", url="sftp://b@h.example.org/s"),
    ),
    inventory(
        "cron or timer", {"backup_scheduler": "corn"}, "backup_scheduler", "did you mean `cron`?", {"backup_scheduler": "cron"}
    ),
    Case("word of a group", {}, "all", "unknown key `host`; did you mean `hosts`?", hosts="all: {host: {one: }}\n"),
    Case("list of hosts", {}, "all.hosts", "a list where a mapping is wanted", hosts="all: {hosts: [one, two]}\n"),
    Case(
        "word in hosts.yml",
        {},
        "all.vars.keep_releases",
        "is read from `group_vars/all/*.yml` only",
        hosts="all: {hosts: {one: }, vars: {keep_releases: 3}}\n",
        good_hosts="all: {hosts: {one: }, vars: {ansible_port: 22}}\n",
    ),
]
