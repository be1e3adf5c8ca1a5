"""What runs and what does not: switches, selections and notes."""

from typing import Annotated, ClassVar, TypeVar

from weft.sdk import Lazy, NodeError, Number, Text, node

Item = TypeVar("Item")


class OptionMissingError(NodeError):
    """The selected option is not connected."""

    code: ClassVar[str] = "option-missing"

    def __init__(self, *, index: int) -> None:
        super().__init__(
            f"Option {index} is selected, but nothing is connected to option_{index}.",
            hint=f"Connect option_{index}, or select another one.",
        )


@node("flow.switch")
async def switch(condition: bool, when_true: Lazy[Item], when_false: Lazy[Item]) -> Item:
    """Choose one of two values by a yes or no; the other branch does not run.

    Args:
        condition: Which branch to take.
        when_true: Given on yes.
        when_false: Given on no.

    Returns:
        The value of the chosen branch.
    """
    return await (when_true if condition else when_false)


@node("flow.select")
async def select(
    option_0: Lazy[Item],
    option_1: Lazy[Item] | None = None,
    option_2: Lazy[Item] | None = None,
    *,
    option_3: Lazy[Item] | None = None,
    option_4: Lazy[Item] | None = None,
    option_5: Lazy[Item] | None = None,
    index: Annotated[int, Number(0, 5)] = 0,
) -> Item:
    """Choose one of up to six values by its number; the other branches do not run.

    Args:
        option_0: Given for 0.
        option_1: Given for 1.
        option_2: Given for 2.
        option_3: Given for 3.
        option_4: Given for 4.
        option_5: Given for 5.
        index: Number of the branch to take, 0..5.

    Returns:
        The value of the chosen branch.

    Raises:
        OptionMissingError: Nothing is connected to the chosen branch.
    """
    options = (option_0, option_1, option_2, option_3, option_4, option_5)
    option = options[index]
    if option is None:
        raise OptionMissingError(index=index)
    return await option


@node("flow.pass", lane="inline", output="value")
def pass_on(value: Item) -> Item:
    """Pass a value on, so that one place feeds many and wires stay short.

    Args:
        value: Anything.

    Returns:
        The same.
    """
    return value


@node("flow.note", lane="inline")
def note(text: Annotated[str, Text(multiline=True)] = "") -> None:
    """Keep a remark beside the nodes it is about; nothing flows in or out.

    Args:
        text: The remark, in Markdown.
    """
