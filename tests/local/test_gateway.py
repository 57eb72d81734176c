"""The real Envoy before real backends: what it lets through, what it refuses, and in which words."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import grpc
import pytest

from seldon_infra.ingress.render.envoy import STATISTICS_PATH, clusters_of
from seldon_infra.ingress.render.envoy import statistics_name as envoy_name
from seldon_infra.ingress.routes import Limits
from seldon_infra.runtime.gateway import RoutesRefused
from seldon_infra.runtime.processes import Record
from tests.engine.waiting import wait_until
from tests.local.backend import LARGEST_MESSAGE_BYTES, SLEEP
from tests.local.scene import (
    INFER,
    Answer,
    Scene,
    ask,
    behind,
    call,
    held,
    listening,
    load,
    processes_below,
    raw,
    received,
)

pytestmark = pytest.mark.local

LIMITS = Limits(max_body_bytes=1 << 20)
IMPATIENT = Limits(headers_seconds=1.0, request_seconds=2.0)
FOR_D = (("seldon", "d"), ("namespace", "ns"))
ADMIN_PATHS = (
    "v2/repository/index",
    "v2/repository/models/m/load",
    "v2/repository/models/m/unload",
    "v2/models/m/repository/load",
    "v2/systemsharedmemory/status",
    "v2/systemsharedmemory/region/x/register",
    "v2/cudasharedmemory/region/x/register",
    "v2/trace/setting",
    "v2/models/m/trace/setting",
    "v2/logging",
    "v2/models/m/versions/1/infer",
    "v2/models/m/stats",
    "metrics",
    "docs",
    "v2/docs",
)
ADMIN_METHODS = (
    "RepositoryIndex",
    "RepositoryModelLoad",
    "RepositoryModelUnload",
    "SystemSharedMemoryRegister",
    "CudaSharedMemoryRegister",
    "SystemSharedMemoryStatus",
    "TraceSetting",
    "LogSettings",
    "ModelStreamInfer",
    "ModelConfig",
    "ModelStatistics",
)


@dataclass
class Two:
    """A gateway with two backends behind it."""

    scene: Scene
    a: Record
    b: Record


@pytest.fixture(scope="module")
def running(new_scene: Callable[[], Scene]) -> Two:
    scene = new_scene()
    scene.start_gateway(LIMITS)
    return Two(scene, scene.backend("a"), scene.backend("b"))


@pytest.fixture(scope="module")
def impatient(new_scene: Callable[[], Scene], running: Two) -> Scene:
    """A gateway that waits for no request for long, before one of the same backends."""
    scene = new_scene()
    scene.start_gateway(IMPATIENT)
    scene.put(behind(running.a))
    return scene


@pytest.fixture
def two(running: Two) -> Iterator[Two]:
    """All requests go to `a`; a test may put another route."""
    running.scene.put(behind(running.a), models=("m", "d"), drain_seconds=0)
    yield running
    answer = running.scene.ask()
    assert answer.status in (200, 404, 503), "the gateway still serves"


def refused(answer: Answer) -> str:
    """The message of a refusal, which has the shape of both protocols."""
    assert answer.headers["content-type"] == "application/json"
    said = answer.json
    assert said["status"]["code"] == answer.status
    assert said["status"]["status"] == "FAILURE"
    assert said["error"], "an error says something"
    return str(said["error"])


@pytest.mark.parametrize("orchestrated", [True, False])
def test_the_paths_of_protocol_v2_reach_the_model(two: Two, orchestrated: bool) -> None:
    """An orchestrator knows all names; a server that is asked directly knows its own alone."""
    two.scene.put(behind(two.a), models=("m", "d"), orchestrated=orchestrated)
    found = {
        path: two.scene.ask(f"/seldon/ns/d{path}", method).json["path"]
        for method, path in [
            ("POST", "/v2/models/m/infer"),
            ("POST", "/v2/models/d/infer"),
            ("POST", "/v2/models/infer"),
            ("GET", "/v2/models/m"),
            ("GET", "/v2/models/d/ready"),
            ("GET", "/v2/health/ready"),
            ("GET", "/v2/health/live"),
        ]
    }
    if orchestrated:
        assert found == {path: path for path in found}
    else:
        assert found == {
            "/v2/models/m/infer": "/v2/models/m/infer",
            "/v2/models/d/infer": "/v2/models/m/infer",
            "/v2/models/infer": "/v2/models/m/infer",
            "/v2/models/m": "/v2/models/m",
            "/v2/models/d/ready": "/v2/models/m/ready",
            "/v2/health/ready": "/v2/health/ready",
            "/v2/health/live": "/v2/health/live",
        }


def test_the_paths_of_protocol_seldon_reach_the_graph(two: Two) -> None:
    two.scene.put(behind(two.a), protocol="seldon", models=())
    for method, path in [
        ("POST", "/api/v1.0/predictions"),
        ("POST", "/api/v1.0/feedback"),
        ("GET", "/api/v1.0/metadata"),
        ("GET", "/api/v1.0/metadata/x"),
        ("GET", "/api/v1.0/health/status"),
    ]:
        assert two.scene.ask(f"/seldon/ns/d{path}", method).json["path"] == path
    assert two.scene.ask("/seldon/ns/d/api/v1.0/predictions", "GET").status == 404
    assert two.scene.ask(INFER).status == 404


def test_a_query_and_a_merged_slash_change_nothing(two: Two) -> None:
    assert two.scene.ask(INFER + "?x=1").status == 200
    assert two.scene.ask(INFER.replace("/v2", "//v2")).json["path"] == "/v2/models/m/infer"


def test_the_description_of_the_api_is_served(two: Two) -> None:
    two.scene.put(behind(two.a), page="<h1>d</h1>", openapi='{"openapi": "3.0.3"}')
    page = two.scene.ask("/seldon/ns/d/api/v1.0/doc/", "GET", None)
    assert (page.status, page.body) == (200, b"<h1>d</h1>")
    assert page.headers["content-type"].startswith("text/html")
    document = two.scene.ask("/seldon/ns/d/api/v1.0/doc/openapi.json", "GET", None)
    assert document.json == {"openapi": "3.0.3"}


def test_grpc_goes_by_its_headers(two: Two) -> None:
    answer, headers = two.scene.call()
    assert answer == "a /inference.GRPCInferenceService/ModelInfer"
    assert headers["x-seldon-predictor"] == "main"
    with pytest.raises(grpc.RpcError) as other:
        two.scene.call(seldon="nobody")
    assert other.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_an_unknown_deployment_path_model_or_method_is_not_found(two: Two) -> None:
    assert "no such deployment" in refused(two.scene.ask("/seldon/ns/other/v2/models/m/infer"))
    assert "its models: m, d" in refused(two.scene.ask("/seldon/ns/d/v2/models/x/infer"))
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert two.scene.ask(INFER, method).status == 404


@pytest.mark.parametrize("path", ADMIN_PATHS)
def test_admin_paths_of_the_servers_are_out_of_reach(two: Two, path: str) -> None:
    """Row 48."""
    for method in ("GET", "POST"):
        for asked in (f"/seldon/ns/d/{path}", f"/{path}", f"/seldon/ns/d/v2/models/m/../../../{path}"):
            assert two.scene.ask(asked, method).status == 404, asked


@pytest.mark.parametrize("method", ADMIN_METHODS)
def test_admin_methods_of_the_servers_are_out_of_reach(two: Two, method: str) -> None:
    """Row 48, gRPC."""
    with pytest.raises(grpc.RpcError) as error:
        two.scene.call(f"inference.GRPCInferenceService/{method}")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "deployment 'd' has no such method" in error.value.details()
    assert "{" not in error.value.details()


def test_other_grpc_services_are_out_of_reach(two: Two) -> None:
    """Row 48: reflection, health and the service that loads models in MLServer."""
    for method in (
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "grpc.health.v1.Health/Check",
        "inference.model_repository.ModelRepositoryService/RepositoryModelLoad",
    ):
        with pytest.raises(grpc.RpcError) as error:
            two.scene.call(method)
        assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_paths_that_climb_or_hide_a_slash_are_refused(two: Two) -> None:
    """Row 47."""
    assert two.scene.ask("/seldon/ns/d/../../../etc/passwd", "GET").status == 404
    for path in ("/seldon/ns/d/..%2f..%2fx", "/seldon/ns%2fd/x", "/seldon/ns/d/..%5cx", "/seldon/ns/d/%2e%2e%2f"):
        answer = two.scene.ask(path)
        assert answer.status == 400, path
        refused(answer)


def test_underscore_headers_are_refused(two: Two) -> None:
    """Row 47: a server that reads `x_user` as `x-user` can't be tricked."""
    answer = two.scene.ask(headers={"x_user": "root"})
    assert answer.status == 400
    refused(answer)


