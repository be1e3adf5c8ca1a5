"""The editor connects by the rules of the server: in a real browser, with the modules that its page loads."""

import json
import random
from pathlib import Path
from typing import Any

from editor.hands import Hands
from weft.sockets import NULL, ListOf, Named, SocketType, Variable, fits, parse_type, union

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "connection_cases.json").read_text(encoding="utf-8")
)
SHAPES = {"square": ["rectangle", "shape"], "rectangle": ["shape"]}
NAMES = ("int", "float", "string", "image", "mask", "square", "rectangle", "shape")

DECIDE = """async ([base, cases]) => {
  const { fits, parseType } = await import(`${base}model/types.js`);
  return cases.map(({ source, target, supertypes = {} }) => {
    const fit = fits(parseType(source), parseType(target), new Map(Object.entries(supertypes)));
    const bindings = [...(fit?.bindings ?? [])].map(([name, type]) => [name, type.text]);
    return { verdict: fit?.rule ?? "no", bindings: Object.fromEntries(bindings) };
  });
}"""

CONVERT = """async ([base]) => {
  const { createCatalog } = await import(`${base}model/catalog.js`);
  const read = async (path) => await (await fetch(path)).json();
  const [{ nodes }, types] = await Promise.all([read("/api/nodes"), read("/api/types")]);
  const catalog = createCatalog({ nodes, types, packs: [], workflows: [], loadChoices: async () => [] });
  return types.converters.map(({ source, target, nodes }) => {
    const fit = catalog.fits(source, target);
    return { source, target, nodes, isRefused: !fit.fits, found: fit.conversions };
  });
}"""


def random_type(choose: random.Random, depth: int = 3) -> SocketType:
    """A type of any form."""
    kinds = ["named", "null", "variable", "list", "union"] if depth else ["named", "variable"]
    match choose.choices(kinds, [6, 1, 1, 3, 3][: len(kinds)])[0]:
        case "null":
            return NULL
        case "variable":
            return Variable(choose.choice("TU"))
        case "list":
            return ListOf(random_type(choose, depth - 1))
        case "union":
            return union(*(random_type(choose, depth - 1) for _ in range(choose.randint(1, 3))))
        case _:
            return Named(choose.choice(NAMES))


def test_the_browser_decides_every_case_of_the_published_table_as_the_server_does(
    desk: Hands, modules: str
) -> None:
    found = desk.page.evaluate(DECIDE, [modules, CASES])

    assert found == [{"verdict": case["verdict"], "bindings": case.get("bindings", {})} for case in CASES]


def test_the_browser_decides_any_types_as_the_server_does(desk: Hands, modules: str) -> None:
    choose = random.Random(7)
    pairs = [(random_type(choose), random_type(choose)) for _ in range(3000)]
    supertypes = {name: tuple(above) for name, above in SHAPES.items()}
    asked = [{"source": str(a), "target": str(b), "supertypes": SHAPES} for a, b in pairs]

    found = desk.page.evaluate(DECIDE, [modules, asked])

    decided = [fits(parse_type(str(a)), parse_type(str(b)), supertypes) for a, b in pairs]
    expected = [
        {"verdict": fit.verdict, "bindings": {name: str(bound) for name, bound in fit.bindings.items()}}
        for fit in decided
    ]
    assert [
        (case["source"], case["target"], one, other)
        for case, one, other in zip(asked, found, expected, strict=True)
        if one != other
    ] == []
    assert len({fit.verdict for fit in decided}) == len({case["verdict"] for case in CASES})


def test_a_refused_link_is_offered_the_converters_that_the_server_names(desk: Hands, modules: str) -> None:
    offers = desk.page.evaluate(CONVERT, [modules])

    assert len(offers) > 10
    for offer in offers:
        assert offer["isRefused"], offer
        named = [conversion["type"] for conversion in offer["found"]]
        assert named[: len(offer["nodes"])] == offer["nodes"], offer
