"""The command line: options, the workflow's own inputs, and what is refused."""

import pytest
from weft.cli.arguments import COMMANDS, FLAGS, Flag, Options, flags_of, read_arguments
from weft.cli.faults import UsageError


def test_a_workflow_alone_takes_every_default() -> None:
    assert read_arguments(["run", "portrait"]) == Options(command="run", subject="portrait")


def test_what_is_no_option_is_a_value_for_an_input() -> None:
    options = read_arguments(["run", "portrait", "--prompt", "a red circle", "--seed=8"])

    assert options.given == {"prompt": "a red circle", "seed": "8"}


def test_inputs_may_stand_before_the_workflow() -> None:
    options = read_arguments(["run", "--prompt", "a red circle", "portrait", "--json"])

    assert (options.subject, options.given, options.as_json) == ("portrait", {"prompt": "a red circle"}, True)


def test_set_is_the_long_form_of_an_input() -> None:
    options = read_arguments(["run", "x", "--set", "seed=3", "--set=prompt=a = b"])

    assert options.given == {"seed": "3", "prompt": "a = b"}


def test_set_reaches_an_input_that_has_the_name_of_an_option() -> None:
    options = read_arguments(["run", "x", "--set", "out=left", "--out", "there"])

    assert (options.given, options.out) == ({"out": "left"}, "there")


def test_set_without_an_equals_sign_is_refused() -> None:
    with pytest.raises(UsageError, match="--set seed does not name an input"):
        read_arguments(["run", "x", "--set", "seed"])


def test_a_negative_number_is_a_value() -> None:
    options = read_arguments(["run", "x", "--offset", "-3", "--set", "low=-4"])

    assert options.given == {"offset": "-3", "low": "-4"}


def test_an_input_without_a_value_is_given_as_none() -> None:
    options = read_arguments(["run", "x", "--tiled", "--seed", "1"])

    assert options.given == {"tiled": None, "seed": "1"}


def test_an_empty_value_is_a_value() -> None:
    assert read_arguments(["run", "x", "--prompt", ""]).given == {"prompt": ""}


def test_all_options_of_a_run_are_read() -> None:
    words = [
        "run",
        "x",
        "--out",
        "o",
        "--only",
        "a",
        "--only",
        "b",
        "--no-cache",
        "--json",
        "--device",
        "cpu",
    ]

    options = read_arguments([*words, "--traceback"])

    assert options == Options(
        command="run",
        subject="x",
        out="o",
        only=("a", "b"),
        use_cache=False,
        as_json=True,
        device="cpu",
        traceback=True,
    )


def test_standard_input_is_a_workflow() -> None:
    assert read_arguments(["check", "-"]).subject == "-"


def test_nodes_needs_no_type() -> None:
    assert read_arguments(["nodes"]).subject is None
    assert read_arguments(["nodes", "latent.sample"]).subject == "latent.sample"


def test_run_needs_a_workflow() -> None:
    with pytest.raises(UsageError, match="required: WORKFLOW") as caught:
        read_arguments(["run"])

    assert caught.value.hint == "See weft run --help."


def test_an_unknown_command_suggests_the_right_one() -> None:
    with pytest.raises(UsageError) as caught:
        read_arguments(["chek", "x"])

    assert caught.value.hint == 'Did you mean "check"?'


def test_an_unknown_option_suggests_the_right_one() -> None:
    with pytest.raises(UsageError, match="weft check has no option --jsno") as caught:
        read_arguments(["check", "x", "--jsno"])

    assert caught.value.hint == 'Did you mean "--json"?'


def test_an_option_of_another_command_is_refused() -> None:
    with pytest.raises(UsageError, match="weft nodes has no option --out"):
        read_arguments(["nodes", "--out", "x"])


def test_options_are_never_abbreviated() -> None:
    with pytest.raises(UsageError, match="no option --js"):
        read_arguments(["check", "x", "--js"])


