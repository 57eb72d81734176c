"""How the payload log's process is told of Kafka: by words, and by secrets in files."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Settings(NamedTuple):
    """Where payloads go, and how."""

    client: Mapping[str, str]
    """Settings of librdkafka, by its names."""
    secrets: Path | None
    """A folder with more of them: each file is named as a setting and holds its value."""
    topic: str
    topics: Mapping[str, str]
    """Other topics, by deployment."""
    key: str
    """Payloads of one ``request``, or of one ``deployment``, have one key."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the process's words about Kafka."""
    parser.add_argument("--topic", help="the topic of Kafka that payloads go to; they go to none without")
    said = "the topic of a deployment's payloads"
    parser.add_argument("--topic-of", nargs=2, action="append", default=[], metavar=("DEPLOYMENT", "TOPIC"), help=said)
    parser.add_argument("--key", choices=("request", "deployment"), help="payloads of one of it have one key")
    said = "a setting of librdkafka"
    parser.add_argument("--kafka", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help=said)
    parser.add_argument("--kafka-secrets", type=Path, help="a folder with more of them, each a file named as it")


def settings_of(arguments: argparse.Namespace) -> Settings | None:
    """Give what the words say; None where nothing goes to Kafka.

    Raises:
        ValueError: one of them is missing.
    """
    if arguments.topic is None:
        return None
    if arguments.key is None:
        raise ValueError("--topic takes --key")
    topics, client = dict(arguments.topic_of), dict(arguments.kafka)
    return Settings(client, arguments.kafka_secrets, arguments.topic, topics, arguments.key)
