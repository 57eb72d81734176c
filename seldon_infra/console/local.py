"""What runs of a stack on this machine: read from its routes and records, asked of its processes themselves.

Nothing of the user's program is run, so that the page shows what is there, and not what a definition says by now.
Files that have not changed are not read again: a page that is open asks every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from seldon_infra.console import exposition
from seldon_infra.console.drawing import Part, Predictor, drawing
from seldon_infra.console.masks import LOG_LINES, is_secret, masked
from seldon_infra.console.numbers import Count, Numbers, Window, as_row, together
from seldon_infra.console.updates import Updates
from seldon_infra.ingress.routes import Backend, Route
from seldon_infra.runtime.gateway import read_route
from seldon_infra.runtime.orchestrator.config import Config, Unit, read_config
from seldon_infra.runtime.processes import RECORD, Processes, Record, tail
from seldon_infra.runtime.stack_dir import StackDir
from seldon_infra.runtime.supervisor import ABSENT, ProgramState

GRAPH = "graph.json"
STATES_SECONDS = 1.5
"""How long what the supervisor said holds: it takes a while to say it of hundreds of processes."""
LOOK_SECONDS = 1.0
_ORDER = ("down", "starting", "unknown", "ok")
_SAID = {
    "RUNNING": ("ok", "running"),
    "STARTING": ("starting", "starting"),
    "BACKOFF": ("down", "crashed, starts again"),
    "STOPPING": ("starting", "stopping"),
    "FATAL": ("down", "given up after crashes"),
    "EXITED": ("down", "ended"),
    "STOPPED": ("down", "stopped"),
    "ABSENT": ("down", "not there"),
}
T = TypeVar("T")


class Remembered(Generic[T]):
    """What files say, read again only where they have changed."""

    def __init__(self, read: Callable[[Path], T | None]) -> None:
        self._read = read
        self._known: dict[Path, tuple[tuple[int, int], T | None]] = {}

    def of(self, files: Iterable[Path]) -> list[T]:
        """Give what can be read; what is no more there is forgotten."""
        known = {file: it for file in files if (it := self._one(file))}
        self._known = known
        return [said for _, said in known.values() if said is not None]

    def _one(self, file: Path) -> tuple[tuple[int, int], T | None] | None:
        try:
            stat = file.stat()
        except OSError:
            return None
        stamp = (stat.st_mtime_ns, stat.st_size)
        before = self._known.get(file)
        return before if before and before[0] == stamp else (stamp, self._read(file))


@dataclass(frozen=True)
class _Lane:
    """A predictor with the processes that it is made of."""

    backend: Backend
    graph: Part
    orchestrator: Record | None
    servers: Mapping[str, Record | None]
    """By node; None where nobody knows the process."""

    @property
    def processes(self) -> Iterator[tuple[str, Record | None]]:
        """Every process, by what it is to the predictor."""
        if self.orchestrator is not None:
            yield "orchestrator", self.orchestrator
        yield from self.servers.items()


@dataclass
class LocalSource:
    """A stack's folder, asked for the page."""

    stack: StackDir
    name: str
    updates: Updates
    _gateway: Window = field(default_factory=Window)
    _of: dict[str, Window] = field(default_factory=dict)
    _states: tuple[float, dict[str, ProgramState]] = (float("-inf"), {})

    def __post_init__(self) -> None:
        processes = Processes(self.stack)
        self._routes = Remembered(read_route)
        self._records = Remembered(lambda file: processes.record(file.parent.name))
        self._graphs: Remembered[tuple[str, Config]] = Remembered(_config)

    def overview(self) -> Mapping[str, Any]:
        """The stack and a row for each deployment."""
        routes, records = self._see()
        answers = self._look_at_gateway()
        numbers = self._gateway.numbers()
        ports = _by_port(records)
        configs = dict(self._graphs.of(self._folder(it) / GRAPH for it in records if GRAPH in it.spec.files))
        rows = [self._row(route, self._lanes(route, ports, configs), numbers) for route in routes]
        gateway = next((it for it in records if it.spec.name == "gateway"), None)
        notes = [] if answers or not records else ["The gateway does not answer: there are no numbers of requests."]
        return {
            **self._whose,
            "state": self._state(gateway)[0] if records else "gone",
            "said": "" if records else f"Nothing of it runs here. `pulumi up --stack {self.name}` starts it.",
            "notes": notes,
            "meaning": "Numbers are of the last minute, as the gateway sees them; errors are answers with status 5xx.",
            "deployments": rows,
            "processes": [self._process(it, it.spec.name) for it in records if _serves_all(it)],
            "updates": self.updates.latest(self._mark(routes, records)),
        }

    def deployment(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """One deployment with its picture and numbers."""
        routes, records = self._see()
        route = next((it for it in routes if (it.namespace, it.name) == (namespace, name)), None)
        if route is None:
            return None
        ports = _by_port(records)
        configs = dict(self._graphs.of(self._folder(it) / GRAPH for it in records if GRAPH in it.spec.files))
        lanes = self._lanes(route, ports, configs)
        self._look_at_gateway()
        numbers = self._numbers(route, lanes)
        sticky = (f"sticky by {route.sticky_header}",) if route.sticky_header else ()
        spoken = " and ".join({"rest": "REST", "grpc": "gRPC"}[each] for each in route.transports)
        states = dict(self._part_states(lanes))
        return {
            **self._whose,
            "namespace": namespace,
            "name": name,
            "protocol": route.protocol,
            "state": _worst(state for state, _ in states.values()),
            "notes": self._notes(lanes),
            "meaning": "Requests a second, share of failures and p99, over the last minute.",
            "drawing": drawing(f"{route.prefix}/", (spoken, *sticky), tuple(map(_drawn, lanes))),
            "numbers": {key: as_row(found) for key, found in numbers.items()},
            "states": states,
            "processes": [self._process(it, f"{lane.backend.name}/{what}") for lane in lanes
                          for what, it in lane.processes if it],
            "changes": sorted(self._changes(route, lanes), key=lambda it: -it["at"]),
        }  # fmt: skip

    def log(self, process: str) -> list[str] | None:
        """The last lines that a process wrote; values of its variables that are secret by their names are left out."""
        _, records = self._see()
        record = next((it for it in records if it.id == process), None)
        if record is None:
            return None
        hidden = [value for name, value in record.spec.environment.items() if is_secret(name, value)]
        return [masked(line, hidden) for line in tail(self._folder(record) / "log", LOG_LINES)]

    @property
    def _whose(self) -> Mapping[str, Any]:
        return {"stack": self.name, "where": "this machine"}

    def _see(self) -> tuple[list[Route], list[Record]]:
        routes = self._routes.of(sorted((self.stack.gateway / "routes.d").glob("*.json")))
        return routes, self._records.of(sorted(self.stack.processes.glob(f"*/{RECORD}")))

    def _mark(self, routes: list[Route], records: list[Record]) -> object:
        return (tuple(route.backends for route in routes), tuple(record.id for record in records))

    def _folder(self, record: Record) -> Path:
        return self.stack.processes / record.id

    def _look_at_gateway(self) -> bool:
        now = time.monotonic()
        if self._gateway.seen is not None and now - self._gateway.seen < LOOK_SECONDS:
            return True
        counts = exposition.gateway(self.stack)
        if counts is not None:
            self._gateway.look(now, counts)
        return counts is not None

    def _row(self, route: Route, lanes: list[_Lane], numbers: Mapping[str, Numbers]) -> Mapping[str, Any]:
        states = [self._state(it) for lane in lanes for _, it in lane.processes]
        up = sum(state == "ok" for state, _ in states)
        return {
            "namespace": route.namespace,
            "name": route.name,
            "protocol": route.protocol,
            "state": _worst(state for state, _ in states),
            "said": f"{up} of {len(states)} processes run",
            "numbers": as_row(self._whole(route, numbers)),
            "predictors": [[each.name, each.weight, each.shadow] for each in route.backends],
        }

    def _whole(self, route: Route, numbers: Mapping[str, Numbers]) -> Numbers | None:
        """What clients of a deployment got; what is copied to shadows is not theirs."""
        if self._gateway.seen is None or not self._gateway.ready:
            return None
        found = (numbers.get(f"{route.namespace}/{route.name}/{it.name}") for it in route.backends if not it.shadow)
        return together(found)

    def _lanes(self, route: Route, ports: Mapping[int, Record], configs: Mapping[str, Config]) -> list[_Lane]:
        return [_lane(route, backend, ports, configs) for backend in route.backends]

    def _numbers(self, route: Route, lanes: list[_Lane]) -> dict[str, Numbers]:
        """By predictor and node: an orchestrator's own counts, else the gateway's of a server that it asks itself."""
        window = self._of.setdefault(route.prefix, Window())
        now = time.monotonic()
        if window.seen is None or now - window.seen >= LOOK_SECONDS:
            window.look(now, dict(_counts(lanes)))
        self._of = {key: it for key, it in self._of.items() if it.seen is not None and now - it.seen < 120}
        found = window.numbers()
        forwarded = self._gateway.numbers()
        for lane in lanes:
            name, direct = lane.backend.name, forwarded.get(f"{route.namespace}/{route.name}/{lane.backend.name}")
            if lane.orchestrator is None and self._gateway.ready:
                found[name] = found[f"{name}/{lane.graph.name}"] = direct or Numbers(0.0, None, None)
            elif window.ready:
                for part in ("", *(f"/{node}" for node in lane.servers)):
                    found.setdefault(f"{name}{part}", Numbers(0.0, None, None))
        return found

    def _part_states(self, lanes: list[_Lane]) -> Iterator[tuple[str, tuple[str, str]]]:
        for lane in lanes:
            name, states = lane.backend.name, [self._state(it) for _, it in lane.processes]
            worst = _worst(state for state, _ in states)
            yield name, (worst, next((said for state, said in states if state == worst), ""))
            for node, server in lane.servers.items():
                yield f"{name}/{node}", self._state(server)

    def _notes(self, lanes: list[_Lane]) -> list[str]:
        direct = [lane.backend.name for lane in lanes if lane.orchestrator is None]
        if not direct:
            return []
        return [
            f"The gateway asks {', '.join(direct)} without an orchestrator: numbers are the gateway's, failures those "
            "with a status of 5xx, and what gRPC tells in its trailers is not among them."
        ]

    def _state(self, record: Record | None) -> tuple[str, str]:
        if record is None:
            return "unknown", "no process of this stack"
        return _SAID.get(self._program(record).state, ("unknown", "unknown"))

    def _program(self, record: Record) -> ProgramState:
        asked, states = self._states
        if time.monotonic() - asked > STATES_SECONDS or record.id not in states:
            _, records = self._see()
            states = Processes(self.stack).states(records)
            self._states = (time.monotonic(), states)
        return states.get(record.id, ABSENT)

    def _process(self, record: Record, title: str) -> Mapping[str, Any]:
        program, (state, said) = self._program(record), self._state(record)
        since = program.started if program.pid else None
        return {"id": record.id, "title": title, "state": state, "said": said, "pid": program.pid, "since": since}

    def _changes(self, route: Route, lanes: list[_Lane]) -> Iterator[dict[str, Any]]:
        file = self.stack.gateway / "routes.d" / f"{route.namespace}.{route.name}.json"
        shares = ", ".join(f"{each.name} {each.weight} %" for each in route.backends)
        if file.exists():
            yield {"at": file.stat().st_mtime, "what": "route", "said": shares}
        for lane in lanes:
            for what, record in lane.processes:
                if record and (program := self._program(record)).pid:
                    yield {"at": program.started, "what": "process", "said": f"{lane.backend.name}/{what} started"}


def _config(file: Path) -> tuple[str, Config] | None:
    try:
        return file.parent.name, read_config(file)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _by_port(records: list[Record]) -> dict[int, Record]:
    return {port: record for record in records for port in record.ports.values()}


def _lane(route: Route, backend: Backend, ports: Mapping[int, Record], configs: Mapping[str, Config]) -> _Lane:
    asked = ports.get(_port(backend.rest)) or ports.get(_port(backend.grpc))
    config = configs.get(asked.id) if asked else None
    if config is None:
        name = route.models[0] if route.models else backend.name
        return _Lane(backend, Part(name, "MODEL", (f"asked directly · {route.protocol}",)), None, {name: asked})
    servers = {it.name: ports.get(it.rest_port) or ports.get(it.grpc_port) for it in config.graph.served()}
    return _Lane(backend, _part(config.graph, config.protocol), asked, servers)


def _port(address: str) -> int:
    port = address.rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


def _part(unit: Unit, protocol: str) -> Part:
    served = unit.image.replace(":", " ", 1) or "server"
    said = f"{served} · {protocol}" if unit.rest_port or unit.grpc_port else "built in"
    return Part(unit.name, unit.type, (said,), tuple(_part(child, protocol) for child in unit.children))


def _drawn(lane: _Lane) -> Predictor:
    notes = ("1 replica", "through an orchestrator" if lane.orchestrator else "no orchestrator")
    return Predictor(lane.backend.name, lane.backend.weight, lane.backend.shadow, lane.graph, notes)


def _counts(lanes: list[_Lane]) -> Iterator[tuple[str, Count]]:
    for lane in lanes:
        if lane.orchestrator is not None:
            for node, count in exposition.orchestrators(lane.orchestrator.ports.get("http", 0)).items():
                yield f"{lane.backend.name}/{node}".rstrip("/"), count


def _serves_all(record: Record) -> bool:
    """Tell whether a process serves no single deployment: gateway, Prometheus, and hosts of models."""
    return GRAPH not in record.spec.files and not record.spec.host and "." not in record.spec.name


def _worst(states: Iterable[str]) -> str:
    return min(states, key=_ORDER.index, default="unknown")
