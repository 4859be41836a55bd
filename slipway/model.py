"""What a stack is: frozen types with their defaults and meanings.

The one source of the vocabulary: the loader reads its fields, the reference page is generated from its annotations, hosts
rebuild it from JSON. It knows no files, no hosts and no Docker.

Strings that reach Compose (`Service.compose`, images, mounts) are kept in Compose's own escaped form: `$$` is a dollar sign,
`${NAME}` a secret that only the host fills in. Nothing else is left to interpolate.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

Doc = str  # the second argument of Annotated: one sentence for people


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound on a number over a time: `over` or `under`, one of them.

    Ratios and percentiles are taken over the last `for_seconds`; gauges must stay beyond the bound for that long.
    """

    for_seconds: Annotated[int, "How long the bound must be broken."]
    over: Annotated[float | None, "Broken above this."] = None
    under: Annotated[float | None, "Broken below this."] = None


@dataclass(frozen=True, slots=True)
class Cors:
    """What the edge answers to requests of other origins."""

    origins: Annotated[tuple[str, ...], "Origins that may call, scheme included; empty = no other origin."] = ()
    methods: Annotated[tuple[str, ...], "Methods other origins may use."] = ("GET", "HEAD", "POST")
    headers: Annotated[tuple[str, ...], "Request headers other origins may send."] = ()
    credentials: Annotated[bool, "Whether they may send cookies and logins."] = False
    max_age_seconds: Annotated[int, "How long browsers remember what is allowed."] = 600


ReferrerPolicy = Literal[
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
]


@dataclass(frozen=True, slots=True)
class Headers:
    """Security headers on every answer of a domain, errors too."""

    content_security_policy: Annotated[str, "`strict`, or the policy's text."] = "strict"
    permissions_policy: Annotated[str, "`strict`, or the policy's text."] = "strict"
    report_only: Annotated[bool, "Report breaches of the content policy instead of blocking them."] = False
    frame_options: Annotated[Literal["deny", "sameorigin"], "Who may frame pages: `deny` or `sameorigin`."] = "deny"
    referrer_policy: Annotated[ReferrerPolicy, "What a link tells the next site about this one."] = (
        "strict-origin-when-cross-origin"
    )
    hsts_seconds: Annotated[int, "How long browsers insist on HTTPS; 0 = not at all."] = 31536000


@dataclass(frozen=True, slots=True)
class Access:
    """Who may reach a domain at all."""

    allow: Annotated[tuple[str, ...], "Networks or addresses that may come in; everybody if empty."] = ()
    password: Annotated[str | None, "Name of the secret that holds the password."] = None


@dataclass(frozen=True, slots=True)
class Domain:
    """A public name of the stack."""

    name: Annotated[str, "The public name; routes refer to the key."]
    redirect_from: Annotated[tuple[str, ...], "Names answered with a redirect (308) to this one, path and query kept."] = ()
    cors: Annotated[Cors, "What pages of other origins may ask."] = Cors()
    headers: Annotated[Headers, "Security headers on every answer, errors too."] = Headers()
    access: Annotated[Access, "Addresses or a password in front of the domain."] = Access()


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a client may make; above it the edge answers 429 with `Retry-After`."""

    requests: Annotated[int, "Requests per `per_seconds`."] = 10
    per_seconds: Annotated[Literal[1, 60], "Unit of `requests`: a second or a minute."] = 1
    burst: Annotated[int, "Requests allowed at once above the rate, for pages that load many files."] = 20
    by: Annotated[str, "Who counts as one client: `address`, or `header:<name>` for a key that clients send."] = "address"


@dataclass(frozen=True, slots=True)
class Cache:
    """Answers kept at the edge."""

    seconds: Annotated[int, "How long an answer is fresh."]
    stale_seconds: Annotated[int, "How long an old answer may still be used while a new one is fetched."] = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A path of a domain that leads to a service."""

    domain: Annotated[str, "Key under the file's own `x-slipway.domains`."]
    port: Annotated[int, "Port the service listens on, on 0.0.0.0 inside its container."]
    path: Annotated[str, "Prefix of the path; the longest wins, and no two routes share domain and path."] = "/"
    strip_path: Annotated[bool, "Whether the service is asked for the path without this prefix."] = False
    protocol: Annotated[Literal["http", "grpc"], "What the service speaks."] = "http"
    websocket: Annotated[bool, "Whether clients may open WebSockets here."] = False
    idle_seconds: Annotated[int, "Longest silence on an open connection before the edge closes it."] = 75
    drain_seconds: Annotated[int, "How long connections may live on with the old release after a switch."] = 60
    timeout_seconds: Annotated[int, "Longest wait for the service's answer, then 504."] = 60
    body_mb: Annotated[int, "Largest request body; one byte more is answered with 413."] = 1
    buffering: Annotated[bool, "Whether the edge gathers answers before it sends them on; false for server-sent events."] = True
    rate: Annotated[Rate, "Limit per client; above it 429 with Retry-After."] = Rate()
    connections_per_address: Annotated[int, "Connections one address may hold open at the same time."] = 100
    sticky: Annotated[Literal["none", "address", "cookie"], "What keeps a client on one replica."] = "none"
    cache: Annotated[Cache | None, "Answers kept at the edge."] = None

    @property
    def streams(self) -> bool:
        """Say whether answers last: WebSockets, long polls, events."""
        return self.websocket or not self.buffering


