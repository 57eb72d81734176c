"""What a record of Kafka's holds of a payload, and settings that are none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from seldon_infra.runtime.payloads.kafka import MOST_WAITING_KIB, Topics, headers_of, utf8
from seldon_infra.runtime.payloads.kafka_settings import Settings
from seldon_infra.runtime.payloads.serve import main
from tests.unit.runtime.test_payloads import PAYLOAD


def test_every_attribute_is_a_header_and_the_type_of_content_has_no_prefix() -> None:
    headers = dict(headers_of(PAYLOAD._replace(event="feedback", truncated=True)))
    assert headers.pop("content-type") == b"application/json"
    assert headers["ce_type"] == b"io.seldon.serving.feedback"
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_truncated"] == b"true"
    assert all(name.startswith("ce_") for name in headers)


@pytest.mark.parametrize(
    ("read", "wire"),
    [
        ("abc", b"abc"),
        ("caf\u00c3\u00a9", "caf\u00e9".encode()),  # UTF-8 in a header, read byte by byte
        ("caf\u00e9", "caf\u00e9".encode()),  # no UTF-8 in a header
        ("\U0001f600", "\U0001f600".encode()),
        ("\ud800", b"?"),
    ],
)
def test_an_id_is_utf_8_whatever_a_client_sent(read: str, wire: bytes) -> None:
    assert utf8(read) == wire


@pytest.mark.parametrize(
    ("client", "secrets", "said"),
    [
        ({"acks": "some"}, {}, "acks"),
        ({"no.such.setting": "1"}, {}, 'No such configuration property: "no.such.setting"'),
        ({"security.protocol": "SSL"}, {"ssl.ca.pem": "hunter2"}, "ssl.ca.pem"),
        ({"security.protocol": "SSL"}, {"ssl.key.pem": "hunter2"}, "ssl.key.pem"),
    ],
)
def test_what_librdkafka_refuses_is_one_sentence_without_a_secret(
    client: dict[str, str], secrets: dict[str, str], said: str, tmp_path: Path
) -> None:
    for name, text in secrets.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=r"^Kafka: ") as caught:
        Topics(Settings(client, tmp_path, "payloads", {}, "request"), lambda *_: None)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_what_finds_no_room_is_counted_and_nobody_waits() -> None:
    outcomes: Counter[str] = Counter()
    settings = Settings({"bootstrap.servers": "127.0.0.1:1"}, None, "payloads", {}, "request")
    topics = Topics(settings, lambda _, outcome: outcomes.update([outcome]))
    for _ in range(MOST_WAITING_KIB // 400):
        topics.put(PAYLOAD._replace(body=bytes(500_000)))
    assert outcomes.keys() == {"dropped: queue full"}
    taken = 500_000 * (MOST_WAITING_KIB // 400 - outcomes.total())
    assert MOST_WAITING_KIB * 1024 - 600_000 < taken < MOST_WAITING_KIB * 1024


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--topic=t"], "--topic takes --key"),
        (["--root=/tmp/none", "--rotate-seconds=1"], "--root takes --rotate-seconds, --rotate-bytes and --keep-bytes"),
        (["--topic=t", "--key=request", "--kafka", "no.such", "1"], "No such configuration property"),
    ],
)
def test_words_that_miss_something_are_one_message(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["payloads", "--port=1", *words])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert said in capsys.readouterr().err
