"""`pulumi … --stack local` as a user types it: the checkout's own shim, with nothing set and nothing logged in."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine import slow_plugin
from tests.engine.scratch import ENVIRONMENT
from tests.engine.waiting import wait_until
from toolchain.command_line import TAKE_A_VALUE
from toolchain.own_backend import COMMITTED_SALT

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
EMPTY = "import pulumi\npulumi.export('answer', 42)\n"
THING = """import pulumi
class Thing(pulumi.CustomResource): pass
Thing('seldon:test:Thing', 'thing', {'size': 1})
"""


class Checkout:
    """A copy of what the shim needs, sharing this checkout's environment and Pulumi CLI."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("Pulumi.yaml", "Pulumi.local.yaml"):
            folder.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder)
        shutil.copytree(ROOT / "toolchain", folder / "toolchain", ignore=shutil.ignore_patterns("__pycache__"))
        self._make_environment(folder / ".venv")
        self.program = folder / "stacks" / "__main__.py"
        self.program.parent.mkdir()
        self.program.write_text(EMPTY)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "VIRTUAL_ENV"))
        } | {"PULUMI_HOME": str(folder.parent / "home"), "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}

    def _make_environment(self, made: Path) -> None:
        (made / "bin").mkdir(parents=True)
        (made / "pulumi").symlink_to(ENVIRONMENT / "pulumi")
        (made / "lib").symlink_to(ENVIRONMENT / "lib")
        shutil.copy(ENVIRONMENT / "pyvenv.cfg", made)
        (made / "bin" / "python").symlink_to(Path(sys.executable).resolve())
        shutil.copy(ROOT / "toolchain" / "bin" / "pulumi", made / "bin" / "pulumi")
        slow_plugin.install(made / "bin", "seldon")

    def command(self, *words: str) -> list[str]:
        return [str(self.folder / ".venv" / "bin" / "pulumi"), "--non-interactive", *words]

    def pulumi(self, *words: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def kill_up_while_held(self, number: signal.Signals) -> None:
        """Start `up`, wait until its plugin is held, and signal the whole command."""
        folder = self.folder / ".venv" / "bin"
        (folder / "hold").touch()
        running = subprocess.Popen(
            self.command("up", "--stack", "local", "--yes", "--skip-preview"),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until((folder / "held").exists, 60)
            os.killpg(running.pid, number)
        finally:
            if number != signal.SIGKILL:
                (folder / "hold").unlink()
            running.communicate(timeout=60)
            (folder / "hold").unlink(missing_ok=True)

    @property
    def state(self) -> Path:
        return self.folder / ".seldon/backend/.pulumi/stacks/seldon-infra-stacks/local.json"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_the_four_commands_work_from_a_plain_shell(checkout: Checkout) -> None:
    assert "1 to create" in checkout.pulumi("preview", "--stack", "local").stdout
    assert "1 created" in checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview").stdout
    assert "1 unchanged" in checkout.pulumi("refresh", "--stack=local", "--yes", "--skip-preview").stdout
    assert "1 deleted" in checkout.pulumi("destroy", "-s", "local", "--yes", "--skip-preview").stdout


def test_the_checkouts_files_stay_as_they_are(checkout: Checkout) -> None:
    checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview")
    assert (checkout.folder / "Pulumi.local.yaml").read_bytes() == (ROOT / "Pulumi.local.yaml").read_bytes()
    assert checkout.state.is_file()
    assert (checkout.folder / ".seldon").stat().st_mode & 0o077 == 0


def test_secrets_need_no_passphrase(checkout: Checkout) -> None:
    checkout.pulumi("preview", "--stack", "local")
    checkout.pulumi("config", "set", "--secret", "key", "hunter2", "--stack", "local")
    assert "hunter2" not in (checkout.folder / "Pulumi.local.yaml").read_text()
    assert checkout.pulumi("config", "get", "key", "--stack", "local").stdout.strip() == "hunter2"


def test_the_exit_status_is_pulumis(checkout: Checkout) -> None:
    checkout.program.write_text("raise ValueError('no')\n")
    assert checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview", check=False).returncode not in (0, 2)


def test_a_backend_of_the_users_own_counts(checkout: Checkout, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview", PULUMI_BACKEND_URL=f"file://{own}")
    assert (own / ".pulumi/stacks/seldon-infra-stacks/local.json").is_file()
    assert not (checkout.folder / ".seldon").exists()


def test_a_passphrase_for_other_stacks_is_not_used_for_this_one(checkout: Checkout) -> None:
    checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview", PULUMI_CONFIG_PASSPHRASE="mine")
    nowhere = str(checkout.folder / "nowhere")
    done = checkout.pulumi("preview", "--stack", "local", PULUMI_CONFIG_PASSPHRASE_FILE=nowhere)
    assert "1 unchanged" in done.stdout


def test_on_a_backend_of_the_users_own_the_users_passphrase_counts(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    mine = {"PULUMI_BACKEND_URL": f"file://{tmp_path / 'own'}", "PULUMI_CONFIG_PASSPHRASE": "mine"}
    assert "1 created" in checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview", **mine).stdout
    checkout.pulumi("config", "set", "--secret", "key", "hunter2", "--stack", "local", **mine)
    assert checkout.pulumi("config", "get", "key", "--stack", "local", **mine).stdout.strip() == "hunter2"
    assert "1 unchanged" in checkout.pulumi("preview", "--stack", "local", **mine).stdout
    other = mine | {"PULUMI_CONFIG_PASSPHRASE": "another"}
    assert "incorrect passphrase" in checkout.pulumi("preview", "--stack", "local", check=False, **other).stderr
    assert (checkout.folder / "Pulumi.local.yaml").read_bytes() == (ROOT / "Pulumi.local.yaml").read_bytes()


def test_a_stack_is_made_by_hand_on_a_backend_of_the_users_own(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    mine = {"PULUMI_BACKEND_URL": f"file://{tmp_path / 'own'}", "PULUMI_CONFIG_PASSPHRASE": "mine"}
    checkout.pulumi("stack", "init", "local", **mine)
    assert "1 to create" in checkout.pulumi("preview", "--stack", "local", **mine).stdout


@pytest.mark.parametrize(
    "salted",
    [ROOT / "Pulumi.local.yaml", *ROOT.glob("examples/*/Pulumi.local.yaml")],
    ids=lambda file: file.parent.name,
)
def test_every_salt_that_is_committed_is_known(salted: Path) -> None:
    assert f"encryptionsalt: {COMMITTED_SALT}\n" in salted.read_text()


@pytest.mark.parametrize(
    "spelling", ["-slocal", "-s=local", "-ys local", "-yfs local", "-s organization/seldon-infra-stacks/local"]
)
def test_every_spelling_of_the_stack_gets_its_backend(checkout: Checkout, spelling: str) -> None:
    checkout.pulumi("up", *shlex.split(spelling), "--yes", "--skip-preview")
    assert checkout.state.is_file()


def test_a_stack_that_is_named_by_position_is_this_checkouts(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    logged_in = {"PULUMI_HOME": str(tmp_path / "home")}
    checkout.pulumi("login", f"file://{tmp_path / 'own'}", **logged_in)
    checkout.pulumi("stack", "init", "local", **logged_in)
    assert checkout.state.is_file()
    checkout.pulumi("stack", "select", "local", **logged_in)
    checkout.pulumi("stack", "rm", "local", "--yes", "--preserve-config", **logged_in)
    assert not checkout.state.is_file()
    assert not list((tmp_path / "own").glob(".pulumi/stacks/**/local.json"))


@pytest.mark.parametrize("command", ["init", "select", "rm"])
def test_every_option_that_takes_a_value_is_known_where_a_stack_is_named_by_position(
    checkout: Checkout, command: str
) -> None:
    told = checkout.pulumi("stack", command, "--help").stdout
    found = re.findall(r"^ +(?:-\w, )?--([\w-]+) (?:string|stringArray|strings|int|file:)", told, re.MULTILINE)
    assert {"color", "cwd", "stack"} <= set(found) <= TAKE_A_VALUE


def test_a_word_that_happens_to_be_local_is_no_stack(checkout: Checkout, tmp_path: Path) -> None:
    variables = {"PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "mine"}
    checkout.pulumi("stack", "init", "dev", **variables)
    checkout.pulumi("config", "set", "where", "local", "--stack", "dev", **variables)
    assert not (checkout.folder / ".seldon").exists()


@pytest.mark.parametrize(
    ("text", "said"), [("name: [x\n", "Pulumi.yaml, line 2, column 1: "), ("main: stacks\n", "name is None, must be")]
)
def test_a_broken_project_file_is_one_message(checkout: Checkout, text: str, said: str) -> None:
    (checkout.folder / "Pulumi.yaml").write_text(text)
    done = checkout.pulumi("preview", "--stack", "local", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stack_that_cannot_be_made_is_told_in_pulumis_words(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    backend = f"file://{tmp_path}/file/below"
    done = checkout.pulumi("up", "--stack", "local", "--yes", check=False, PULUMI_BACKEND_URL=backend)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"stack 'local' cannot be made on {backend}: " in done.stderr
    assert "not a directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_stack_uses_what_the_user_configured(checkout: Checkout, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    variables = {"PULUMI_BACKEND_URL": f"file://{own}", "PULUMI_CONFIG_PASSPHRASE": "a word of mine"}
    checkout.pulumi("stack", "init", "dev", **variables)
    assert "1 to create" in checkout.pulumi("preview", "--stack", "dev", **variables).stdout
    wrong = checkout.pulumi("preview", "--stack", "dev", check=False, **variables | {"PULUMI_CONFIG_PASSPHRASE": ""})
    assert wrong.returncode != 0
    assert not (checkout.folder / ".seldon").exists()


def test_a_killed_up_is_healed_by_the_next_one(checkout: Checkout) -> None:
    checkout.program.write_text(THING)
    checkout.kill_up_while_held(signal.SIGKILL)
    done = checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview")
    assert "removed the lock" in done.stderr
    assert "thing was interrupted while creating" in done.stderr
    again = checkout.pulumi("preview", "--stack", "local", "--expect-no-changes")
    assert "recover" not in again.stderr


def test_ctrl_c_lets_the_engine_finish_and_save(checkout: Checkout) -> None:
    checkout.program.write_text(THING)
    checkout.kill_up_while_held(signal.SIGINT)
    done = checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview")
    assert "recover" not in done.stderr


def test_a_broken_state_is_restored_before_the_next_command(checkout: Checkout) -> None:
    checkout.program.write_text(THING)
    checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview")
    whole = checkout.state.read_bytes()
    checkout.state.write_bytes(whole[:100])
    done = checkout.pulumi("preview", "--stack", "local", "--expect-no-changes")
    assert "WAS BROKEN" in done.stderr
    assert checkout.state.read_bytes() == whole


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_disk_that_is_almost_full_is_refused_before_anything_changes(checkout: Checkout) -> None:
    backend = checkout.folder / ".seldon" / "backend"
    backend.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", backend], capture_output=True, timeout=60
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        done = checkout.pulumi("up", "--stack", "local", "--yes", "--skip-preview", check=False)
        assert done.returncode == 2
        assert "MB are free" in done.stderr
        assert "Nothing has been changed" in done.stderr
        assert "Updating" not in done.stdout
    finally:
        subprocess.run(["umount", backend], check=True, timeout=60)