def test_too_many_or_too_long_headers_are_refused(two: Two) -> None:
    """Row 47."""
    assert two.scene.ask(headers={f"x-{number}": "1" for number in range(150)}).status == 431
    assert two.scene.ask(headers={"x-long": "1" * 40_000}).status == 431


MALFORMED = [
    b"\r\n\r\nGARBAGE\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST / HTTP/9.9\r\nhost: a\r\n\r\n",
    b"POST /a HTTP/1.1\r\nno-colon\r\n\r\n",
    b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n",
    b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"POST /a HTTP/1.1\r\n\r\n",
    b"POST /a HTTP/1.1\r\nhost: a\r\nx: \x00\r\n\r\n",
    b"\x00\x01\x02\x03\r\n\r\n",
]


@pytest.mark.parametrize("sent", MALFORMED)
def test_malformed_requests_are_refused(two: Two, sent: bytes) -> None:
    """Row 46: 400 and the connection closes."""
    answer = raw(two.scene.port, sent)
    assert answer.split(b" ")[1][:3] in (b"400", b"426"), answer


def test_broken_http2_ends_that_connection_only(two: Two) -> None:
    """Row 46."""
    assert b"200" not in raw(two.scene.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100)


def test_a_large_body_is_refused_by_its_announced_length(two: Two) -> None:
    """Row 43: 100 MB with Content-Length; the answer comes although the body has not been sent."""
    with socket.create_connection(("127.0.0.1", two.scene.port), timeout=60) as connection:
        head = f"POST {INFER} HTTP/1.1\r\nhost: a\r\ncontent-length: {100 << 20}\r\n\r\n"
        connection.sendall(head.encode())
        answered = push(connection, b"x" * 65536, 100 << 20)
    assert b" 413 " in answered.splitlines()[0]