@dataclass(frozen=True, slots=True)
class Health:
    """The question asked from the host: gate, watch and probe alike."""

    path: Annotated[str, "Path to ask; it must answer without a login."]
    port: Annotated[int | None, "Port to ask; the first route's port if absent."] = None
    status: Annotated[int, "Status that counts as healthy."] = 200
    contains: Annotated[str | None, "Text the body must contain."] = None
    json: Annotated[Mapping[str, Any], "Fields the JSON body must have, with these values."] = field(default_factory=dict)
    interval_seconds: Annotated[int, "Time between two questions."] = 5
    timeout_seconds: Annotated[int, "Longest wait for the answer."] = 5
    start_seconds: Annotated[int, "How long a fresh replica may take until it first answers well."] = 60
    failures: Annotated[int, "Bad answers in a row that make a replica unhealthy."] = 3


@dataclass(frozen=True, slots=True)
class Assets:
    """Hashed files taken out of the image; old and new are served together."""

    directory: Annotated[str, "Folder inside the image that holds them."]
    path: Annotated[str, "Path they are served under, such as /_next/static/."]


@dataclass(frozen=True, slots=True)
class Public:
    """Public values per environment, answered by the edge."""

    path: Annotated[str, "Path of the answer, such as /env.js; pages load it as a script."]
    values: Annotated[Mapping[str, str], "Names and values; everybody can read them."] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scale:
    """How many replicas run; without one of the three rules people change the number."""

    min: Annotated[int, "Least replicas; a deploy starts this many, or as many as people chose."]
    max: Annotated[int, "Most replicas; connections to stores are counted for this many."]
    cpu_ratio: Annotated[float | None, "Add a replica above this share of the CPU limit."] = None
    memory_ratio: Annotated[float | None, "Add a replica above this share of the memory limit."] = None
    queue_drain_seconds: Annotated[int | None, "Add workers while the queue would take longer than this."] = None
    down_after_seconds: Annotated[int, "Quiet time before a replica is taken away."] = 300


@dataclass(frozen=True, slots=True)
class Queue:
    """What a worker consumes."""

    store: Annotated[str, "Store that holds the queue."]
    system: Annotated[Literal["celery", "rq", "bullmq"], "Library whose queue it is."]
    names: Annotated[tuple[str, ...], "Names of the queues it takes jobs from."]
    concurrency: Annotated[int, "Jobs one replica does at the same time."] = 1


@dataclass(frozen=True, slots=True)
class Scrape:
    """Where a replica shows its metrics."""

    port: Annotated[int, "Port of the metrics, inside the stack's network; from outside it is 404."]
    path: Annotated[str, "Path of the metrics."] = "/metrics"


TaskWhen = Literal["start", "migrate", "verify", "released", "returned", "schedule", "demand"]


