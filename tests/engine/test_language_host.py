"""The language host of toolchain/language_host, driven by the real engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seldon_infra.runtime.leftovers import is_alive
from tests.engine.scratch import Engine
from tests.engine.waiting import wait_until

pytestmark = pytest.mark.engine

TEN_RESOURCES = """
import pulumi

class Box(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Box", name)
        self.register_outputs({"name": name})

for number in range(10):
    Box(f"box-{number}")
"""

HANGS = """
import os, pathlib, time
pathlib.Path("program.pid").write_text(str(os.getpid()))
time.sleep(600)
"""


def failed_preview(engine: Engine, program: str) -> str:
    engine.write_program(program)
    done = engine.preview(check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_ten_resources_are_previewed_applied_and_then_unchanged(engine: Engine) -> None:
    engine.write_program(TEN_RESOURCES)
    assert "11 to create" in engine.preview().stdout
    engine.up()
    assert len(engine.resources("test:index:Box")) == 10
    assert "11 unchanged" in engine.preview("--expect-no-changes").stdout


def test_the_engine_has_no_warning_about_the_host(engine: Engine) -> None:
    done = engine.preview()
    assert "warning" not in done.stdout + done.stderr


def test_the_program_reads_its_context_and_its_configuration(engine: Engine) -> None:
    engine.set_config("size", "3")
    engine.set_secret("password", "hunter2")
    engine.write_program(
        "import pulumi\n"
        "config = pulumi.Config()\n"
        "pulumi.export('size', config.require_int('size'))\n"
        "pulumi.export('password', config.require_secret('password'))\n"
        "pulumi.export('where', [pulumi.get_project(), pulumi.get_stack(), pulumi.runtime.is_dry_run()])\n"
    )
    assert "hunter2" not in engine.up().stdout
    assert engine.outputs() == {"size": 3, "password": "hunter2", "where": ["scratch", "test", False]}
    assert "hunter2" not in engine.state_file.read_text()


def test_modules_beside_the_program_can_be_imported(engine: Engine) -> None:
    (engine.directory / "colours.py").write_text("RED = 'red'\n")
    engine.write_program("import pulumi, colours\npulumi.export('colour', colours.RED)\n")
    engine.up()
    assert engine.outputs() == {"colour": "red"}


def test_main_may_name_a_folder(engine: Engine) -> None:
    stacks = engine.directory / "stacks"
    stacks.mkdir()
    (stacks / "sizes.py").write_text("SMALL = 1\n")
    (stacks / "__main__.py").write_text("import pulumi, sizes\npulumi.export('size', sizes.SMALL)\n")
    project = engine.directory / "Pulumi.yaml"
    project.write_text(project.read_text().replace('"name": "scratch",', '"name": "scratch", "main": "stacks",'))
    engine.up()
    assert engine.outputs() == {"size": 1}


def test_an_asynchronous_program_is_awaited(engine: Engine) -> None:
    engine.write_program("import pulumi\nasync def main():\n    return {'size': 2}\npulumi.run(main)\n")
    engine.up()
    assert engine.outputs() == {"size": 2}


def test_an_unset_value_is_told_in_one_sentence(engine: Engine) -> None:
    said = failed_preview(engine, "import pulumi\npulumi.Config().require('size')\n")
    assert "Missing required configuration variable 'scratch:size'" in said
    assert "Traceback" not in said


def test_a_mistake_in_a_spec_is_told_without_a_traceback(engine: Engine) -> None:
    said = failed_preview(
        engine,
        "from seldon_infra.core.errors import SeldonInfraError\n"
        "class InvalidSpec(SeldonInfraError): pass\n"
        "raise InvalidSpec('traffic 20 + 70 = 90, must sum to 100')\n",
    )
    assert "error: traffic 20 + 70 = 90, must sum to 100" in said
    assert "Traceback" not in said


def test_an_exception_shows_the_users_frames_only(engine: Engine) -> None:
    said = failed_preview(engine, "import json\njson.loads('{')\n")
    assert "line 2, in <module>" in said
    assert "JSONDecodeError" in said
    assert "json/decoder.py" not in said
    assert "language_host" not in said


def test_an_exception_in_an_apply_shows_the_users_line(engine: Engine) -> None:
    said = failed_preview(engine, "import pulumi\npulumi.Output.from_input(3).apply(lambda value: value / 0)\n")
    assert "line 2, in <lambda>" in said
    assert "ZeroDivisionError" in said


def test_a_syntax_error_names_the_file_and_the_line(engine: Engine) -> None:
    said = failed_preview(engine, "def f(:\n")
    assert '__main__.py", line 1' in said
    assert "Traceback" not in said


def test_a_missing_program_names_the_file_to_write(engine: Engine) -> None:
    (engine.directory / "__main__.py").unlink()
    done = engine.preview(check=False)
    assert done.returncode != 0
    assert "__main__.py" in done.stdout


def test_sys_exit_with_a_message_fails_with_that_message(engine: Engine) -> None:
    assert "error: no budget left" in failed_preview(engine, "import sys\nsys.exit('no budget left')\n")


def test_a_missing_environment_names_the_command_that_makes_it(engine: Engine) -> None:
    project = engine.directory / "Pulumi.yaml"
    project.write_text('{"name": "scratch", "runtime": {"name": "python", "options": {"virtualenv": "nowhere"}}}')
    said = failed_preview(engine, "")
    assert "nowhere/bin/python" in said
    assert "make setup" in said


def test_a_plugin_written_as_a_python_program_is_started(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text("import sys\nprint('plugin speaking', file=sys.stderr)\nsys.exit(7)\n")
    done = engine.run("package", "get-schema", str(folder), check=False)
    assert "plugin speaking" in done.stdout + done.stderr


def test_about_names_the_programs_interpreter(engine: Engine) -> None:
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in engine.run("about").stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_host_and_program_end_with_the_engine(engine: Engine, number: signal.Signals) -> None:
    engine.write_program(HANGS)
    command = engine.start("preview", "--stack", "test")
    pid_file = engine.directory / "program.pid"
    try:
        wait_until(lambda: pid_file.exists() and pid_file.read_text() != "")
        program = int(pid_file.read_text())
        host = int(Path(f"/proc/{program}/stat").read_text().split(")")[1].split()[1])
        os.kill(command.pid, number)
        wait_until(lambda: not is_alive(host) and not is_alive(program))
    finally:
        command.kill()
        command.communicate(timeout=60)


def waiting_for(program: Path) -> list[int]:
    """Processes that a host has started for a program."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(program).encode() in words:
            found.append(int(entry.parent.name))
    return found


def test_a_command_that_runs_no_program_leaves_no_process_that_waits_for_one(engine: Engine) -> None:
    engine.up()
    engine.refresh()
    wait_until(lambda: not waiting_for(engine.directory))  # a host whose engine is gone ends it a moment later


def test_what_a_program_has_left_for_its_end_is_done(engine: Engine) -> None:
    engine.write_program(
        "import atexit, threading, time\n"
        "def late():\n"
        "    threading.main_thread().join()\n"
        "    open('thread', 'w').write('done')\n"
        "atexit.register(lambda: open('atexit', 'w').write(open('thread').read()))\n"
        "threading.Thread(target=late).start()\n"
    )
    engine.preview()
    assert (engine.directory / "atexit").read_text() == "done"


HOST = Path(__file__).parents[2] / "toolchain" / "language_host"


def test_a_program_that_nobody_asks_to_run_does_not(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import seldon_infra\nopen('ran', 'w').close()\n")
    command = [sys.executable, str(HOST / "program.py"), str(tmp_path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (32, "")
    assert not (tmp_path / "ran").exists()


def test_a_process_is_given_to_the_program_that_it_was_started_for_alone(tmp_path: Path) -> None:
    asked = (
        "import sys\n"
        "from ahead import Ahead\n"
        "ahead = Ahead()\n"
        "def end(process):\n"
        "    process.stdin.close()\n"
        "    return process.wait(60)\n"
        "ahead.start(sys.executable, 'one')\n"
        "waiting = ahead._process\n"
        "first = ahead.take(sys.executable, 'one')\n"
        "second = ahead.take(sys.executable, 'one')\n"
        "ahead.start(sys.executable, 'one')\n"
        "passed_over = ahead._process\n"
        "third = ahead.take(sys.executable, 'two')\n"
        "print(first is waiting, second is first, third is passed_over, passed_over.returncode)\n"
        "print([end(process) for process in (first, second, third)])\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=HOST, capture_output=True, text=True, timeout=240)
    assert done.stdout == "True False False -9\n[32, 32, 32]\n", done.stderr


def test_the_host_starts_without_importing_pulumi() -> None:
    check = "import sys, protocol; sys.exit('pulumi.output' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], cwd=HOST, timeout=240)
    assert done.returncode == 0