def test_a_large_body_is_refused_while_it_is_streamed(two: Two) -> None:
    """Row 43: 100 MB in chunks, so without an announced length."""
    with socket.create_connection(("127.0.0.1", two.scene.port), timeout=60) as connection:
        connection.sendall(f"POST {INFER} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        answered = push(connection, b"10000\r\n" + b"x" * 65536 + b"\r\n", 100 << 20)
    assert b" 413 " in answered.splitlines()[0]


def test_a_body_at_the_limit_passes(two: Two) -> None:
    assert two.scene.ask(body=b"x" * LIMITS.max_body_bytes).json["size"] == LIMITS.max_body_bytes


def push(connection: socket.socket, piece: bytes, total: int) -> bytes:
    """Send pieces until the other side answers or has had enough."""
    sent = 0
    connection.setblocking(False)
    import select

    while sent < total:
        readable, writable, _ = select.select([connection], [connection], [], 60)
        if readable:
            break
        assert writable, "neither answered nor read"
        try:
            sent += connection.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            break
    connection.settimeout(60)
    assert sent < total, "all of it was taken"
    return received(connection)


def test_a_large_grpc_message_is_refused(two: Two) -> None:
    """Row 43, gRPC: by the server, since a gateway's 413 is UNKNOWN to a gRPC client."""
    with pytest.raises(grpc.RpcError) as error:
        two.scene.call(body=b"x" * (LARGEST_MESSAGE_BYTES + 1))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "{" not in (error.value.details() or "")


def test_a_grpc_message_at_the_servers_limit_passes_and_is_copied_to_a_shadow(two: Two) -> None:
    two.scene.put(behind(two.a), behind(two.b, "shadow", shadow=True))
    body = b"x" * (LARGEST_MESSAGE_BYTES - 100)
    assert two.scene.call(body=body)[0].startswith("a ")
    shadow = f"cluster.{envoy_name(f'ns/d/shadow/grpc/{behind(two.b).grpc}')}"
    wait_until(lambda: stat(two.scene, f"{shadow}.upstream_rq_200") == "1")
    assert int(stat(two.scene, f"{shadow}.upstream_cx_tx_bytes_total")) > len(body)


def test_an_encoded_body_is_refused(two: Two) -> None:
    """Row 43: MLServer would gunzip it without a bound."""
    for encoding in ("gzip", "deflate", "br", "identity, gzip", "GZIP", ""):
        answer = two.scene.ask(headers={"content-encoding": encoding})
        assert answer.status == 415, encoding
        assert "Content-Encoding" in refused(answer)
    assert two.scene.ask(headers={"content-encoding": "identity"}).status == 200


def test_an_encoded_grpc_message_is_refused(two: Two) -> None:
    """Row 43: a server would inflate it."""
    with (
        grpc.insecure_channel(f"127.0.0.1:{two.scene.port}", compression=grpc.Compression.Gzip) as channel,
        pytest.raises(grpc.RpcError) as error,
    ):
        call(channel, body=b"0" * 100_000)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "compress" in error.value.details()


def test_slow_headers_end_with_408(impatient: Scene) -> None:
    """Row 44."""
    assert b" 408 " in raw(impatient.port, b"POST / HTTP/1.1\r\nhost: a\r\n").splitlines()[0]


def test_a_slow_body_ends_with_408(impatient: Scene) -> None:
    """Row 44."""
    sent = f"POST {INFER} HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nx"
    answer = raw(impatient.port, sent.encode())
    assert b" 408 " in answer.splitlines()[0]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"]["status"] == "FAILURE"


def test_headers_that_trickle_in_over_http2_end_the_stream(impatient: Scene) -> None:
    """Row 44: a HEADERS frame without its end, then nothing."""
    with http2(impatient.port) as connection:
        connection.sendall(frame(HEADERS, 0, 1, HEAD))
        assert ended(connection, 1), "the gateway gave it up"


def test_a_message_that_trickles_in_over_http2_ends_the_stream(impatient: Scene) -> None:
    """Row 44: whole headers, the beginning of a gRPC message, then nothing."""
    with http2(impatient.port) as connection:
        connection.sendall(frame(HEADERS, END_HEADERS, 1, HEAD) + frame(DATA, 0, 1, b"\0\0\0\0\x64x"))
        assert ended(connection, 1), "the gateway gave it up"


DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame of HTTP/2 (RFC 9113, section 4.1)."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def field(name: str, value: str) -> bytes:
    """A header as HPACK writes it without any table (RFC 7541, section 6.2.2)."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


HEAD = b"".join(
    field(name, value)
    for name, value in {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/inference.GRPCInferenceService/ModelInfer",
        ":authority": "d",
        "content-type": "application/grpc",
        "te": "trailers",
        "seldon": "d",
        "namespace": "ns",
    }.items()
)


@contextmanager
def http2(port: int) -> Iterator[socket.socket]:
    """A connection that has begun to speak HTTP/2."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(PREFACE + frame(SETTINGS, 0, 0, b""))
        yield connection


def ended(connection: socket.socket, stream: int) -> bool:
    """Read frames until one ends the stream, or the connection ends."""
    with connection.makefile("rb") as file:
        while head := file.read(9):
            payload = file.read(int.from_bytes(head[:3], "big"))
            kind, flags, of = head[3], head[4], int.from_bytes(head[5:9], "big")
            if kind == GOAWAY:
                return int.from_bytes(payload[4:8], "big") == 0
            if of == stream and (kind == RST_STREAM or (kind in (DATA, HEADERS) and flags & END_STREAM)):
                return True
    return True


def test_one_byte_chunks_are_gathered_before_a_server_sees_them(two: Two) -> None:
    """Row 45: the servers get one body, and the size stays bounded."""
    head = f"POST {INFER} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    answer = raw(two.scene.port, head + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"size": 20000' in answer
    with socket.create_connection(("127.0.0.1", two.scene.port), timeout=60) as connection:
        connection.sendall(head)
        assert b" 413 " in push(connection, b"1\r\nx\r\n" * 10_000, 60 << 20).splitlines()[0]


def test_more_than_a_hundred_streams_wait_their_turn(two: Two) -> None:
    """Row 47: one HTTP/2 connection has at most 100 streams at once; the others follow."""
    with grpc.insecure_channel(f"127.0.0.1:{two.scene.port}") as channel:
        method = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        with held(two.scene.pid(two.a)):
            calls = [method.future(b"", timeout=60, metadata=FOR_D) for _ in range(150)]
            seen = [0, 0]

            def no_more_come() -> bool:
                seen.append(int(stat(two.scene, "http.gateway.downstream_rq_active")))
                return seen[-1] == seen[-2] >= 100

            wait_until(no_more_come)
            assert seen[-1] <= 101
        assert all(each.code() is grpc.StatusCode.OK for each in calls)


def test_the_admin_interface_is_a_socket_for_the_owner_alone(two: Two) -> None:
    mode = (two.scene.stack.gateway / "admin.sock").stat().st_mode
    assert mode & 0o777 == 0o600


def test_what_it_counts_is_the_one_page_of_the_admin_interface_on_its_port(two: Two) -> None:
    assert two.scene.ask(body=b"{}" * 50).status == 200
    name = envoy_name(clusters_of(two.scene.gateway.routes()[0])[0].name)
    metrics = ("upstream_rq_total", "upstream_rq_time_count", "upstream_rq_body_size_sum")
    wanted = {f'envoy_cluster_{metric}{{envoy_cluster_name="{name}"}}' for metric in metrics}

    def page() -> str:
        return two.scene.ask(f"{STATISTICS_PATH}?usedonly", "GET").body.decode()

    # Envoy gathers what its threads measured every five seconds.
    wait_until(lambda: all(series in page() for series in wanted))
    assert two.scene.ask(STATISTICS_PATH, "POST").status == 404
    for path in (f"{STATISTICS_PATH}/../../quitquitquit", "/stats", "/config_dump", f"{STATISTICS_PATH}/"):
        assert two.scene.ask(path, "GET").status == 404


def test_all_listens_on_loopback_only(two: Two) -> None:
    found = listening(processes_below(two.scene.stack.root))
    expected = {two.scene.port, *two.a.ports.values(), *two.b.ports.values()}
    assert {port for _, port in found} == expected, "no TCP port for the admin interface"
    assert {address for address, _ in found} == {"127.0.0.1"}


def test_weights_are_kept(two: Two) -> None:
    """600 requests at 80 to 20: five standard deviations are 49."""
    two.scene.put(behind(two.a, "main", 80), behind(two.b, "canary", 20))
    seen = Counter(two.scene.ask().predictor for _ in range(600))
    assert abs(seen["canary"] - 120) <= 49
    assert seen.total() == seen["canary"] + seen["main"]
    with grpc.insecure_channel(f"127.0.0.1:{two.scene.port}") as channel:
        called = Counter(call(channel)[1]["x-seldon-predictor"] for _ in range(600))
    assert abs(called["canary"] - 120) <= 49


def test_a_weight_of_nothing_gets_nothing(two: Two) -> None:
    two.scene.put(behind(two.a, "main", 100), behind(two.b, "canary", 0))
    assert Counter(two.scene.ask().predictor for _ in range(100)) == {"main": 100}


def requests_of(record: Record) -> int:
    return int(ask(record.ports["http"], "/count", "GET", None).json["requests"])


def test_a_shadow_gets_copies_and_never_answers(two: Two) -> None:
    two.scene.put(behind(two.a), behind(two.b, "shadow", shadow=True))
    before = requests_of(two.b)
    assert {two.scene.ask().json["name"] for _ in range(20)} == {"a"}
    wait_until(lambda: requests_of(two.b) == before + 20)


def test_a_shadow_gets_its_share_of_copies_alone(two: Two) -> None:
    """300 requests and 20 %: 60 copies expected, five standard deviations are 35."""
    two.scene.put(behind(two.a), behind(two.b, "shadow", 20, shadow=True))
    # Another test's shadow had the same name, and may be counted on.
    copies = f"cluster.{envoy_name(f'ns/d/shadow/rest/{behind(two.b).rest}')}.upstream_rq_completed"
    before, counted = requests_of(two.b), int(stat(two.scene, copies))
    for _ in range(300):
        assert two.scene.ask().json["name"] == "a"
    wait_until(lambda: int(stat(two.scene, copies)) - counted == requests_of(two.b) - before)
    assert abs(requests_of(two.b) - before - 60) <= 35


def stat(scene: Scene, name: str) -> str:
    return scene.gateway._admin(f"/stats?filter=^{re.escape(name)}$").rpartition(": ")[2].strip() or "0"


def in_flight(scene: Scene, cluster: str) -> int:
    """How many requests a cluster has taken; one that just got its connection may count as waiting for it, too."""
    return int(stat(scene, f"cluster.{envoy_name(cluster)}.upstream_rq_active"))


def test_a_slow_shadow_slows_nobody(two: Two) -> None:
    two.scene.put(behind(two.a), behind(two.b, "shadow", shadow=True))
    with held(two.scene.pid(two.b)):
        assert {two.scene.ask().status for _ in range(20)} == {200}


def test_a_shadow_that_is_gone_hurts_nobody(two: Two) -> None:
    gone = two.scene.backend("gone")
    two.scene.put(behind(two.a), behind(gone, "shadow", shadow=True))
    two.scene.processes.remove(gone.id)
    assert {two.scene.ask().status for _ in range(20)} == {200}
    assert two.scene.call()[0].startswith("a ")


def by_user(scene: Scene, users: int) -> dict[str, str]:
    return {f"u{n}": scene.ask(headers={"x-user": f"u{n}"}).predictor for n in range(users)}


def test_a_sticky_header_keeps_a_user_on_one_predictor_over_rest_and_grpc(two: Two) -> None:
    two.scene.put(behind(two.a, "main", 50), behind(two.b, "canary", 50), sticky_header="x-user")
    first = by_user(two.scene, 40)
    assert set(first.values()) == {"main", "canary"}
    assert by_user(two.scene, 40) == first
    with grpc.insecure_channel(f"127.0.0.1:{two.scene.port}") as channel:
        over_grpc = {user: call(channel, x_user=user)[1]["x-seldon-predictor"] for user in first}
    assert over_grpc == first


def test_sticky_users_are_split_near_the_weights(two: Two) -> None:
    """200 users at 70 to 30: five standard deviations are 33."""
    two.scene.put(behind(two.a, "main", 70), behind(two.b, "canary", 30), sticky_header="x-user")
    seen = Counter(by_user(two.scene, 200).values())
    assert abs(seen["canary"] - 60) <= 33


def test_requests_without_the_sticky_header_follow_the_weights(two: Two) -> None:
    two.scene.put(behind(two.a, "main", 50), behind(two.b, "canary", 50), sticky_header="x-user")
    seen = Counter(two.scene.ask().predictor for _ in range(200))
    assert abs(seen["main"] - 100) <= 36


def test_a_slow_answer_ends_with_504_in_the_protocols_shape(two: Two) -> None:
    two.scene.put(behind(two.a), rest_seconds=0.3, grpc_seconds=0.3)
    answer = two.scene.ask(headers={SLEEP: "60"})
    assert answer.status == 504
    assert "timeout" in refused(answer)
    with pytest.raises(grpc.RpcError) as error:
        two.scene.call(x_sleep="60")
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "{" not in (error.value.details() or "")
    wait_until(lambda: two.scene.ask().status == 200)  # within so little time even a healthy server may not answer


def test_a_server_that_is_gone_is_503_in_the_protocols_shape(two: Two) -> None:
    gone = two.scene.backend("gone")
    two.scene.put(behind(gone))
    two.scene.processes.remove(gone.id)
    answer = two.scene.ask()
    assert answer.status == 503
    refused(answer)
    with pytest.raises(grpc.RpcError) as error:
        two.scene.call()
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


def test_more_requests_than_a_server_may_have_at_once_are_429(two: Two) -> None:
    """An orchestrator sees to that itself; over gRPC it is UNAVAILABLE, as Envoy has no other word for it."""
    two.scene.put(behind(two.a), orchestrated=False, max_in_flight=2)
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(two.scene.ask(timeout=60))) for _ in range(2)]
    with held(two.scene.pid(two.a)):
        for thread in threads:
            thread.start()
        wait_until(lambda: in_flight(two.scene, f"ns/d/main/rest/{behind(two.a).rest}") == 2)
        answers += [two.scene.ask() for _ in range(4)]
    for thread in threads:
        thread.join(60)
    assert Counter(answer.status for answer in answers) == {200: 2, 429: 4}
    assert {refused(answer) for answer in answers if answer.status == 429} == {
        "the model server has as many requests in flight as it may have; ask again later"
    }
    with grpc.insecure_channel(f"127.0.0.1:{two.scene.port}") as channel:
        method = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        with held(two.scene.pid(two.a)):
            calls = [method.future(b"", timeout=60, metadata=FOR_D) for _ in range(2)]
            wait_until(lambda: in_flight(two.scene, f"ns/d/main/grpc/{behind(two.a).grpc}") == 2)
            calls += [method.future(b"", timeout=60, metadata=FOR_D) for _ in range(4)]
            assert [each.code() for each in calls[2:]] == [grpc.StatusCode.UNAVAILABLE] * 4
        codes = Counter(each.code() for each in calls)
    assert codes == {grpc.StatusCode.OK: 2, grpc.StatusCode.UNAVAILABLE: 4}


