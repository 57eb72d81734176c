"""The router that learns: what it chooses, and what it keeps."""

from __future__ import annotations

import importlib.util
import json
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "servers" / "bandit" / "files" / "bandit.py"
_SPEC = importlib.util.spec_from_file_location("bandit", FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
bandit: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(bandit)
POLICIES = ["epsilon-greedy", "thompson-sampling"]


def learner(policy: str, path: Path | None = None, arms: str = "old,new", seed: int = 1) -> Any:
    return bandit.Bandit(arms, policy, epsilon=0.1, seed=seed, state=str(path) if path else None)


def played(router: Any, chances: list[float], requests: int, world: random.Random) -> list[int]:
    """Play requests whose answers are good with each child's own chance; give the choices."""
    chosen = []
    for number in range(requests):
        child = router.route()
        router.learn(float(world.random() < chances[child]), child, f"r{number}")
        chosen.append(child)
    return chosen


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("better", [0, 1])
def test_the_better_child_gets_the_traffic_in_nearly_all_of_many_worlds(policy: str, better: int) -> None:
    chances = [0.2, 0.2]
    chances[better] = 0.5
    shares = []
    for seed in range(40):
        last = played(learner(policy, seed=seed), chances, 600, random.Random(seed))[400:]
        shares.append(last.count(better) / len(last))
    assert sum(share > 0.8 for share in shares) >= 36
    assert sum(shares) / len(shares) > 0.88


def test_epsilon_is_the_share_that_takes_any_child() -> None:
    router = bandit.Bandit("a,b,c,d", "epsilon-greedy", epsilon=0.4, seed=3)
    router.learn(1.0, 2)
    chosen = [router.route() for _ in range(4000)]
    others = sum(child != 2 for child in chosen) / len(chosen)
    assert others == pytest.approx(0.4 * 3 / 4, abs=0.03)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_child_of_which_nothing_is_known_is_tried(policy: str) -> None:
    router = learner(policy)
    assert {router.route() for _ in range(50)} == {0, 1}


def test_what_is_learnt_survives_a_restart_and_is_read_by_others_at_once(tmp_path: Path) -> None:
    first = learner("epsilon-greedy", tmp_path / "state" / "r.json")
    beside = learner("epsilon-greedy", tmp_path / "state" / "r.json")
    for _ in range(3):
        first.learn(1.0, 1)
    again = learner("epsilon-greedy", tmp_path / "state" / "r.json")
    for router in (first, beside, again):
        assert router.state.arms() == [{"rewards": 0, "sum": 0.0}, {"rewards": 3, "sum": 3.0}]


def test_rewards_of_many_at_once_all_count(tmp_path: Path) -> None:
    routers = [learner("thompson-sampling", tmp_path / "r.json") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda router: [router.learn(1.0, 0) for _ in range(25)], routers))
    assert routers[0].state.arms()[0] == {"rewards": 100, "sum": 100.0}
    assert not list(tmp_path.glob(".bandit-*"))


def test_the_reward_of_a_request_counts_once_also_after_a_restart(tmp_path: Path) -> None:
    assert learner("epsilon-greedy", tmp_path / "r.json").learn(1.0, 0, "id")
    again = learner("epsilon-greedy", tmp_path / "r.json")
    assert not again.learn(1.0, 0, "id")
    assert again.learn(1.0, 0, None)
    assert again.state.arms()[0]["rewards"] == 2


def test_requests_are_forgotten_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"arms": {}, "seen": [str(number) for number in range(bandit.MOST_REMEMBERED)]}))
    router = learner("epsilon-greedy", path)
    router.learn(1.0, 0, "newest")
    seen = json.loads(path.read_text())["seen"]
    assert (len(seen), seen[0], seen[-1]) == (bandit.MOST_REMEMBERED, "1", "newest")


def test_what_is_known_goes_with_a_childs_name_and_not_with_its_place(tmp_path: Path) -> None:
    learner("epsilon-greedy", tmp_path / "r.json", "old,new").learn(1.0, 1)
    changed = learner("epsilon-greedy", tmp_path / "r.json", "newest,new")
    assert [arm["rewards"] for arm in changed.state.arms()] == [0, 1]


def test_a_file_that_cannot_be_read_does_not_keep_it_from_serving(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.json").write_text("{")
    router = learner("thompson-sampling", tmp_path / "r.json")
    assert router.route() in (0, 1)
    assert "cannot be read" in capsys.readouterr().err
    router.learn(1.0, 0)
    assert json.loads((tmp_path / "r.json").read_text())["arms"]["old"]["rewards"] == 1


@pytest.mark.parametrize(
    ("reward", "child", "words"),
    [
        (1.5, 0, "reward 1.5, must be from 0 to 1"),
        (-1.0, 0, "reward -1, must be from 0 to 1"),
        (float("nan"), 0, "reward nan, must be from 0 to 1"),
        (1.0, 2, "response.meta.routing names child 2, must be 0 to 1"),
        (1.0, None, "response.meta.routing names child None, must be 0 to 1"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(reward: float, child: int | None, words: str) -> None:
    with pytest.raises(bandit.Refused, match=words):
        learner("epsilon-greedy").learn(reward, child)
