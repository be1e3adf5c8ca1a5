"""Two streams: answers on one, words for people on the other."""

import errno
import io

import pytest
from weft.cli.terminal import AnswerUnwritableError, Terminal, console_for
from weft.errors import Problem


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def _terminal(words: io.StringIO | None = None) -> tuple[Terminal, io.StringIO, io.StringIO]:
    data, heard = io.StringIO(), words if words is not None else io.StringIO()
    return Terminal(data=data, words=heard), data, heard


def test_an_answer_goes_to_the_data_and_words_to_the_words() -> None:
    terminal, data, words = _terminal()

    terminal.answer("42")
    terminal.say("Done.")

    assert (data.getvalue(), words.getvalue()) == ("42\n", "Done.\n")


def test_words_are_never_taken_for_markup() -> None:
    terminal, _, words = _terminal()

    terminal.say("[bold]list[int][/bold] :smile:")

    assert words.getvalue() == "[bold]list[int][/bold] :smile:\n"


def test_a_log_gets_long_lines_unbroken_and_uncoloured() -> None:
    terminal, _, words = _terminal()

    terminal.say("word " * 60, style="bold red")

    assert words.getvalue() == "word " * 60 + "\n"


def test_a_screen_gets_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, _, words = _terminal(Screen())

    terminal.say("no", style="red")

    assert "\x1b[31m" in words.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal, _, words = _terminal(Screen())

    terminal.say("no", style="red")

    assert "\x1b[31m" not in words.getvalue()


def test_only_a_screen_that_can_redraw_is_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert _terminal(Screen())[0].is_live
    assert not _terminal()[0].is_live

    monkeypatch.setenv("TERM", "dumb")
    assert not _terminal(Screen())[0].is_live


def test_being_busy_is_shown_on_a_screen_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    live, _, screen = _terminal(Screen())
    plain, _, log = _terminal()

    for terminal in (live, plain):
        with terminal.busy("Reading"):
            pass

    assert "Reading" in screen.getvalue()
    assert log.getvalue() == ""


def test_a_problem_tells_place_code_fact_and_help() -> None:
    terminal, data, words = _terminal()

    terminal.report(Problem(code="cycle", message="It turns.", hint="Cut it.", node="a", input="b"))

    assert words.getvalue() == "error [cycle] a.b: It turns.\n      Cut it.\n"
    assert data.getvalue() == ""


def test_a_traceback_is_offered_until_it_is_asked_for() -> None:
    problem = Problem(code="c", message="It broke.", hint="Mend it.", details={"traceback": "Trace [x]\n"})
    terminal, _, plain = _terminal()
    terminal.report(problem)
    asked = io.StringIO()
    Terminal(data=io.StringIO(), words=asked, shows_tracebacks=True).report(problem)

    assert plain.getvalue() == "error [c] It broke.\n      Mend it. Add --traceback to see it.\n"
    assert asked.getvalue() == "error [c] It broke.\n      Mend it.\nTrace [x]\n"


def test_a_warning_calls_itself_one_and_needs_no_place() -> None:
    terminal, _, words = _terminal()

    terminal.report(Problem(code="old", message="It is old.", hint="", severity="warning"))

    assert words.getvalue() == "warning [old] It is old.\n"


def test_a_stream_that_is_no_screen_is_as_wide_as_need_be() -> None:
    assert console_for(io.StringIO()).width > 1000


class Broken(io.StringIO):
    """A stream that fails as it is told to."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def flush(self) -> None:
        raise self.error


def test_an_answer_that_cannot_be_written_says_why() -> None:
    terminal = Terminal(data=Broken(OSError(errno.ENOSPC, "No space left on device")), words=io.StringIO())

    with pytest.raises(AnswerUnwritableError) as caught:
        terminal.answer("42")

    assert caught.value.message == "Standard output cannot be written: no space left on device."


def test_a_reader_who_left_is_told_apart_from_a_full_disk() -> None:
    terminal = Terminal(data=Broken(BrokenPipeError()), words=io.StringIO())

    with pytest.raises(BrokenPipeError):
        terminal.answer("42")