@dataclass(frozen=True, slots=True)
class Task:
    """A service that runs to its end."""

    when: Annotated[TaskWhen, "When it runs."]
    timeout_seconds: Annotated[int, "Longest run; then it is stopped and counts as failed."] = 300
    schedule: Annotated[str | None, "Five cron fields in the host's time zone; only with `when: schedule`."] = None
    overlap: Annotated[Literal["skip", "wait"], "What the next run does while one is still under way."] = "skip"
    destructive: Annotated[bool, "Whether it destroys data; then refused where `production: true`."] = False
    contracts: Annotated[tuple[str, ...], "Revisions of the schema that older releases cannot run with."] = ()
    current: Annotated[str, "Command that prints the revision the database has; for `when: migrate`."] = "alembic current"
    backup_first: Annotated[bool, "Whether its Postgres stores are dumped first; for `when: migrate`."] = False


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an object store."""

    public: Annotated[bool, "Whether everybody may read its objects."] = False
    cors_origins: Annotated[tuple[str, ...], "Origins whose pages may read it."] = ()


@dataclass(frozen=True, slots=True)
class Store:
    """A stateful service: in the base, replaced by no deploy."""

    engine: Annotated[
        Literal["postgres", "redis", "s3", "pooler", "other"], "What it is; each is checked and saved in its own way."
    ] = "other"
    max_connections: Annotated[int, "Connections the server allows; the declared `connections` of all services must fit."] = 100
    extensions: Annotated[tuple[str, ...], "Extensions the application needs; asserted, never made."] = ()
    slow_query_ms: Annotated[int, "Statements that take longer are logged."] = 500
    buckets: Annotated[Mapping[str, Bucket], "Buckets that are made and checked."] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a loss may cost: objectives, the method follows.

    Every store and every volume has a backup, or an exception with the reason.
    """

    rpo_seconds: Annotated[int, "Most time whose changes may be lost."] = 86400
    rto_seconds: Annotated[int, "Longest time until the data serves again."] = 14400
    drill: Annotated[Literal["daily", "weekly", "monthly"], "How often the off-site copy is restored as a check."] = "weekly"
    keep_days: Annotated[int, "Daily copies kept."] = 14
    keep_weeks: Annotated[int, "Weekly copies kept."] = 8
    keep_months: Annotated[int, "Monthly copies kept."] = 0


@dataclass(frozen=True, slots=True)
class Mount:
    """Something a container sees at a path."""

    type: Literal["volume", "bind", "tmpfs"]
    target: str
    source: str = ""
    read_only: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SecretUse:
    """A secret as a file inside a container."""

    source: str
    target: str


Kind = Literal["store", "task", "web", "scheduler", "worker"]


@dataclass(frozen=True, slots=True)
class Service:
    """One entry under `services:`, resolved.

    `compose` holds every Compose key that no field below names, in Compose's long form, to be passed through unchanged.
    `networks` maps a network to the aliases the team gave; `stop_grace_seconds` is Compose's `stop_grace_period`.
    """

    name: str
    image: str
    compose: Mapping[str, Any] = field(default_factory=dict)
    networks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    secrets: tuple[SecretUse, ...] = ()
    depends_on: Mapping[str, str] = field(default_factory=dict)
    profiles: tuple[str, ...] = ()
    replicas: int = 1
    order: Literal["start-first", "stop-first"] = "start-first"
    stop_grace_seconds: int = 10
    memory_mb: int = 0
    routes: Annotated[tuple[Route, ...], "Paths of domains that lead here; a service with a route is a web service."] = ()
    health: Annotated[Health | None, "The question that gate, watch and probe ask; required beside `routes`."] = None
    assets: Annotated[Assets | None, "Hashed files of old and new releases, served by the edge."] = None
    public: Annotated[Public | None, "Public values that differ per environment, so that one image is promoted unchanged."] = None
    scale: Annotated[Scale | None, "Bounds and rules for the number of replicas; excludes `deploy.replicas`."] = None
    queue: Annotated[Queue | None, "The queue this worker takes jobs from."] = None
    connections: Annotated[Mapping[str, int], "Most connections of one replica to each store."] = field(default_factory=dict)
    scrape: Annotated[Scrape | None, "Where each replica shows its metrics."] = None
    task: Annotated[Task | None, "Makes the service a task: it runs to its end at a moment you choose."] = None
    store: Annotated[Store | None, "Makes the service a store: part of the base, replaced by no deploy."] = None
    backup: Annotated[Backup | None, "What losing this service's data may cost."] = None
    exceptions: Annotated[Mapping[str, str], "Rule this service is excused from -> reason."] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """Say what the service is, in DESIGN's words."""
        if self.store is not None:
            return "store"
        if self.task is not None:
            return "task"
        if self.routes:
            return "web"
        return "scheduler" if self.order == "stop-first" else "worker"

    @property
    def replicas_max(self) -> int:
        """Return how many replicas are rendered."""
        return self.scale.max if self.scale else self.replicas

    @property
    def replicas_started(self) -> int:
        """Return how many replicas a deploy starts."""
        return self.scale.min if self.scale else self.replicas

    @property
    def route_ports(self) -> tuple[int, ...]:
        """Return the ports that routes lead to, each once, in order."""
        return tuple(sorted({route.port for route in self.routes}))

    @property
    def health_port(self) -> int:
        """Return the port the health question goes to."""
        asked = self.health.port if self.health else None
        return asked or self.routes[0].port


