"""The gateway while it runs: its route files, moved into place one after the other and verified at each step.

Each deployment's route is a file of its own in ``routes.d``. A change compiles all of them into Envoy's two files:
first the clusters (new ones beside old ones), then the routes, then, when the old clusters' requests are done, the
clusters without the old ones. Envoy's admin socket says what it took; what it refused is put back.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seldon_infra.core import atomic
from seldon_infra.core.errors import LimitReached, PartNotFound, SeldonInfraError
from seldon_infra.ingress.render import envoy, envoy_start
from seldon_infra.ingress.render.envoy import Cluster
from seldon_infra.ingress.routes import Backend, Collector, Limits, Route
from seldon_infra.runtime.processes import Liveness, ProcessSpec, remove_if_empty, tail
from seldon_infra.runtime.records import known_fields
from seldon_infra.runtime.stack_dir import StackDir, make_private
from seldon_infra.runtime.supervisor import UnixConnection

FIRST_PORT = 8003
"""Where the search for a free port starts."""
SWITCH_SECONDS = 30.0
"""How long Envoy may take to take a file over; it needs milliseconds."""
LIVE_SECONDS = 30.0
"""How long to wait for Envoy to come back, when somebody has killed it a moment ago."""
ADMIN_SECONDS = 5.0
"""How long Envoy may take to answer a question about itself."""
LOG_SECONDS = 10.0
"""How long the log may take to tell what Envoy has counted."""
LIVE = Liveness("gateway", "/", silent_seconds=15.0, start_seconds=30.0)
"""Envoy answers every path, if only with 404."""
_REFUSED = " update rejected: "
_CDS, _RDS = "cluster_manager.cds", f"http.gateway.rds.{envoy.ROUTES}"


class RoutesRefused(SeldonInfraError):
    """Envoy does not take the routes; the ones before stay in force."""


@dataclass(frozen=True)
class Gateway:
    """The route files and the admin socket of one stack's Envoy."""

    stack: StackDir

    @property
    def folder(self) -> Path:
        """Where Envoy's files are."""
        return self.stack.gateway

    def prepare(self, port: int, limits: Limits, collector: Collector | None = None) -> None:
        """Write what Envoy is started with, and the routes as they are."""
        make_private(self.folder / "routes.d")
        _write(self.folder / "envoy.json", envoy_start.bootstrap(self.folder, port, limits, collector))
        self._write_routes(self.routes())

    def routes(self) -> list[Route]:
        """The routes of all deployments, by name."""
        files = sorted((self.folder / "routes.d").glob("*.json"))
        return [route for file in files if (route := read_route(file))]

    def route(self, namespace: str, name: str) -> Route | None:
        """The route of one deployment, None if it has none."""
        return read_route(self._route_file(namespace, name))

    def put(self, route: Route, drain_seconds: float) -> None:
        """Set a deployment's route; returns when Envoy follows it and what it replaced has no open request.

        The stack is locked for the switch alone: nobody waits for another deployment's long requests.

        Raises:
            RoutesRefused: Envoy does not take it; the routes are as before.
        """
        with self.stack.locked():
            before = self.routes()
            others = [other for other in before if other.prefix != route.prefix]
            leaving = self._switch(before, [*others, route], drain_seconds)
            _write(self._route_file(route.namespace, route.name), asdict(route))
        self._drain(leaving, drain_seconds)

    def remove(self, namespace: str, name: str, drain_seconds: float) -> None:
        """Take a deployment's route away; returns when its requests are done."""
        if not self.folder.exists():
            return
        leaving: list[Cluster] = []
        with self.stack.locked():
            file, before = self._route_file(namespace, name), self.routes()
            after = [route for route in before if (route.namespace, route.name) != (namespace, name)]
            if self.is_live():
                leaving = self._switch(before, after, drain_seconds)
            else:
                self._write_routes(after)
            file.unlink(missing_ok=True)
        self._drain(leaving, drain_seconds)
        with self.stack.locked():
            remove_if_empty(self.stack)

    def in_force(self, route: Route) -> bool:
        """Tell whether the files that Envoy reads still say what the deployment's route says."""
        routes = self.routes()
        # The whole of both files, for an entry that somebody has put before it takes a deployment's requests too.
        return (
            route in routes
            and _read(self.folder / "rds.json") == envoy.route_configuration(routes)
            and _read(self.folder / "cds.json") == envoy.clusters(routes, self._noted())
        )

    def starts_as(self, port: int, limits: Limits, collector: Collector | None = None) -> bool:
        """Tell whether the file that Envoy is started with is still what was written."""
        return _read(self.folder / "envoy.json") == envoy_start.bootstrap(self.folder, port, limits, collector)

    def is_live(self) -> bool:
        """Tell whether Envoy answers that it is ready."""
        try:
            return self._admin("/ready").strip() == "LIVE"
        except (OSError, http.client.HTTPException):
            return False

    def _switch(self, before: list[Route], after: list[Route], drain_seconds: float) -> list[Cluster]:
        """Let Envoy follow other routes; what comes back has open requests perhaps, and its clusters stay for now."""
        staying = {cluster.name for route in after for cluster in envoy.clusters_of(route)}
        leaving = [it for route in before for it in envoy.clusters_of(route) if it.name not in staying]
        retiring = {**self._retiring(), **dict.fromkeys(leaving, time.time() + drain_seconds)}
        self._write_retiring(retiring)
        try:
            self._move("cds.json", _CDS, envoy.clusters(after, retiring))
            self._move("rds.json", _RDS, envoy.route_configuration(after))
        except SeldonInfraError:
            self._write_routes(before)
            raise
        return leaving

    def _drain(self, leaving: list[Cluster], seconds: float) -> None:
        """Wait for the open requests of clusters that no route leads to, then take the clusters away."""
        if not leaving:
            return
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._open_requests([cluster.name for cluster in leaving]):
            time.sleep(0.05)
        with self.stack.locked():
            retiring = {it: until for it, until in self._retiring().items() if it not in leaving}
            self._write_retiring(retiring)
            if self.is_live():
                self._move("cds.json", _CDS, envoy.clusters(self.routes(), retiring))

    def _retiring(self) -> dict[Cluster, float]:
        """Clusters whose requests somebody is waiting for, and until when: a run that was killed waits no more."""
        return {cluster: until for cluster, until in self._noted().items() if until > time.time()}

    def _noted(self) -> dict[Cluster, float]:
        """All clusters that are noted as retiring; what is no such note is passed over."""
        rows = _read(self.folder / "retiring.json").get("clusters", ())
        return {Cluster(*row[:-1]): row[-1] for row in rows if len(row) == len(Cluster._fields) + 1}

    def _write_retiring(self, retiring: dict[Cluster, float]) -> None:
        _write(self.folder / "retiring.json", {"clusters": [[*it, until] for it, until in retiring.items()]})

    def _write_routes(self, routes: list[Route]) -> None:
        """Write both files without waiting for anybody to read them."""
        self._write_retiring(self._retiring())
        _write(self.folder / "rds.json", envoy.route_configuration(routes))
        _write(self.folder / "cds.json", envoy.clusters(routes, self._retiring()))

    def _move(self, name: str, stat: str, content: envoy.JsonDict) -> None:
        """Move a file into place and wait until Envoy says that it follows it."""
        file, before = self.folder / name, self._told(stat)
        if before.get("version_text") == content["version_info"] and _read(file) == content:
            return
        refusals = self._refusals()
        _write(file, content)
        version = str(content["version_info"])
        wait(lambda: self._took(stat, version, before, refusals), SWITCH_SECONDS, f"Envoy to follow {name}")

    def _told(self, stat: str) -> dict[str, str]:
        """Ask Envoy about one of its files, as soon as it is live: it may be killed between any two questions."""
        told: list[dict[str, str]] = []

        def tells() -> bool:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.is_live():
                    told.append(self._subscription(stat))
            return bool(told)

        wait(tells, LIVE_SECONDS, f"the gateway; its log is {self.stack.processes}/gateway-*/log")
        return told[0]

    def _took(self, stat: str, version: str, before: Mapping[str, str], refusals: Sequence[str]) -> bool:
        try:
            now = self._subscription(stat)
        except (OSError, http.client.HTTPException):
            # It is being restarted, and then it reads the file anyway.
            return False
        if now == before:
            return False
        if any(int(now.get(count, 0)) > int(before.get(count, 0)) for count in ("update_rejected", "update_failure")):
            raise RoutesRefused(f"the gateway refuses the routes, those before stay in force: {self._reason(refusals)}")
        return now.get("version_text") == version

    def _subscription(self, stat: str) -> dict[str, str]:
        """What Envoy says of one of its files: the version that it follows, and how often it read or refused it."""
        text = self._admin(
            f"/stats?filter=^{re.escape(stat)}\\.(version_text|update_attempt|update_rejected|update_failure)$"
        )
        rows = (line.rpartition(": ") for line in text.splitlines())
        return {name.rpartition(".")[2]: value.strip('"') for name, _, value in rows}

    def _reason(self, before: Sequence[str]) -> str:
        """Of routes that it refuses Envoy tells the reason to its log alone, which is written a moment later."""

        def new() -> list[str]:
            return [line for line in self._refusals() if line not in before]

        with contextlib.suppress(LimitReached):
            wait(lambda: bool(new()), LOG_SECONDS, "the gateway's log")
        return next((line.partition(_REFUSED)[2] for line in reversed(new())), "see the gateway's log")

    def _refusals(self) -> list[str]:
        """The lines of the log that tell of a refusal; each begins with its time."""
        lines = (line for file in self.stack.processes.glob("gateway-*/log") for line in tail(file))
        return [line for line in lines if _REFUSED in line]

    def _open_requests(self, names: list[str]) -> int:
        wanted = tuple(f"cluster.{envoy.statistics_name(name)}.upstream_rq_" for name in names)
        try:
            stats = json.loads(self._admin("/stats?format=json&filter=upstream_rq_(pending_)?active$"))["stats"]
        except (OSError, http.client.HTTPException):
            # Its open requests ended with it.
            return 0
        return sum(int(entry["value"]) for entry in stats if str(entry.get("name", "")).startswith(wanted))

    def _admin(self, path: str) -> str:
        connection = UnixConnection(self.folder / "admin.sock", ADMIN_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _route_file(self, namespace: str, name: str) -> Path:
        # An explainer's route is named by two parts of its path.
        return self.folder / "routes.d" / f"{namespace}.{name.replace('/', '~')}.json"


def process_spec(port: int | None) -> ProcessSpec:
    """The process that runs Envoy: on this port or on none, or on the first that is free."""
    return ProcessSpec(
        name="gateway",
        command=[
            "/bin/sh",
            "-c",
            # Two descriptors for each of a thousand clients need more than the usual 1,024.
            'ulimit -S -n 16384 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"; exec "$0" "$@"',
            envoy_binary(),
            "-c",
            "{dir}/../../gateway/envoy.json",
            "--disable-hot-restart",
            "--log-level",
            "warning",
            "--concurrency",
            "2",
        ],
        ports=("gateway",),
        first_port=port or FIRST_PORT,
        last_port=port,
        grace_seconds=10,
        live=LIVE,
    )


def envoy_binary() -> str:
    """Find Envoy's program in the package that brings it.

    Raises:
        PartNotFound: the package is not installed.
    """
    try:
        import envoy as package  # type: ignore[import-untyped]
    except ImportError:
        raise PartNotFound("Envoy", "install seldon-infra with the extra 'local'") from None
    return str(Path(package.__path__[0]) / "_bin" / "envoy")


def read_route(file: Path) -> Route | None:
    """Read one deployment's route file; None where there is none, or none that can be read."""
    raw = _read(file)
    try:
        backends = tuple(Backend(**known_fields(Backend, backend)) for backend in raw["backends"])
        lists = {name: tuple(raw[name]) for name in ("models", "transports")}
        return Route(**{**known_fields(Route, raw), **lists, "backends": backends})
    except (KeyError, TypeError):
        return None


def wait(probe: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask ``probe`` until it says yes; LimitReached after ``seconds``."""
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            raise LimitReached(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


def _write(file: Path, content: Mapping[str, object]) -> None:
    atomic.write(file, json.dumps(content, indent=1))


def _read(file: Path) -> dict[str, Any]:
    """A file's content; nothing where somebody has broken it or taken it away."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
