"""The broker that tests have: its version, and that each file is one that was chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain import kafka
from toolchain.console import SetupFailed

SOURCE = Path(kafka.__file__).with_name("kafka")


def test_one_version_is_named() -> None:
    assert f"<version>{kafka.VERSION}</version>" in (SOURCE / "pom.xml").read_text()
    assert f"kafka_2.13-{kafka.VERSION}.jar" in (SOURCE / "jars.sha256").read_text()


def test_a_file_that_nobody_chose_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.jar").write_bytes(b"other")
    with pytest.raises(SetupFailed, match=r"not those of toolchain/kafka/jars.sha256:\n[0-9a-f]{64}  \S+\.jar"):
        kafka._compare(tmp_path)