def test_another_bound_on_requests_in_flight_fails_none_of_them(two: Two) -> None:
    two.scene.put(behind(two.a), orchestrated=False)
    with load(two.scene.port, per_second=150) as seen:
        for bound in range(200, 220):
            two.scene.put(behind(two.a), orchestrated=False, max_in_flight=bound)
    assert seen.failed == 0, seen.answers


def test_only_declared_transports_are_served(two: Two) -> None:
    two.scene.put(behind(two.a), transports=("rest",))
    assert two.scene.ask().status == 200
    with pytest.raises(grpc.RpcError) as error:
        two.scene.call()
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_removed_route_is_not_found(two: Two) -> None:
    two.scene.put(behind(two.b), name="second")
    assert two.scene.ask(INFER.replace("/d/", "/second/")).json["name"] == "b"
    two.scene.gateway.remove("ns", "second", 1)
    assert two.scene.ask(INFER.replace("/d/", "/second/")).status == 404
    assert two.scene.ask().status == 200


def test_a_route_that_envoy_refuses_is_put_back_and_explained(two: Two) -> None:
    """Row 50."""
    with pytest.raises(RoutesRefused, match="Sum of weights"):
        two.scene.put(behind(two.b, weight=0))
    assert two.scene.ask().json["name"] == "a"
    two.scene.put(behind(two.b))
    assert two.scene.ask().json["name"] == "b"


