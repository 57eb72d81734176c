"""The register of ports: whatever the order of asking and giving back, nobody shares one."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from seldon_infra.core.errors import LimitReached
from seldon_infra.runtime import ports


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def owner(folder: Path, name: str = "a") -> Path:
    made = folder / name
    made.mkdir(exist_ok=True)
    return made


class Register(RuleBasedStateMachine):
    """Owners come, ask, ask again, give back, and vanish without a word."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = Path(tempfile.mkdtemp())
        self.patch.setenv("SELDON_INFRA_CACHE", str(self.folder / "cache"))
        self.given: dict[str, dict[str, int]] = {}

    @rule(name=st.sampled_from("abcd"), wanted=st.lists(st.sampled_from(["http", "grpc", "metrics"]), unique=True))
    def allocate(self, name: str, wanted: list[str]) -> None:
        given = ports.allocate(owner(self.folder, name), wanted)
        before = self.given.setdefault(name, {})
        assert set(given) == set(wanted)
        assert all(given[each] == before[each] for each in wanted if each in before)
        before.update(given)

    @rule(name=st.sampled_from("abcd"))
    def release(self, name: str) -> None:
        ports.release(self.folder / name)
        self.given.pop(name, None)

    @rule(name=st.sampled_from("abcd"))
    def vanish(self, name: str) -> None:
        shutil.rmtree(self.folder / name, ignore_errors=True)
        self.given.pop(name, None)

    @invariant()
    def nobody_shares(self) -> None:
        all_ports = [port for given in self.given.values() for port in given.values()]
        assert len(all_ports) == len(set(all_ports))
        assert all(1024 <= port < 65536 for port in all_ports)

    def teardown(self) -> None:
        self.patch.undo()
        shutil.rmtree(self.folder)


Register.TestCase.settings = settings(deadline=None, max_examples=25, stateful_step_count=15)
TestRegister = Register.TestCase


def _ask(folder: Path, name: str, answers: multiprocessing.Queue[list[int]]) -> None:
    answers.put(list(ports.allocate(owner(folder, name), ["http", "grpc"]).values()))


def test_processes_that_ask_at_once_get_different_ports(cache: Path, tmp_path: Path) -> None:
    """Row 38."""
    answers: multiprocessing.Queue[list[int]] = multiprocessing.get_context("fork").Queue()
    asking = [
        multiprocessing.get_context("fork").Process(target=_ask, args=(tmp_path, f"p{number}", answers))
        for number in range(8)
    ]
    for each in asking:
        each.start()
    given = [port for _ in asking for port in answers.get(timeout=240)]
    for each in asking:
        each.join(30)
    assert len(given) == len(set(given)) == 16


def test_ports_lie_below_those_that_the_kernel_gives_out(cache: Path, tmp_path: Path) -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    given = ports.allocate(owner(tmp_path), [str(number) for number in range(20)])
    if first > ports.FIRST_PORT + 1000:
        assert max(given.values()) < first


def test_a_port_in_use_is_passed_over(cache: Path, tmp_path: Path) -> None:
    """Row 39."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.allocate(owner(tmp_path), ["http"], first=port)["http"] > port
        with pytest.raises(LimitReached, match=f"port {port} of 127.0.0.1 is taken; free it"):
            ports.allocate(owner(tmp_path, "b"), ["http"], first=port, last=port)


def test_a_port_that_another_stack_has_is_named_with_it(cache: Path, tmp_path: Path) -> None:
    port = ports.allocate(owner(tmp_path), ["http"])["http"]
    with pytest.raises(LimitReached, match=f"taken by {tmp_path}/a"):
        ports.allocate(owner(tmp_path, "b"), ["http"], first=port, last=port)


def test_whose_a_port_is_can_be_asked(cache: Path, tmp_path: Path) -> None:
    port = ports.allocate(owner(tmp_path), ["http"])["http"]
    assert ports.holder(port) == tmp_path / "a"
    ports.release(tmp_path / "a")
    assert ports.holder(port) is None


def test_a_folder_deleted_by_hand_frees_its_ports(cache: Path, tmp_path: Path) -> None:
    port = ports.allocate(owner(tmp_path), ["http"])["http"]
    (tmp_path / "a").rmdir()
    assert ports.allocate(owner(tmp_path, "b"), ["http"], first=port, last=port) == {"http": port}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}', "null", '{"8003": "a"}'])
def test_a_broken_register_is_begun_anew(cache: Path, tmp_path: Path, text: str) -> None:
    cache.mkdir()
    (cache / "ports.json").write_text(text)
    given = ports.allocate(owner(tmp_path), ["http"])
    assert json.loads((cache / "ports.json").read_text()) == {str(given["http"]): [str(tmp_path / "a"), "http"]}


def test_the_register_is_for_its_owner_alone(cache: Path, tmp_path: Path) -> None:
    ports.allocate(owner(tmp_path), ["http"])
    assert (cache / "ports.json").stat().st_mode & 0o777 == 0o600
