"""The site of a stack on this host: what it says, where it is kept, and what brings it back where it is lost."""

from collections.abc import Mapping
from pathlib import Path

from ..placement import Placed
from ..plan import traffic
from ..plan.step import Step
from ..render.canary import Share
from ..render.site import site as render_site
from . import records
from .machine import Work
from .records import Release

TEMPLATE = Path(__file__).resolve().parents[2] / "nginx" / "site.conf.j2"


def site_of(work: Work, release: Release, share: Share | None = None) -> str:
    """Return the site of a release on this host, with a share of its visitors led to a canary."""
    if not release.stack.domains:
        return ""
    return render_site(release.stack, release.placement, work.machine.facts(), TEMPLATE.read_text(encoding="utf-8"), share)


def site_repairs(work: Work, current: Release) -> list[Step]:
    """Return what brings back a release's site and certificates, where they are lost or the host's own words changed."""
    own, shared = site_of(work, current), _shared(work, current)
    site = next(iter(shared.values()), own)
    if site == work.machine.nginx.site(work.folder.name) and not _lost_certificates(work, current):
        return []
    placed = Placed(current.stack, current.placement)
    kept = {work.folder.release(current.number) / "site.conf": own, **shared}
    return [_write_sites(kept), *_site_steps(site), *traffic.certificates(placed)]


def _shared(work: Work, current: Release) -> dict[Path, str]:
    """Return the site that is in force amid a canary, beside the release's own, which is again once that ends."""
    found = work.serving().canary
    if found is None:
        return {}
    tried = records.release(work.folder, found.number)
    share = Share(Placed(tried.stack, tried.placement), found.percent)
    return {work.folder.release(tried.number) / "canary.conf": site_of(work, current, share)}


def _lost_certificates(work: Work, current: Release) -> bool:
    return not all(work.machine.certificates.present(domain.name) for domain in current.stack.domains.values())


def _write_sites(texts: Mapping[Path, str]) -> Step:
    files = {str(path): text for path, text in texts.items()}
    return Step("write-site", "write", "keep the site as this host's edge wants it", arguments={"files": files})


def _site_steps(text: str) -> list[Step]:
    return [traffic.check_site(text), traffic.site(text)]