@dataclass(frozen=True, slots=True)
class Network:
    """A network of the stack; `internal` has no way out."""

    internal: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """What a release must prove after it went live."""

    seconds: Annotated[int, "How long a release is watched after go-live."] = 300
    standby: Annotated[Literal["warm", "cold"], "Old web containers run on, or are stopped, in that time."] = "warm"
    failed_checks: Annotated[int, "Bad answers in a row to the health question that take the release back."] = 3
    restarts: Annotated[int, "Restarts of a container in the window that take it back."] = 2
    min_errors: Annotated[int, "Fewer failed requests are too little to judge by a ratio."] = 5
    error_ratio: Annotated[Threshold, "Share of requests that fail."] = Threshold(over=0.05, for_seconds=60)
    p95_ms: Annotated[Threshold | None, "Milliseconds within which 95 % of requests are answered."] = None
    memory_mb: Annotated[Threshold | None, "Memory of a replica in MiB; not above its limit, where it could never fire."] = None
    memory_ratio: Annotated[Threshold, "Share of its memory limit that a replica uses."] = Threshold(over=0.9, for_seconds=60)
    metrics: Annotated[Mapping[str, Threshold], "Numbers of your own as triggers."] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Canary:
    """A share of the traffic that meets a release first."""

    percent: Annotated[int, "Share of clients that meet the new release first."]
    seconds: Annotated[int, "How long they alone meet it; then, where it holds, everybody does."]


@dataclass(frozen=True, slots=True)
class Metric:
    """A number of your own: `store` with `sql`, `promql`, or `task`, one of them."""

    store: Annotated[str | None, "Store that is asked, together with `sql`."] = None
    sql: Annotated[str | None, "Statement that returns one number."] = None
    promql: Annotated[str | None, "Expression over collected metrics."] = None
    task: Annotated[str | None, "Scheduled task whose last line is the number."] = None
    every_seconds: Annotated[int, "Time between two questions."] = 60


@dataclass(frozen=True, slots=True)
class Alert:
    """When to tell people."""

    metric: Annotated[str | None, "Number it is about, built in or of your own."] = None
    service: Annotated[str | None, "Service it is about; all if left out."] = None
    over: Annotated[float | None, "Broken above this."] = None
    under: Annotated[float | None, "Broken below this."] = None
    for_seconds: Annotated[int, "How long the bound must be broken."] = 60
    severity: Annotated[Literal["page", "warn", "info"], "Who is told: the inventory maps it to receivers."] = "warn"
    summary: Annotated[str, "One sentence for the person who is told."] = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """An instance of a Compose folder on an environment, fully resolved.

    `variables` are the values the file used; `secret_names` the secrets it refers to; `secret_files` maps a Compose secret to
    the name of the secret that fills it; `pins` maps an image (as the file names it) to its digest; `files` holds bind-mounted
    files of the folder (relative path -> text), `programs` those of them that may be run.
    """

    name: str
    services: Mapping[str, Service]
    networks: Mapping[str, Network] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    secret_files: Mapping[str, str] = field(default_factory=dict)
    secret_names: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()
    production: bool = False
    domains: Annotated[Mapping[str, Domain], "Public names of the stack; routes refer to the keys."] = field(default_factory=dict)
    watch: Annotated[Watch, "What a release must prove after go-live; whichever bound is broken takes it back."] = Watch()
    canary: Annotated[Canary | None, "Share of clients that meet every release first, and how long."] = None
    metrics: Annotated[Mapping[str, Metric], "Numbers of your own, for `watch` and `alerts`."] = field(default_factory=dict)
    alerts: Annotated[Mapping[str, Alert], "When to tell people."] = field(default_factory=dict)
    egress_ports: Annotated[tuple[int, ...], "TCP ports outside that app services may reach; empty = all but 25."] = ()
    mask_query: Annotated[tuple[str, ...], "Query values hidden in the edge's logs."] = ("token", "key", "signature")

    def of_kind(self, *kinds: Kind) -> list[Service]:
        """Return the services of these kinds, sorted by name."""
        return [self.services[name] for name in sorted(self.services) if self.services[name].kind in kinds]
