"""The words of a stack file that are read, checked and kept in every release, but that nothing carries out yet."""

from ..model import Route, Service, Stack, Watch


def not_carried_out(stack: Stack) -> list[str]:
    """Return them as people wrote them, such as `services.web.assets`, sorted."""
    root = {
        "watch": stack.watch != Watch(),
        "canary": stack.canary is not None,
        "metrics": bool(stack.metrics),
        "alerts": bool(stack.alerts),
        "egress_ports": bool(stack.egress_ports),
    }
    words = [f"x-slipway.{word}" for word, used in root.items() if used]
    for service in stack.services.values():
        words += [f"services.{service.name}.x-slipway.{word}" for word, used in _of_service(service).items() if used]
    return sorted(words)


def _of_service(service: Service) -> dict[str, bool]:
    scale, task, store = service.scale, service.task, service.store
    return {
        "assets": service.assets is not None,
        "public": service.public is not None,
        "scrape": service.scrape is not None,
        "backup": service.backup is not None,
        "scale.cpu_ratio": scale is not None and scale.cpu_ratio is not None,
        "scale.memory_ratio": scale is not None and scale.memory_ratio is not None,
        "scale.queue_drain_seconds": scale is not None and scale.queue_drain_seconds is not None,
        "task.schedule": task is not None and task.when == "schedule",
        "task.backup_first": task is not None and task.backup_first,
        "task.when: returned": task is not None and task.when == "returned",
        "store.buckets": store is not None and bool(store.buckets),
        "store.extensions": store is not None and bool(store.extensions),
        **{
            f"routes[{index}].{word}": used
            for index, route in enumerate(service.routes)
            for word, used in _of_route(route).items()
        },
    }


def _of_route(route: Route) -> dict[str, bool]:
    return {"cache": route.cache is not None, "sticky: cookie": route.sticky == "cookie"}
