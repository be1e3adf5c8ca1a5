"""What was typed, as typed values: options, and the values for a workflow's own inputs."""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Never

from weft.cli.exits import EXIT_CODE_HELP
from weft.cli.faults import UsageError
from weft.errors import suggest


@dataclass(frozen=True, slots=True)
class Flag:
    """One option of the command line.

    Attributes:
        name: The option as typed, with its dashes.
        help: One line of help.
        commands: The commands that take it; empty means all of them.
        metavar: What its value is called in the help; empty means that it takes none.
        repeats: Whether it may be given several times.
    """

    name: str
    help: str
    commands: tuple[str, ...] = ()
    metavar: str = ""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the command line: its name, its subject, what may follow that, and its help."""

    name: str
    summary: str
    subject: str = ""
    further: str = ""
    is_subject_required: bool = True
    takes_inputs: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that was typed after `weft`.

    Attributes:
        command: The command's name.
        subject: What it is about: a workflow, a node type, or what to do.
        name: What follows the subject: the name of a token, or a file.
        given: Values for the workflow's inputs as typed; None where an option came without a value.
        out: Folder for what the run saves.
        only: The outputs that are wanted; empty means all.
        use_cache: Whether earlier results may be used.
        as_json: Whether the answer is one JSON object.
        device: Where to compute; empty leaves it to the settings.
        traceback: Whether the failure of a node, a pack or weft itself shows its traceback.
        scope: How far a token reaches; empty leaves it to the command.
        settings: Further settings as typed, by name.
        is_asking: Whether help is wanted about the workflow instead of a run.
    """

    command: str
    subject: str | None = None
    name: str | None = None
    given: Mapping[str, str | None] = field(default_factory=dict)
    out: str | None = None
    only: tuple[str, ...] = ()
    use_cache: bool = True
    as_json: bool = False
    device: str = ""
    traceback: bool = False
    scope: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    is_asking: bool = False


COMMANDS = (
    Command(
        "run",
        "run a workflow and save what it makes",
        subject="WORKFLOW",
        takes_inputs=True,
        examples=(
            'weft run text-to-image --prompt "a red circle" --seed 8',
            "weft run text-to-image --help    (lists the inputs of that workflow)",
            "weft run my-workflow.json --out pictures",
            "weft run output/text-to-image-image-00001.png    (makes the same picture again)",
        ),
    ),
    Command("check", "list every problem of a workflow without running it", subject="WORKFLOW"),
    Command(
        "plan",
        "say what a run would do, node by node, and why",
        subject="WORKFLOW",
        takes_inputs=True,
    ),
    Command("nodes", "list the nodes there are, or explain one", subject="TYPE", is_subject_required=False),
    Command(
        "workflows",
        "list the workflows that have a name, or take over one of ComfyUI",
        subject="import",
        further="FILE",
        is_subject_required=False,
        examples=("weft workflows", "weft workflows import portrait.json"),
    ),
    Command(
        "serve",
        "start the server: it runs workflows that are sent over HTTP, and keeps them in a queue",
        examples=("weft serve", "weft serve --host 0.0.0.0 --workers 2 --device cuda"),
    ),
    Command(
        "token",
        "add, list or remove the tokens of those who call the server from elsewhere",
        subject="ACTION",
        further="NAME",
        examples=("weft token add laptop", "weft token add watcher --scope read", "weft token remove laptop"),
    ),
)

_RUNS = ("run", "plan")
_HELP = frozenset({"--help", "-h"})
_SETTINGS = ("host", "port", "workers", "data_dir")

