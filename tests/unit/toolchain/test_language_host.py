"""What the process of a program does when the engine interrupts it in a place that Python would only print."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
INTERRUPTED = """
import sys, time, weakref
from toolchain.language_host.program import interrupted_again
{hook}
class It: pass
def interrupt(_): raise KeyboardInterrupt
it = It()
kept = weakref.ref(it, interrupt)
try:
    del it
    for _ in range({steps}): time.sleep(0.01)
    print("went on")
except KeyboardInterrupt:
    print("stopped")
"""


def run(hook: str, steps: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", INTERRUPTED.format(hook=hook, steps=steps)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=240, check=True)


def test_an_interrupt_in_a_callback_ends_the_program_without_a_traceback() -> None:
    done = run("sys.unraisablehook = interrupted_again", 2000)
    assert (done.stdout, done.stderr) == ("stopped\n", "")


SLOW_TO_LEAVE = """
def dawdle(frame, event, _):
    if event == "return" and frame.f_code.co_name == "interrupted_again": time.sleep(0.2)
sys.unraisablehook = interrupted_again
sys.setprofile(dawdle)
"""


def test_an_interrupt_waits_until_a_busy_machine_has_left_the_hook() -> None:
    done = run(SLOW_TO_LEAVE, 2000)
    assert (done.stdout, done.stderr) == ("stopped\n", "")


def test_python_alone_prints_a_traceback_and_goes_on() -> None:
    done = run("", 10)
    assert done.stdout == "went on\n"
    assert "KeyboardInterrupt" in done.stderr