@pytest.mark.parametrize("text", ['{"resources": [{"@type": "type.goog', "", "[]", '{"resources": 3}'])
@pytest.mark.parametrize("name", ["rds.json", "cds.json"])
def test_a_half_written_file_changes_nothing_and_the_next_change_mends_it(two: Two, name: str, text: str) -> None:
    """Row 50: the last good configuration stays in force."""
    file = two.scene.stack.gateway / name
    stat = "http.gateway.rds.routes" if name == "rds.json" else "cluster_manager.cds"

    def bad() -> int:
        gateway = two.scene.gateway
        counts = gateway._subscription(stat)
        return int(counts["update_rejected"]) + int(counts["update_failure"])

    before = bad()
    half = file.with_name("half")
    half.write_text(text)
    half.replace(file)
    wait_until(lambda: bad() > before)
    assert two.scene.ask().json["name"] == "a"
    route = two.scene.put(behind(two.b))
    assert two.scene.ask().json["name"] == "b"
    assert two.scene.gateway.in_force(route)


def test_what_somebody_edits_is_seen(two: Two) -> None:
    gateway = two.scene.gateway
    two.scene.put(behind(two.a), name="second")
    route = two.scene.put(behind(two.a))
    assert gateway.in_force(route)
    file = gateway.folder / "rds.json"
    file.write_text(re.sub(r"seldon/ns/d/", "seldon/ns/x/", file.read_text()))
    assert not gateway.in_force(route)
    two.scene.put(behind(two.a))
    assert gateway.in_force(route)
    file = gateway.folder / "routes.d" / "ns.d.json"
    file.write_text(file.read_text().replace('"main"', '"other"'))
    assert not gateway.in_force(route)
    two.scene.put(behind(two.a))
    assert gateway.in_force(route)
    gateway.remove("ns", "second", 0)