def test_two_workflows_are_refused() -> None:
    with pytest.raises(UsageError, match="nrecognized arguments: y"):
        read_arguments(["run", "x", "y"])


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_names_every_command_and_the_exit_codes(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        read_arguments(words)

    said = capsys.readouterr().out
    assert caught.value.code == 0
    assert all(command.name in said for command in COMMANDS)
    assert "130  cancelled" in said


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_the_help_of_a_command_names_all_its_options(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_arguments([command, "--help"])

    said = capsys.readouterr().out
    assert all(flag.name in said for flag in flags_of(command))


def test_every_option_belongs_to_a_command_that_exists() -> None:
    names = {command.name for command in COMMANDS}

    assert all(set(flag.commands) <= names for flag in FLAGS)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(["--version"])

    assert capsys.readouterr().out.startswith("weft ")


@pytest.mark.parametrize(
    "words",
    [
        ["--seed", "1", "--seed=2"],
        ["--seed", "1", "--seed", "1"],
        ["--set", "seed=1", "--set", "seed=2"],
        ["--set", "seed=1", "--seed", "2"],
        ["--seed", "--Seed", "3"],
    ],
)
def test_two_values_for_an_input_are_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="The input seed is given more than once"):
        read_arguments(["run", "x", *words])


def test_dashes_do_not_make_another_input() -> None:
    with pytest.raises(UsageError, match="The input pause-s is given more than once"):
        read_arguments(["run", "x", "--pause-s", "1", "--pause_s", "2"])


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.metavar], ids=lambda flag: str(flag.name))
def test_an_option_is_given_twice_only_where_that_has_a_meaning(flag: Flag) -> None:
    words = [*_begun(flag), flag.name, "a=1", f"{flag.name}=b=1"]

    if flag.repeats:
        assert read_arguments(words).subject == "x"
    else:
        with pytest.raises(UsageError, match=f"{flag.name} is given more than once"):
            read_arguments(words)


@pytest.mark.parametrize("pair", ["=3", "=", ""])
def test_set_without_a_name_is_refused(pair: str) -> None:
    with pytest.raises(UsageError, match="does not name an input") as caught:
        read_arguments(["run", "x", "--set", pair])

    assert "--set seed=8" in caught.value.hint


def _begun(flag: Flag) -> list[str]:
    """The beginning of a command line whose command takes a flag."""
    command = next(known for known in COMMANDS if not flag.commands or known.name in flag.commands)
    return [command.name, "x"] if command.subject else [command.name]


@pytest.mark.parametrize("flag", [flag for flag in FLAGS if flag.metavar], ids=lambda flag: str(flag.name))
def test_an_option_that_needs_a_value_asks_for_it(flag: Flag) -> None:
    with pytest.raises(UsageError, match=f"{flag.name}: expected one argument"):
        read_arguments([*_begun(flag), flag.name])


@pytest.mark.parametrize("flag", [flag.name for flag in FLAGS if not flag.metavar])
def test_an_option_that_takes_no_value_refuses_one(flag: str) -> None:
    with pytest.raises(UsageError, match=f"{flag}: ignored explicit argument"):
        read_arguments(["run", "x", f"{flag}=yes"])


@pytest.mark.parametrize("word", ["nosuchcommand", "12", "portrait.json"])
def test_a_word_like_no_command_is_met_with_all_of_them(word: str) -> None:
    with pytest.raises(UsageError, match=f"weft has no command {word}") as caught:
        read_arguments([word])

    assert all(command.name in caught.value.hint for command in COMMANDS)


def test_values_may_look_like_anything_but_an_option() -> None:
    options = read_arguments(["run", "x", "--prompt", "-", "--negative", "a=b", "--style=--bold"])

    assert options.given == {"prompt": "-", "negative": "a=b", "style": "--bold"}


def test_the_settings_of_a_server_are_taken_as_typed() -> None:
    options = read_arguments(["serve", "--host", "0.0.0.0", "--port=0", "--data-dir", "d", "--device", "cpu"])

    assert options == Options(
        command="serve", device="cpu", settings={"host": "0.0.0.0", "port": "0", "data_dir": "d"}
    )


def test_a_name_may_follow_what_to_do_with_a_token() -> None:
    assert read_arguments(["token", "add", "laptop", "--scope", "read"]) == Options(
        command="token", subject="add", name="laptop", scope="read"
    )
    assert read_arguments(["token", "list"]).name is None