FLAGS = (
    Flag(
        "--set",
        "give an input of the workflow a value; `--<input> VALUE` is the short form",
        commands=_RUNS,
        metavar="INPUT=VALUE",
        repeats=True,
    ),
    Flag("--out", "folder for the results (default: ./output)", commands=("run",), metavar="DIR"),
    Flag("--only", "make only this output of the workflow", commands=_RUNS, metavar="OUTPUT", repeats=True),
    Flag("--no-cache", "compute everything anew, use and keep no results", commands=("run",)),
    Flag(
        "--device",
        "where to compute: auto, cpu, cuda, cuda:N or mps",
        commands=("run", "serve"),
        metavar="DEVICE",
    ),
    Flag("--host", "address to listen on (default: 127.0.0.1)", commands=("serve",), metavar="ADDRESS"),
    Flag("--port", "port to listen on; 0 takes a free one (default: 9338)", commands=("serve",), metavar="N"),
    Flag("--workers", "worker processes (default: 1)", commands=("serve",), metavar="N"),
    Flag("--data-dir", "folder for all that weft keeps", commands=("serve", "token"), metavar="DIR"),
    Flag("--scope", "read, submit (default) or manage", commands=("token",), metavar="SCOPE"),
    Flag("--json", "answer with one JSON object on standard output"),
    Flag("--traceback", "show where a node, a pack or weft itself failed (also: WEFT_TRACEBACK=1)"),
)

_SUBJECT_HELP = MappingProxyType(
    {
        "WORKFLOW": "a workflow's name, a JSON file, a picture that carries one, or - for standard input",
        "TYPE": "a node type such as latent.sample; without it, all of them",
        "ACTION": "add, list or remove",
        "NAME": "name of the token",
        "import": "save a workflow of ComfyUI under the name of its file, and say what became of its nodes",
        "FILE": "a JSON file, or a picture that ComfyUI made",
    }
)


def read_arguments(arguments: Sequence[str]) -> Options:
    """Read a command line.

    Args:
        arguments: What was typed after `weft`.

    Returns:
        The options; what belongs to the workflow's own inputs stands in `given`, not yet checked.

    Raises:
        UsageError: A command or option that does not exist, one without the value it needs, or two values
            for one input.
        SystemExit: After `--help` or `--version` printed their text; not where a workflow stands beside it.
    """
    arguments = arguments or ["--help"]
    _refuse_unknown_command(arguments)
    command = next((c for c in COMMANDS if arguments[0] == c.name), None)
    own, pairs = (list(arguments), []) if command is None else _split(command, arguments)
    is_asking = command is not None and command.takes_inputs and _asks_about_subject(own)
    if is_asking:
        own = [word for word in own if word not in _HELP]
    _refuse_repeats(own)
    read = _parser().parse_args(own)
    for pair in getattr(read, "set", None) or ():
        name, equals, value = str(pair).partition("=")
        if not (equals and name):
            raise UsageError(
                f"--set {pair} does not name an input.", hint="Write --set input=value, such as --set seed=8."
            )
        pairs.append((name, value))
    return Options(
        command=str(read.command),
        subject=read.subject,
        name=read.name,
        given=_each_once(pairs),
        out=getattr(read, "out", None),
        only=tuple(getattr(read, "only", None) or ()),
        use_cache=not getattr(read, "no_cache", False),
        as_json=bool(read.json),
        device=getattr(read, "device", None) or "",
        traceback=bool(read.traceback),
        scope=getattr(read, "scope", None) or "",
        settings={name: str(vars(read)[name]) for name in _SETTINGS if vars(read).get(name) is not None},
        is_asking=is_asking,
    )


def _asks_about_subject(own: Sequence[str]) -> bool:
    """Tell whether help is asked for beside the name of a workflow."""
    return not _HELP.isdisjoint(own) and any(not word.startswith("-") for word in own[1:])


def flags_of(command: str) -> tuple[Flag, ...]:
    """List the options that a command takes.

    Args:
        command: The command's name.

    Returns:
        The options, in the order of the help.
    """
    return tuple(flag for flag in FLAGS if not flag.commands or command in flag.commands)


def _refuse_unknown_command(arguments: Sequence[str]) -> None:
    names = [command.name for command in COMMANDS]
    if arguments[0].startswith("-") or arguments[0] in names:
        return
    raise UsageError(
        f"weft has no command {arguments[0]}.",
        hint=suggest(arguments[0], names) or f"The commands are {', '.join(names)}.",
    )


def plain_name(name: str) -> str:
    """Give the form in which names of inputs are compared.

    Args:
        name: The name as typed or as the workflow writes it.

    Returns:
        The name in small letters, its dashes as underscores.
    """
    return name.replace("-", "_").lower()


