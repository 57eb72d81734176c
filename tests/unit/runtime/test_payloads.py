"""What of a payload is logged, and how it gets into a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from seldon_infra.graph.rules.payloads import LARGEST_BYTES
from seldon_infra.runtime.messages import message
from seldon_infra.runtime.orchestrator import payload_log
from seldon_infra.runtime.orchestrator.config import Config, Logger, Unit
from seldon_infra.runtime.orchestrator.http_server import LARGEST_BODY_BYTES, Answer, Request, Server
from seldon_infra.runtime.orchestrator.metrics import Metrics
from seldon_infra.runtime.orchestrator.payload_log import PayloadLog
from seldon_infra.runtime.orchestrator.walk import Trip
from seldon_infra.runtime.payloads.files import keep, name_at, remove_parts, write
from seldon_infra.runtime.payloads.frames import from_wire, to_wire
from seldon_infra.runtime.payloads.payload import Origin, Payload, cut, is_sampled, redacted
from seldon_infra.runtime.payloads.prepared import prepared
from seldon_infra.runtime.payloads.recent import LARGEST_BYTES as LARGEST_REQUEST
from seldon_infra.runtime.payloads.recent import MOST, PATH, Recent
from seldon_infra.runtime.payloads.web import headers_of

ORIGIN = Origin("ns", "d", "main", "m", "v2", "http://127.0.0.1:1/", None)
PAYLOAD = Payload(ORIGIN, "1", "request", 1_800_000_000.25, "abc", "application/json", 2, False, b"{}")
ROOT = Path(__file__).parents[3]
GONE = "[redacted]"
RAW = {"name": "card", "datatype": "INT64", "shape": [1]}
REDACTIONS: dict[str, tuple[Any, Any]] = {
    "a field of an object": ({"card": 1, "shop": 2}, {"card": GONE, "shop": 2}),
    "an object as a whole": ({"card": {"number": 1}}, {"card": GONE}),
    "however deep": ({"jsonData": [{"a": {"card": "4111"}}]}, {"jsonData": [{"a": {"card": GONE}}]}),
    "a tensor of protocol v2": (
        {"inputs": [{"name": "card", "data": [1]}, {"name": "hour", "data": [2]}]},
        {"inputs": [{"name": "card", "data": GONE}, {"name": "hour", "data": [2]}]},
    ),
    "a tensor of protocol v2 over gRPC": (
        {"inputs": [{**RAW, "contents": {"int64_contents": ["1"]}}]},
        {"inputs": [{**RAW, "contents": GONE}]},
    ),
    "a raw tensor": (
        {"outputs": [{"name": "hour"}, RAW], "raw_output_contents": ["AQ==", "Ag=="]},
        {"outputs": [{"name": "hour"}, RAW], "raw_output_contents": ["AQ==", GONE]},
    ),
    "a column of an ndarray": (
        {"data": {"names": ["card", "hour"], "ndarray": [[1, 2], [3, 4]]}},
        {"data": {"names": ["card", "hour"], "ndarray": [[None, 2], [None, 4]]}},
    ),
    "the column of one row": (
        {"data": {"names": ["hour", "card"], "ndarray": [1, 2]}},
        {"data": {"names": ["hour", "card"], "ndarray": [1, None]}},
    ),
    "a column of a tensor": (
        {"data": {"names": ["card", "hour"], "tensor": {"shape": [2, 2], "values": [1, 2, 3, 4]}}},
        {"data": {"names": ["card", "hour"], "tensor": {"shape": [2, 2], "values": [None, 2, None, 4]}}},
    ),
    "a column that cannot be told from others": (
        {"data": {"names": ["card"], "tftensor": {"int64Val": [1]}}},
        {"data": {"names": ["card"], "tftensor": GONE}},
    ),
    "nothing of another name": ({"names": ["hour"], "ndarray": [[1]]}, {"names": ["hour"], "ndarray": [[1]]}),
    "nothing that is only a value": ({"shop": "card"}, {"shop": "card"}),
}


@pytest.mark.parametrize(("tree", "left"), REDACTIONS.values(), ids=REDACTIONS)
def test_what_has_the_name_is_taken_out(tree: Any, left: Any) -> None:
    before = json.dumps(tree)
    assert redacted(tree, {"card"}) == left
    assert json.dumps(tree) == before, "the request itself stays as it is"


CUTS = [
    (b"abc", 3, b"abc", False),
    (b"abcd", 3, b"abc", True),
    ("éé".encode(), 3, "é".encode(), True),
    (b"", 1, b"", False),
]


@pytest.mark.parametrize(("body", "most", "left", "was_longer"), CUTS)
def test_a_text_is_cut_between_characters(body: bytes, most: int, left: bytes, was_longer: bool) -> None:
    assert cut(body, most) == (left, was_longer)


def logger(largest: int = 1000, *redact: str) -> Logger:
    return Logger(True, True, None, 1.0, largest, frozenset(redact))


MESSAGE = message("inference.ModelInferRequest")(model_name="m", id="x" * 50).SerializeToString()
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
V2 = "inference.ModelInferRequest"
PREPARED: dict[str, tuple[bytes, str | None, Logger, tuple[bytes, str, bool]]] = {
    "as it is": (b'{"a": 1}', None, logger(), (b'{"a": 1}', JSON, False)),
    "cut": (b'{"a": 1}', None, logger(4), (b'{"a"', TEXT, True)),
    "redacted": (b'{"a": 1}', None, logger(1000, "a"), (b'{"a":"[redacted]"}', JSON, False)),
    "as it is where it names nothing": (b'{"b": 1}', None, logger(1000, "a"), (b'{"b": 1}', JSON, False)),
    "redacted where a name is written otherwise": (
        b'{"\\u0061": 1}',
        None,
        logger(1000, "a"),
        (b'{"a":"[redacted]"}', JSON, False),
    ),
    "left out where a part could hold what is redacted": (b'{"a": 1}', None, logger(4, "a"), (b"", TEXT, True)),
    "left out where it cannot be read": (b'{"a": NaN}', None, logger(1000, "a"), (b"", TEXT, True)),
    "left out where it is too deep": (
        b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
        None,
        logger(9999, "a"),
        (b"", TEXT, True),
    ),
    "cut where taking out made it longer": (b'{"a":1}', None, logger(10, "a"), (b'{"a":"[red', TEXT, True)),
    "a message as it is": (MESSAGE, V2, logger(), (MESSAGE, f"application/protobuf; message={V2}", False)),
    "no part of a message": (MESSAGE, V2, logger(10), (b"", TEXT, True)),
    "a message as JSON where something is taken out": (
        MESSAGE,
        V2,
        logger(1000, "id"),
        (b'{"model_name":"m","id":"[redacted]"}', JSON, False),
    ),
}


@pytest.mark.parametrize(("wire", "kind", "how", "left"), PREPARED.values(), ids=PREPARED)
def test_what_leaves_the_orchestrator(
    wire: bytes, kind: str | None, how: Logger, left: tuple[bytes, str, bool]
) -> None:
    assert prepared(wire, kind, how.largest, how.redact) == left


def test_about_the_share_of_requests_is_taken_and_always_the_same_ones() -> None:
    ids = [f"user-{number}" for number in range(20_000)]
    taken = [id for id in ids if is_sampled(id, 0.1)]
    assert 1_800 < len(taken) < 2_200
    assert set(taken) <= {id for id in ids if is_sampled(id, 0.2)}, "a larger share takes more, and none less"
    assert all(is_sampled(id, 1) for id in ids[:10])


@given(st.lists(st.tuples(st.binary(), st.text(), st.none() | st.text()), max_size=5))
def test_what_is_read_off_the_wire_is_what_was_written(parts: list[tuple[bytes, str, str | None]]) -> None:
    payloads = [
        PAYLOAD._replace(body=body, request_id=text, origin=ORIGIN._replace(url=url)) for body, text, url in parts
    ]
    assert from_wire(to_wire(payloads)) == payloads


@pytest.mark.parametrize(
    "wire", [b"x", b"", b"\n", b"[[],[]]\nab", b"[[],[[0,1]]]\na", b"[[[1]],[]]\n", b"{}\n", b"[1,2]\n"]
)
def test_what_nobody_here_wrote_is_a_value_error(wire: bytes) -> None:
    with pytest.raises(ValueError):
        from_wire(wire)


def test_every_attribute_is_a_header() -> None:
    headers = headers_of(PAYLOAD._replace(event="feedback", truncated=True))
    assert headers["Ce-Type"] == "io.seldon.serving.feedback"
    assert headers["Ce-Time"] == "2027-01-15T08:00:00.250000Z"
    assert headers["Ce-Truncated"] == "true"


FULL = """
import resource, signal, sys
from pathlib import Path
from seldon_infra.runtime.payloads.files import Files
from tests.unit.runtime.test_payloads import PAYLOAD
folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
files = Files(folder, 1, 1024, 1024)
assert not files.store([PAYLOAD, PAYLOAD])
assert not files.store([PAYLOAD])
assert not list((folder / "ns" / "d").iterdir())
"""
"""Writes where no file may be longer than a few bytes, as on a disk that is nearly full."""


def test_a_file_that_does_not_fit_on_the_disk_is_not_there_at_all_and_that_is_said_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("payloads are lost") == 1
    assert f"2 payloads are lost: {tmp_path}/ns/d: File too large" in done.stderr


def test_a_file_holds_what_was_written(tmp_path: Path) -> None:
    wire = message("seldon.protos.SeldonMessage")(strData="hello").SerializeToString()
    typed = "application/protobuf; message=seldon.protos.SeldonMessage"
    file = write(tmp_path, [PAYLOAD, PAYLOAD._replace(body=wire, content_type=typed)], "one")
    rows = parquet.read_table(file).to_pylist()
    assert [row["payload"] for row in rows] == ["{}", '{"strData": "hello"}']
    assert rows[0]["time"].isoformat() == "2027-01-15T08:00:00.250000+00:00"


def test_names_are_in_the_order_of_time() -> None:
    assert name_at(1_800_000_000.25, 12) < name_at(1_800_000_000.5, 3) < name_at(1_800_000_100, 1)


def test_the_oldest_files_go_and_never_the_newest(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        (tmp_path / f"{name}.parquet").write_bytes(b"x" * 10)
    assert keep(tmp_path, 25) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["2.parquet", "3.parquet"]
    assert keep(tmp_path, 1) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["3.parquet"]


def test_what_a_killed_log_had_begun_goes_and_what_another_one_writes_stays(tmp_path: Path) -> None:
    folder = tmp_path / "ns" / "d"
    folder.mkdir(parents=True)
    for name in ("old", "new"):
        (folder / f".{name}.part").touch()
    os.utime(folder / ".old.part", (0, 0))
    remove_parts(tmp_path)
    assert [file.name for file in folder.iterdir()] == [".new.part"]


async def test_what_is_sent_at_once_is_less_than_the_log_reads_and_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for patience in ("SEND_SECONDS", "FLUSH_SECONDS"):
        monkeypatch.setattr(payload_log, patience, 60.0)
    sent: list[int] = []

    async def take(request: Request) -> Answer:
        sent.append(len(request.body))
        return Answer(200, b"")

    server = Server(take, lambda status, text: Answer(status, text.encode()))
    await server.listen(0)
    assert server._server is not None
    port = server._server.sockets[0].getsockname()[1]
    unit = Unit("m", "MODEL", (), None, {}, "m", "", 0, 0, (), logger(LARGEST_BYTES))
    config = Config("d", "ns", "main", "", "seldon", 1, 2, 1, 1.0, 1.0, (), unit, payloads_port=port)
    log = PayloadLog(config, Metrics(config))
    sizes = [LARGEST_BYTES, 10, LARGEST_BYTES - 1, *[1000] * 600]
    for size in sizes:
        log.put(unit, "request", Trip("id", 0.0), lambda size=size: b" " * size)
    await log.close()
    assert max(sent) < LARGEST_BODY_BYTES
    assert sum(sent) > sum(sizes)
    assert len(sent) >= 3


async def test_requests_are_kept_for_a_gate_only_while_it_asks_for_their_node() -> None:
    recent = Recent()

    def came(body: bytes, **other: Any) -> None:
        recent.keep(PAYLOAD._replace(body=body, **other))

    async def taken() -> list[str]:
        answer = await recent(Request("GET", PATH, b"", {}, "namespace=ns&deployment=d&node=m&node=n"))
        return list(json.loads(answer.body))

    came(b"{}")
    assert await taken() == []
    came(b"asked")
    came(b"of another node", origin=ORIGIN._replace(node="inner"))
    came(b"of another deployment", origin=ORIGIN._replace(deployment="e"))
    came(b"an answer", event="response")
    came(b"over gRPC", content_type="application/protobuf; message=m")
    came(b"cut", truncated=True)
    came(b"x" * (LARGEST_REQUEST + 1))
    assert await taken() == ["asked"]
    for number in range(MOST + 1):
        came(str(number).encode())
    assert await taken() == [str(number) for number in range(1, MOST + 1)]
    assert (await recent(Request("GET", PATH, b"", {}, "deployment=d"))).status == 404
