"""Signals, in processes of their own."""

import signal
import subprocess
import sys
import time

import pytest

from ntkcli.interruption import TOLD_TO_END

# What every process here begins with.
START = """
import ctypes, os, signal, sys, time
from ntkcli import interruption as i
i.listen(lambda message: print(message, flush=True))
def send(number=signal.SIGTERM): os.kill(os.getpid(), number)
def end_with(work):
    try:
        work()
        print("done")
    except i.Interruption as end:
        i.clean_up()
        i.tell(end)
        sys.exit(end.code)
"""


def outcome(code: str) -> tuple[int, list[str]]:
    words = [sys.executable, "-c", START + code]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr == ""
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_for_the_end_of_a_change_and_a_second_one_says_nothing_more(
    number: signal.Signals,
) -> None:
    code = f"""
def work():
    with i.held_back():
        send({number:d}); send({number:d})
        print("changed")
    print("not reached")
end_with(work)
"""
    assert outcome(code) == (128 + number, ["changed", TOLD_TO_END])


def test_what_is_owed_is_cleaned_up_though_the_block_was_never_entered() -> None:
    code = """
def work():
    with i.held_back():
        i.owe(lambda: print("cleaned"))
        send()
end_with(work)
"""
    assert outcome(code) == (143, ["cleaned", TOLD_TO_END])


def test_results_that_are_whole_are_a_success_whatever_comes() -> None:
    code = """
def work():
    with i.held_back():
        send()
        i.results_are_whole()
end_with(work)
"""
    assert outcome(code) == (0, ["done"])


def test_a_signal_that_came_meanwhile_ends_work_before_more_is_begun() -> None:
    code = """
def work():
    i.results_are_whole()
    send()
    print("first")
    i.begin_more()
    print("not reached")
end_with(work)
"""
    assert outcome(code) == (143, ["first", TOLD_TO_END])


def test_a_signal_in_a_destructor_is_not_lost() -> None:
    code = """
class Noisy:
    def __del__(self):
        send()
        time.sleep(0)
def work():
    Noisy()
    time.sleep(30)
end_with(work)
"""
    assert outcome(code) == (143, [TOLD_TO_END])


def test_a_signal_that_a_library_makes_an_exception_of_its_own_of_is_one_all_the_same() -> None:
    code = """
import pydantic
class Slow(pydantic.BaseModel):
    x: int
    @pydantic.field_serializer("x")
    def told(self, x):
        send()
        time.sleep(0)
def work():
    with i.unmasked():
        Slow(x=1).model_dump()
end_with(work)
"""
    assert outcome(code) == (143, [TOLD_TO_END])


def test_a_signal_that_comes_while_signals_are_first_listened_to_is_one() -> None:
    code = """
start = i._start_watch
def work():
    i._start_watch = lambda: (send(), start(), print("started"))
    i.listen(i._state.say)
end_with(work)
"""
    assert outcome(code) == (143, ["started", TOLD_TO_END])


def test_the_time_limit_asks_to_try_again() -> None:
    code = """
def work():
    i.limit(0.05)
    time.sleep(30)
end_with(work)
"""
    assert outcome(code) == (75, ["the time of --max-time is up: the same command goes on from here"])


def test_where_a_command_goes_on_sigterm_asks_to_try_again_and_ctrl_c_does_not() -> None:
    code = """
def work():
    i.resumes()
    send({})
end_with(work)
"""
    assert outcome(code.format(int(signal.SIGTERM)))[0] == 75
    assert outcome(code.format(int(signal.SIGINT)))[0] == 130


def test_a_main_thread_that_is_stuck_in_a_library_is_ended_after_what_is_owed_is_cleaned_up() -> None:
    code = """
i.PATIENCE_SECONDS = 0.2
i.owe(lambda: print("cleaned"))
import threading
threading.Timer(0.2, send).start()
libc = ctypes.CDLL(None)
mutex = ctypes.create_string_buffer(64)
libc.pthread_mutex_lock(mutex)
libc.pthread_mutex_lock(mutex)  # waits for itself for ever, whatever signal comes
"""
    start = time.monotonic()
    assert outcome(code) == (143, ["cleaned", TOLD_TO_END])
    assert time.monotonic() - start < 10


def test_a_signal_that_is_ignored_stays_so() -> None:
    code = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + START
    code += "send(signal.SIGHUP); print('here')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "here\n", "")


def test_ctrl_c_while_the_program_is_loaded_ends_it_without_a_word() -> None:
    code = """
import signal, sys
class Impatient:
    def find_spec(self, name, *rest):
        if name == "ntkcli.interruption":
            signal.raise_signal(signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Impatient())
from ntkcli.__main__ import main
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
