"""The gateway while it runs: its route files, moved into place one after the other and verified at each step.

Each deployment's route is a file of its own in ``routes.d``. A change compiles all of them into Envoy's two files:
first the clusters (new ones beside old ones), then the routes, then, when the old clusters' requests are done, the
clusters without the old ones. Envoy's admin socket says what it took; what it refused is put back.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from seldon_infra.core.errors import LimitReached, PartNotFound, SeldonInfraError
from seldon_infra.ingress.render import envoy
from seldon_infra.ingress.spec import Backend, Limits, Route
from seldon_infra.runtime import atomic
from seldon_infra.runtime.processes import ProcessSpec
from seldon_infra.runtime.stack_dir import StackDir, make_private
from seldon_infra.runtime.supervisor import UnixConnection

FIRST_PORT = 8003
"""Where the search for a free port starts."""
SWITCH_SECONDS = 15.0
"""How long Envoy may take to take a file over; it needs milliseconds."""
ADMIN_SECONDS = 5.0
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

    def prepare(self, port: int, limits: Limits) -> None:
        """Write what Envoy is started with, and the routes as they are."""
        make_private((self.folder / "routes.d"))
        _write(self.folder / "envoy.json", envoy.bootstrap(self.folder, port, limits))
        routes = self.routes()
        _write(self.folder / "cds.json", envoy.clusters(routes))
        _write(self.folder / "rds.json", envoy.route_configuration(routes))

    def routes(self) -> list[Route]:
        """The routes of all deployments, by name."""
        files = sorted((self.folder / "routes.d").glob("*.json"))
        return [read_route(file) for file in files]

    def route(self, namespace: str, name: str) -> Route | None:
        """The route of one deployment, None if it has none."""
        file = self._route_file(namespace, name)
        return read_route(file) if file.exists() else None

    def put(self, route: Route, drain_seconds: float) -> None:
        """Set a deployment's route; returns when Envoy follows it and what it replaced has no open request.

        Raises:
            RoutesRefused: Envoy does not take it; the routes are as before.
        """
        others = [other for other in self.routes() if other.prefix != route.prefix]
        self._switch([*others, route], drain_seconds)
        _write(self._route_file(route.namespace, route.name), asdict(route))

    def remove(self, namespace: str, name: str, drain_seconds: float) -> None:
        """Take a deployment's route away; returns when its requests are done."""
        self._route_file(namespace, name).unlink(missing_ok=True)
        if self.is_live():
            self._switch(self.routes(), drain_seconds)

    def in_force(self, route: Route) -> bool:
        """Tell whether the file that Envoy reads says what the deployment's route says."""
        try:
            there = json.loads((self.folder / "rds.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return False
        return bool(there == envoy.route_configuration(self.routes())) and asdict(route) in map(asdict, self.routes())

    def is_live(self) -> bool:
        """Tell whether Envoy answers that it is ready."""
        try:
            return self._admin("/ready").strip() == "LIVE"
        except (OSError, http.client.HTTPException):
            return False

    def _switch(self, routes: list[Route], drain_seconds: float) -> None:
        leaving = self._leaving(routes)
        self._move("cds.json", _CDS, envoy.clusters(routes, leaving))
        self._move("rds.json", _RDS, envoy.route_configuration(routes))
        if leaving:
            self._drain([name for name, _, _ in leaving], drain_seconds)
            self._move("cds.json", _CDS, envoy.clusters(routes))

    def _leaving(self, routes: Iterable[Route]) -> list[tuple[str, str, bool]]:
        staying = {key for route in routes for key in envoy.cluster_keys(route)}
        return [key for route in self.routes() for key in envoy.cluster_keys(route) if key not in staying]

    def _move(self, name: str, stat: str, content: envoy.JsonDict) -> None:
        """Move a file into place and wait until Envoy says that it follows it."""
        file, version = self.folder / name, content["version_info"]
        if self._stat(f"{stat}.version_text") == version and json.loads(file.read_text(encoding="utf-8")) == content:
            return
        before, refused = file.read_text(encoding="utf-8"), self._refusals(stat)
        _write(file, content)
        try:
            wait(lambda: self._took(stat, str(version), refused), SWITCH_SECONDS, f"Envoy to follow {name}")
        except SeldonInfraError:
            atomic.write(file, before)
            raise

    def _took(self, stat: str, version: str, refused: tuple[str, str]) -> bool:
        if self._refusals(stat) != refused:
            raise RoutesRefused(f"the gateway refuses the routes, those before stay in force: {self._reason()}")
        return self._stat(f"{stat}.version_text") == version

    def _refusals(self, stat: str) -> tuple[str, str]:
        return self._stat(f"{stat}.update_rejected"), self._stat(f"{stat}.update_failure")

    def _reason(self) -> str:
        return " ".join(re.findall(r'"details": "(.*?)"', self._admin("/config_dump"))) or "see the gateway's log"

    def _drain(self, names: list[str], seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._open_requests(names) and time.monotonic() < end:
            time.sleep(0.05)

    def _open_requests(self, names: list[str]) -> int:
        # Envoy writes a cluster's name into its statistics with every colon replaced.
        stats = json.loads(self._admin("/stats?format=json&filter=upstream_rq_active$"))["stats"]
        wanted = {f"cluster.{name.replace(':', '_')}.upstream_rq_active" for name in names}
        return sum(int(entry["value"]) for entry in stats if entry.get("name") in wanted)

    def _stat(self, name: str) -> str:
        text = self._admin(f"/stats?filter=^{re.escape(name)}$")
        return text.partition(": ")[2].strip().strip('"')

    def _admin(self, path: str) -> str:
        connection = UnixConnection(self.folder / "admin.sock", ADMIN_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _route_file(self, namespace: str, name: str) -> Path:
        return self.folder / "routes.d" / f"{namespace}.{name}.json"


def process_spec(port: int | None) -> ProcessSpec:
    """The process that runs Envoy, before its port is known."""
    return ProcessSpec(
        name="gateway",
        command=[
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
        grace_seconds=10,
    )


def envoy_binary() -> str:
    """Find Envoy's program in the package that brings it.

    Raises:
        PartNotFound: the package is not installed.
    """
    try:
        import envoy as package
    except ImportError:
        raise PartNotFound("Envoy", "install seldon-infra with the extra 'local'") from None
    return str(Path(package.__path__[0]) / "_bin" / "envoy")


def read_route(file: Path) -> Route:
    """Read one deployment's route file."""
    raw = json.loads(file.read_text(encoding="utf-8"))
    return Route(**{**raw, "backends": tuple(Backend(**backend) for backend in raw["backends"])})


def wait(probe: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask ``probe`` until it says yes; LimitReached after ``seconds``."""
    end = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > end:
            raise LimitReached(f"waited {seconds:g} s for {what}")
        time.sleep(0.02)


def _write(file: Path, content: envoy.JsonDict | dict[str, object]) -> None:
    atomic.write(file, json.dumps(content, indent=1))
