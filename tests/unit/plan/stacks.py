"""A stack with one service of each kind, and releases of it."""

import dataclasses

from slipway.model import Domain, Health, Mount, Network, Route, Scale, SecretUse, Service, Stack, Store, Task
from slipway.placement import Placed, Placement
from slipway.plan.place import Images, Taken, place

BOTH = {"app": (), "data": ()}
HEALTHCHECK = {"test": ["CMD", "true"], "interval": "5s"}

API = Service(
    "api",
    "shop/app:1.0",
    {"healthcheck": HEALTHCHECK, "environment": {"KEY": "${SECRET_KEY}", "PRICE": "5$$"}},
    {"app": ("backend",), "data": ()},
    replicas=2,
    stop_grace_seconds=20,
    depends_on={"db": "service_healthy"},
    routes=(Route("site", 8000), Route("site", 8000, "/ws/", websocket=True, drain_seconds=300)),
    health=Health("/health", start_seconds=90),
)
WORKER = Service("worker", "shop/app:1.0", {"healthcheck": HEALTHCHECK}, {"data": ()}, stop_grace_seconds=120, scale=Scale(1, 3))
BEAT = Service(
    "beat",
    "shop/app:1.0",
    {},
    {"data": ()},
    (Mount("volume", "/var/lib/beat", "beat"),),
    order="stop-first",
    stop_grace_seconds=5,
)
MIGRATE = Service("migrate", "shop/app:1.0", {}, {"data": ()}, task=Task("migrate", 120))
SEED = Service("seed", "shop/app:1.0", {}, {"data": ()}, profiles=("tasks",), task=Task("demand"))
DB = Service(
    "db",
    "postgres:17",
    {"healthcheck": HEALTHCHECK},
    {"data": ("database",)},
    (Mount("volume", "/data", "pg"),),
    (SecretUse("password", "db_password"),),
    store=Store("postgres"),
)
SHOP = Stack(
    "shop",
    {service.name: service for service in (API, WORKER, BEAT, MIGRATE, SEED, DB)},
    {"app": Network(), "data": Network(internal=True)},
    ("pg", "beat"),
    secret_files={"password": "DB_PASSWORD"},
    secret_names=("DB_PASSWORD", "SECRET_KEY"),
    domains={"site": Domain("shop.example", ("www.shop.example",))},
)


def with_services(stack: Stack, *services: Service, without: tuple[str, ...] = ()) -> Stack:
    kept = {name: service for name, service in stack.services.items() if name not in without}
    return dataclasses.replace(stack, services=kept | {service.name: service for service in services})


def images_of(stack: Stack, digest: str = "a" * 64) -> Images:
    found = {name: f"{service.image.partition(':')[0]}@sha256:{digest}" for name, service in stack.services.items()}
    return Images(found, {"db": 999})


def release(number: int, stack: Stack = SHOP, previous: Placement | None = None, digest: str = "a" * 64) -> Placed:
    subnets = tuple(previous.subnets.values()) if previous else ()
    placement = place(stack, number, Taken(subnets), previous, images_of(stack, digest))
    return Placed(stack, dataclasses.replace(placement, secrets_generation=4, base_generation=2))
