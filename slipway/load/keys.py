"""The keys of the Compose specification, and what becomes of each here. Every key that is only known passes through."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROOT = _words("version name include services models networks volumes secrets configs")
SERVICE = _words(
    """annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
    cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on deploy
    develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends
    external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels links
    logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks
    oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop privileged profiles
    provider pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
    stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
    volumes_from working_dir"""
)
DEPLOY = _words("""mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement""")
UPDATE = _words("parallelism delay failure_action monitor max_failure_ratio order")
HEALTHCHECK = _words("disable interval retries test timeout start_period start_interval")
NETWORK = _words("name driver driver_opts ipam external internal enable_ipv4 enable_ipv6 attachable labels")
VOLUME = _words("name driver driver_opts external labels")
SECRET = _words("name environment file external labels driver driver_opts template_driver")
MOUNT = _words("type source target read_only consistency bind volume tmpfs image")
MOUNT_OPTIONS = {
    "bind": _words("propagation create_host_path selinux recursive"),
    "volume": _words("nocopy subpath labels"),
    "tmpfs": _words("size mode"),
    "image": _words("subpath"),
}
PROPAGATIONS = _words("private rprivate shared rshared slave rslave")

IGNORED_ROOT = {
    "version": "Compose itself ignores it",
    "name": "the inventory names the stack",
}
IGNORED = {
    "build": "images are built and pushed before a deploy; hosts pull them",
    "develop": "it belongs to the laptop",
    "restart": "Slipway has its own rule: what serves starts again, nothing else does",
    "pull_policy": "images are pulled once, by digest",
    "pull_refresh_after": "images are pulled once, by digest",
}
IGNORED_DEPLOY = {
    "labels": "Compose gives them to no container",
    "restart_policy": "Slipway has its own rule: what serves starts again, nothing else does",
    "rollback_config": "what takes a release back is `x-slipway.watch`",
    "endpoint_mode": "it belongs to Swarm",
    "placement": "hosts are chosen by the inventory",
}
IGNORED_MOUNT = {
    **dict.fromkeys(("z", "Z", "selinux"), "Debian and Ubuntu have no SELinux labels"),
    **dict.fromkeys(("cached", "delegated", "consistent"), "it means nothing on Linux"),
    "create_host_path": "a bound path is always there: it is shipped with the release",
}
REFUSED_MOUNT = {
    "propagation": "remove it: what is bound is shipped with the release and holds no mounts",
    "recursive": "remove it: what is bound is shipped with the release and holds no mounts",
    "labels": "remove it: volumes are Slipway's to name and label",
}
REFUSED_NETWORK = {
    "name": "remove it: networks are Slipway's to name",
    "external": "remove it: stacks share no network; services of other stacks are reached at their domain",
    "driver_opts": "remove it: addresses and devices are Slipway's",
    "ipam": "remove it: Slipway allots addresses",
    "enable_ipv4": "remove it: Slipway allots addresses",
    "enable_ipv6": "remove it: containers have IPv4 addresses, the edge answers on IPv6",
    "attachable": "remove it: nothing joins a stack's network from outside",
    "labels": "remove it: networks are Slipway's to label",
}
REFUSED_NETWORK_USE = {
    "ipv4_address": "remove it: Slipway allots addresses; services reach each other by name",
    "ipv6_address": "remove it: Slipway allots addresses; services reach each other by name",
    "link_local_ips": "remove it: Slipway allots addresses",
    "mac_address": "remove it: replicas cannot share an address",
    "priority": "remove it: a network that is not `internal` has the default route",
    "gw_priority": "remove it: a network that is not `internal` has the default route",
    "interface_name": "remove it: containers name their interfaces",
    "driver_opts": "remove it: addresses and devices are Slipway's",
}
REFUSED_VOLUME = {
    "name": "remove it: volumes are Slipway's to name",
    "external": "remove it: the stack's own volume is made; copy the data into it once",
    "driver_opts": "remove it: volumes are folders of the host",
    "labels": "remove it: volumes are Slipway's to label",
}
REFUSED_SECRET = {
    "file": "write `environment: NAME` and give NAME a source under `secrets` in the inventory",
    **dict.fromkeys(
        ("name", "external", "labels", "driver", "driver_opts", "template_driver"),
        "remove it: the inventory says where a secret comes from",
    ),
}
REFUSED_SECRET_USE = dict.fromkeys(("uid", "gid", "mode"), "remove it: the service's user may read it")
REFUSED_ROOT = {
    "include": "write the services into this file",
    "configs": "bind a file of the stack's folder instead: `./app.conf:/etc/app.conf:ro`",
    "models": "run the model as a service",
}
REFUSED = {
    "container_name": "remove it: replicas and releases need names of their own",
    "env_file": "write `environment:` with `${NAME}` and give values in the inventory",
    "label_file": "write `labels:`",
    "extends": "use a YAML anchor: `<<: *app`",
    "links": "remove it: services reach each other by name, `depends_on` says the order",
    "external_links": "remove it: put both services into one stack",
    "volumes_from": "name the volume in both services",
    "scale": "write `deploy.replicas`",
    "configs": REFUSED_ROOT["configs"],
    "models": REFUSED_ROOT["models"],
    "provider": "run it as a service",
    "post_start": "use a service with `x-slipway.task`",
    "pre_start": "use a service with `x-slipway.task`",
    "pre_stop": "let the process answer SIGTERM within `stop_grace_period`",
    "gpus": "write `deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}`",
    "credential_spec": "remove it: it belongs to Windows",
    "isolation": "remove it: it belongs to Windows",
    "cpu_count": "write `cpus`: this one belongs to Windows",
    "cpu_percent": "write `cpus`: this one belongs to Windows",
    "mac_address": "remove it: replicas cannot share an address",
}
FIELDS = frozenset(["image", "networks", "volumes", "secrets", "depends_on", "profiles", "deploy", "stop_grace_period"])
