"""Files and functions stay small enough to be read in one go."""

import ast

from house.house import code_lines, count_of_code, files_of_tests, functions, lines_of, shown, source_files

LONGEST_FILE = 500
LONGEST_FUNCTION = 40
MOST_PARAMETERS = 6
POSITIONAL_PARAMETERS = 3


def test_no_source_file_is_longer_than_five_hundred_lines() -> None:
    lengths = {shown(path): len(lines_of(path)) for path in source_files()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_has_more_than_forty_lines_of_code() -> None:
    too_long = {}
    for path in source_files():
        for function in functions(path):
            length = code_lines(path, function)
            if length > LONGEST_FUNCTION:
                too_long[f"{shown(path)}:{function.name}"] = length

    assert too_long == {}


def test_no_function_takes_more_than_six_parameters_unless_it_is_a_node_or_an_error() -> None:
    too_many = {}
    for path in source_files():
        for function in functions(path):
            arguments = function.args
            count = len([a for a in arguments.posonlyargs + arguments.args if a.arg not in {"self", "cls"}])
            count += len(arguments.kwonlyargs)
            if count > MOST_PARAMETERS and not _is_node(function) and function.name != "__init__":
                too_many[f"{shown(path)}:{function.name}"] = count

    assert too_many == {}


def test_there_are_at_least_six_lines_of_test_code_for_five_of_source() -> None:
    source, tests = (
        sum(count_of_code(path) for path in paths) for paths in (source_files(), files_of_tests())
    )

    assert tests / source >= 1.2


def _is_node(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A node's parameters are its sockets and widgets: as many as the task has."""
    names = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return any(isinstance(name, ast.Name) and name.id == "node" for name in names)