def test_an_entry_put_before_all_others_is_seen_and_taken_away(two: Two) -> None:
    """One that matches everything would open the paths that the allow-list closes."""
    gateway = two.scene.gateway
    route = two.scene.put(behind(two.a))
    file = gateway.folder / "rds.json"
    found = json.loads(file.read_text())
    everything = {"match": {"prefix": "/"}, "route": {"cluster": clusters_of(route)[0].name}}
    found["resources"][0]["virtual_hosts"][0]["routes"].insert(0, everything)
    half = file.with_name("half")
    half.write_text(json.dumps({**found, "version_info": "mine"}))
    half.replace(file)
    wait_until(lambda: two.scene.ask("/v2/repository/index").status == 200)
    assert not gateway.in_force(route)
    two.scene.put(behind(two.a))
    assert gateway.in_force(route)
    assert two.scene.ask("/v2/repository/index").status == 404


def test_an_idle_client_does_not_keep_others_out(two: Two) -> None:
    """Row 44: many silent connections, and requests still pass."""
    silent = [socket.create_connection(("127.0.0.1", two.scene.port)) for _ in range(200)]
    try:
        assert two.scene.ask().status == 200
    finally:
        for each in silent:
            each.close()


def test_requests_at_once_are_all_answered(two: Two) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(two.scene.ask().status)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {200: 50}
