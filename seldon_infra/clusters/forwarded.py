"""A connection to a port of a pod that the API server carries: ``portforward`` of Kubernetes, over a WebSocket.

It comes out at the pod's own loopback interface, so it carries any protocol, and neither a NetworkPolicy nor a mesh
stands in its way; it takes the rights ``get`` and ``create`` on ``pods/portforward``. Each message begins with a byte
that names its channel, and the first one of a channel holds the port's number. Source: websocket.go in
pkg/streaming/portforward of k8s.io/cri-streaming.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seldon_infra.clusters.live import ANSWER_SECONDS, FORBIDDEN, Cluster
from seldon_infra.core.errors import ClusterNotReached, NotPermitted, SeldonInfraError

if TYPE_CHECKING:
    from websocket import WebSocket

PROTOCOL = "v4.channel.k8s.io"
DATA, TROUBLE = 0, 1
"""Channels of the first port: its bytes, and what went wrong with it."""
CHUNK_BYTES = 32 * 1024


class NotForwarded(SeldonInfraError):
    """The API server carries nothing to a pod's port."""


@dataclass(frozen=True)
class Forwarded:
    """A way to a pod's port, for one connection."""

    path: str
    """Of a socket in the file system, in a folder that only its owner may enter."""
    said: list[str] = field(default_factory=list)
    """What the pod's node said of a connection that failed."""


@contextmanager
def forwarded(at: Cluster, namespace: str, pod: str, port: int) -> Iterator[Forwarded]:
    """Carry one connection to a pod's port inside the block.

    Raises:
        NotPermitted: who asks may not.
        NotForwarded: the API server, or the pod's node, will not.
        ClusterNotReached: the API server gave no answer.
    """
    far = _opened(at, f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}", f"pod '{pod}'")
    ending, ended = socket.socketpair()
    with tempfile.TemporaryDirectory(prefix="seldon-") as folder, socket.socket(socket.AF_UNIX) as listening, ended:
        way = Forwarded(f"{folder}/pod")
        listening.bind(way.path)
        listening.listen(1)
        carrying = threading.Thread(target=_carry, args=(listening, far, ended, way.said), daemon=True)
        carrying.start()
        try:
            yield way
        finally:
            ending.close()
            carrying.join(ANSWER_SECONDS)


def _opened(at: Cluster, path: str, what: str) -> WebSocket:
    from kubernetes.stream.ws_client import get_websocket_url, websocket_proxycare
    from websocket import WebSocket, WebSocketBadStatusException, WebSocketException

    settings: Any = at.client.configuration
    _, url, headers, *_ = at.client.param_serialize("GET", path, auth_settings=["BearerToken"])
    sent = {**headers, "sec-websocket-protocol": PROTOCOL}
    told = {"header": [f"{name}: {value}" for name, value in sent.items()], "timeout": ANSWER_SECONDS}
    if settings.proxy:
        told = websocket_proxycare(told, settings, url, headers)  # type: ignore[no-untyped-call]
    opened = WebSocket(sslopt=_trust(settings))
    try:
        opened.connect(get_websocket_url(url), **told)  # type: ignore[no-untyped-call]
    except WebSocketBadStatusException as refused:
        said = _message(refused.resp_body or b"") or str(refused)
        if refused.status_code == FORBIDDEN:
            raise NotPermitted(f"{what} on cluster '{at.name}': {said}; ask for a Role with pods/portforward") from None
        raise NotForwarded(f"the API server does not forward to {what}: {said}") from None
    except (WebSocketException, OSError) as error:
        raise ClusterNotReached(at.name, at.host, str(error)) from None
    return opened


def _trust(settings: Any) -> dict[str, Any]:
    """Whom to trust as the API server, and how to show who asks."""
    checked = {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": settings.ssl_ca_cert}
    found = {
        **(checked if settings.verify_ssl else {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}),
        "certfile": settings.cert_file,
        "keyfile": settings.key_file,
        "server_hostname": settings.tls_server_name,
    }
    return {name: value for name, value in found.items() if value is not None}


def _carry(listening: socket.socket, far: WebSocket, ended: socket.socket, said: list[str]) -> None:
    """Carry the bytes of one connection both ways until one side ends, or nobody wants it any more."""
    from websocket import WebSocketException

    wire = _wire(far)
    with wire, suppress(OSError, WebSocketException):
        if listening not in select.select([listening, ended], [], [])[0]:
            return
        near, _ = listening.accept()
        with near:
            near.settimeout(ANSWER_SECONDS)
            begun: set[int] = set()
            while True:
                waiting = isinstance(wire, ssl.SSLSocket) and wire.pending()
                readable = [wire] if waiting else select.select([near, wire, ended], [], [])[0]
                if near in readable and not _sent(near, far):
                    return
                if wire in readable and not _received(near, far, begun, said):
                    return
                if ended in readable:
                    return


def _sent(near: socket.socket, far: WebSocket) -> bool:
    """Carry what is to be sent; tell whether there may be more."""
    data = near.recv(CHUNK_BYTES)
    if data:
        far.send_binary(bytes([DATA]) + data)
    return bool(data)


def _received(near: socket.socket, far: WebSocket, begun: set[int], said: list[str]) -> bool:
    """Carry what has come; tell whether there may be more."""
    from websocket import ABNF

    kind, message = far.recv_data(control_frame=True)
    if kind == ABNF.OPCODE_BINARY and message:
        channel, rest = message[0], message[1:]
        if channel not in begun:
            begun.add(channel)
        elif channel == DATA:
            near.sendall(rest)
        elif channel == TROUBLE:
            said.append(rest.decode(errors="replace").strip())
            return False
    return bool(kind != ABNF.OPCODE_CLOSE)


def _wire(far: WebSocket) -> socket.socket:
    """What a WebSocket that was opened is written to; it keeps it until it is closed."""
    assert far.sock is not None
    return far.sock


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()
