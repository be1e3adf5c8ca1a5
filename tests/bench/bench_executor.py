"""What the engine costs per trivial node, beside a plain Python loop that does the least one could do.

Cold: every node runs, with its key, its reason, its cache entry and its two events. Cached: the same graph
again. All in CPU time, the contestants taking turns in one process, the best of several rounds.
"""

import asyncio
import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from weft.engine.cache import ResultCache
from weft.engine.engine import Engine
from weft.engine.events import Event
from weft.errors import JSON
from weft.graph.build import build
from weft.graph.document import parse_document
from weft.graph.structure import Graph, Source
from weft.graph.workflows import NoWorkflows
from weft.node import node
from weft.paths import Paths
from weft.registry import Registry

SIZES = (100, 1_000, 10_000)
SHAPES = ("chain", "wide")
TARGET_US = 40.0
TARGET_SLOPE = 1.1


@node("bench.number", lane="inline", output="value")
def _number(value: int = 0) -> int:
    return value


@node("bench.add", lane="inline", output="value")
def _add(a: int, b: int = 1) -> int:
    return a + b


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        shape: `chain` or `wide`.
        nodes: How many nodes the graph has.
        build_us: Check and build from the document, CPU microseconds per node.
        cold_us: The first run.
        cached_us: The same run again.
        floor_cold_us: A plain loop that hashes a key, calls the function and fills a dictionary.
        floor_cached_us: A plain loop that hashes a key and finds it.
    """

    shape: str
    nodes: int
    build_us: float = math.inf
    cold_us: float = math.inf
    cached_us: float = math.inf
    floor_cold_us: float = math.inf
    floor_cached_us: float = math.inf


def make_document(shape: str, size: int) -> dict[str, JSON]:
    """A chain of additions, or a wide floor of numbers summed in pairs."""
    nodes: dict[str, JSON] = {"n0": {"type": "bench.number", "inputs": {"value": 0}}}
    if shape == "chain":
        for index in range(1, size):
            nodes[f"n{index}"] = {"type": "bench.add", "inputs": {"a": {"from": f"n{index - 1}.value"}}}
    else:
        leaves = (size + 1) // 2
        for index in range(1, leaves):
            nodes[f"n{index}"] = {"type": "bench.number", "inputs": {"value": index}}
        for index in range(leaves, 2 * leaves - 1):
            left, right = 2 * (index - leaves), 2 * (index - leaves) + 1
            links: dict[str, JSON] = {"a": {"from": f"n{left}.value"}, "b": {"from": f"n{right}.value"}}
            nodes[f"n{index}"] = {"type": "bench.add", "inputs": links}
    last = list(nodes)[-1]
    return {"weft": 1, "nodes": nodes, "outputs": {"value": {"from": f"{last}.value"}}}


def measure(work: Callable[[], object]) -> float:
    """CPU seconds of one call, with the garbage of others out of the way."""
    gc.collect()
    started = time.process_time()
    work()
    return time.process_time() - started


def run_floor(graph: Graph, cache: dict[str, int]) -> None:
    """The least that a caching executor can do: an order, a key, a look, a call."""
    keys: dict[str, str] = {}
    values: dict[str, int] = {}
    for name in graph.order:
        entry = graph.nodes[name]
        sources = [link for link in entry.links.values() if isinstance(link, Source)]
        text = "".join([entry.type, repr(entry.values), *(keys[source.node] for source in sources)])
        key = keys[name] = blake2b(text.encode(), digest_size=16).hexdigest()
        known = cache.get(key)
        if known is None:
            inputs = [values[source.node] for source in sources]
            known = cache[key] = _add(*inputs) if inputs else _number(0)
        values[name] = known


def measure_engine(graph: Graph, registry: Registry) -> tuple[float, float]:
    """CPU seconds of a cold and of a cached run, with an observer that keeps every event."""
    cache = ResultCache(device_budget=0, ram_budget=2**30)
    with Engine(registry, paths=Paths.below(Path()), cache=cache) as engine:

        def once() -> None:
            events: list[Event] = []
            result = asyncio.run(engine.run(graph, observer=events.append))
            if result.state != "succeeded" or len(events) < len(graph.nodes):
                raise RuntimeError(f"the run {result.state}")

        return measure(once), measure(once)


def run(sizes: tuple[int, ...] = SIZES, rounds: int = 4) -> list[Row]:
    """Measure every shape and size, the contestants taking turns.

    Args:
        sizes: How many nodes.
        rounds: How often; the best of each counts.

    Returns:
        A row per shape and size.
    """
    registry = Registry()
    registry.add(_number, _add)
    rows = {(shape, size): Row(shape, size) for shape in SHAPES for size in sizes}
    graphs: dict[tuple[str, int], Graph] = {}
    for place, row in rows.items():
        document = parse_document(make_document(*place))
        built: list[Graph] = []
        seconds = measure(lambda: built.append(build(document, registry, NoWorkflows())))  # noqa: B023
        graphs[place] = built[0]
        rows[place] = replace(row, nodes=len(built[0].nodes), build_us=1e6 * seconds / len(built[0].nodes))
    for _ in range(rounds):
        for place, graph in graphs.items():
            rows[place] = _better(rows[place], graph, registry)
    return list(rows.values())


def _better(row: Row, graph: Graph, registry: Registry) -> Row:
    """Measure once more and keep the best of each figure."""
    scale = 1e6 / row.nodes
    kept: dict[str, int] = {}
    floor_cold = measure(lambda: run_floor(graph, kept)) * scale
    floor_cached = measure(lambda: run_floor(graph, kept)) * scale
    cold, cached = measure_engine(graph, registry)
    return replace(
        row,
        cold_us=min(row.cold_us, cold * scale),
        cached_us=min(row.cached_us, cached * scale),
        floor_cold_us=min(row.floor_cold_us, floor_cold),
        floor_cached_us=min(row.floor_cached_us, floor_cached),
    )


def slope(rows: list[Row], cost: Callable[[Row], float]) -> float:
    """The exponent with which a total cost grows with the number of nodes: 1 is linear.

    Args:
        rows: Rows of one shape, of at least two sizes.
        cost: The cost per node of a row.
    """
    points = [(math.log(row.nodes), math.log(row.nodes * cost(row))) for row in rows]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return rise / sum((x - mean_x) ** 2 for x, _ in points)


def main() -> None:
    """Print the table."""
    rows = run()
    print("Executor, CPU microseconds per trivial node (floor: plain Python loop with key and dictionary)")
    print(
        f"{'shape':8}{'nodes':>8}{'build':>9}{'cold':>9}{'cached':>9}{'floor cold':>13}{'floor cached':>14}"
    )
    for row in rows:
        print(
            f"{row.shape:8}{row.nodes:8d}{row.build_us:9.1f}{row.cold_us:9.1f}{row.cached_us:9.1f}"
            f"{row.floor_cold_us:13.1f}{row.floor_cached_us:14.1f}"
        )
    for shape in SHAPES:
        chosen = [row for row in rows if row.shape == shape]
        cold = slope(chosen, lambda row: row.cold_us)
        cached = slope(chosen, lambda row: row.cached_us)
        print(f"{shape}: log-log slope {cold:.2f} cold, {cached:.2f} cached (target <= {TARGET_SLOPE})")
    worst = max(row.cold_us for row in rows)
    print(f"worst cold cost {worst:.1f} us per node (target <= {TARGET_US:.0f})")


if __name__ == "__main__":
    main()