def _each_once(pairs: Sequence[tuple[str, str | None]]) -> dict[str, str | None]:
    """Give the values by input; of two values for one input, none can be meant for sure.

    Raises:
        UsageError: An input is given twice, in whichever form.
    """
    counts = Counter(plain_name(name) for name, _ in pairs)
    for name, _ in pairs:
        if counts[plain_name(name)] > 1:
            raise UsageError(f"The input {name} is given more than once.", hint=f"Give --{name} one value.")
    return dict(pairs)


def _refuse_repeats(own: Sequence[str]) -> None:
    """Refuse two values for an option of weft that takes one."""
    counts = Counter(word.partition("=")[0] for word in own)
    for flag in FLAGS:
        if flag.metavar and not flag.repeats and counts[flag.name] > 1:
            raise UsageError(f"{flag.name} is given more than once.", hint=f"Give {flag.name} one value.")


def _split(command: Command, arguments: Sequence[str]) -> tuple[list[str], list[tuple[str, str | None]]]:
    """Part the options of weft from those that name an input of the workflow.

    argparse cannot do this: it takes the value of an option that it does not know for a positional argument.
    """
    flags = {flag.name: flag for flag in flags_of(command.name)}
    own: list[str] = []
    given: list[tuple[str, str | None]] = []
    waiting = list(reversed(arguments))
    while waiting:
        word = waiting.pop()
        name, equals, value = word.partition("=")
        if not word.startswith("--") or word in {"--", "--help"}:
            own.append(word)
        elif name in flags:
            own.append(word)
            if flags[name].metavar and not equals and waiting:
                # Joined, so that argparse takes a value such as -3 for a value.
                own[-1] = f"{name}={waiting.pop()}"
        elif command.takes_inputs:
            given.append((name.removeprefix("--"), value if equals else _next_value(waiting)))
        else:
            raise _unknown_option(command, name)
    return own, given


def _next_value(waiting: list[str]) -> str | None:
    return waiting.pop() if waiting and not waiting[-1].startswith("--") else None


def _unknown_option(command: Command, name: str) -> UsageError:
    names = [flag.name for flag in flags_of(command.name)]
    return UsageError(
        f"weft {command.name} has no option {name}.",
        hint=suggest(name, names) or f"Its options are {', '.join(names)}.",
    )


class _Parser(argparse.ArgumentParser):
    """An argparse parser that raises our error instead of ending the process."""

    def error(self, message: str) -> Never:
        words = message[0].upper() + message[1:]
        raise UsageError(f"{words}.", hint=f"See {self.prog} --help.")


class _Version(argparse.Action):
    """Prints the version; reads it only when asked."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"weft {version('weft')}\n")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="weft",
        description="Run workflows of typed nodes that make pictures.",
        epilog=EXIT_CODE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        _add_command(commands, command)
    return parser


def _add_command(commands: "argparse._SubParsersAction[_Parser]", command: Command) -> None:
    examples = "".join(f"  {example}\n" for example in command.examples)
    parser = commands.add_parser(
        command.name,
        help=command.summary,
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        epilog=(f"examples:\n{examples}\n" if examples else "") + EXIT_CODE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(subject=None, name=None)
    if command.subject:
        parser.add_argument(
            "subject",
            nargs=None if command.is_subject_required else "?",
            metavar=command.subject,
            help=_SUBJECT_HELP[command.subject],
        )
    if command.further:
        parser.add_argument("name", nargs="?", metavar=command.further, help=_SUBJECT_HELP[command.further])
    for flag in flags_of(command.name):
        _add_flag(parser, flag)
    if command.takes_inputs:
        parser.usage = f"weft {command.name} {command.subject} [--<input> VALUE ...] [options]"


def _add_flag(parser: argparse.ArgumentParser, flag: Flag) -> None:
    if not flag.metavar:
        parser.add_argument(flag.name, action="store_true", help=flag.help)
        return
    parser.add_argument(
        flag.name,
        action="append" if flag.repeats else "store",
        metavar=flag.metavar,
        help=flag.help,
    )
