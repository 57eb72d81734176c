"""A broker of Kafka's, which only tests need: the payload log sends to a real one. Java runs it, and Maven fetches it.

``kafka/pom.xml`` names the broker, and ``kafka/jars.sha256`` each file of it and of what it needs. For another version
change the first, delete the second's lines, run `make setup-dev`, and take the lines that it then says over.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir
from toolchain.console import SetupFailed, run, say

VERSION = "4.3.1"
FETCH_SECONDS = 900.0
_SOURCE = Path(__file__).with_name("kafka")
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def jars() -> Path:
    """Give the folder of what Java loads, whether it is there already or not."""
    return cache_dir() / "kafka" / VERSION


def provide() -> None:
    """Fetch the broker, where the cache has none."""
    if jars().is_dir():
        return
    missing = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if missing:
        raise SetupFailed(f"{' and '.join(missing)} must be on PATH, for a broker of Kafka's: apt install maven")
    jars().parent.mkdir(parents=True, exist_ok=True)
    with held(jars().with_suffix(".lock"), "Kafka", 2 * FETCH_SECONDS, say):
        if not jars().is_dir():
            _fetch()


def _fetch() -> None:
    with tempfile.TemporaryDirectory(dir=jars().parent, prefix=".fetch-") as name:
        made = Path(name) / "jars"
        options = ["--batch-mode", "--quiet", f"--file={_SOURCE / 'pom.xml'}"]
        command = ["mvn", *options, _COPY, "-DincludeScope=runtime", f"-DoutputDirectory={made}"]
        run(f"fetching Kafka {VERSION}", command, timeout=FETCH_SECONDS)
        _compare(made)
        made.rename(jars())


def _compare(made: Path) -> None:
    """Let nothing in but what was there when the versions were chosen."""
    listed = (_SOURCE / "jars.sha256").read_text().splitlines()
    found = [f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}" for jar in made.glob("*.jar")]
    other = sorted({*found} ^ {*listed})
    if other:
        raise SetupFailed("Kafka's files are not those of toolchain/kafka/jars.sha256:\n" + "\n".join(other))
