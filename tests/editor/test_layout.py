"""A graph is laid out beside the page, in a worker that the page's policy lets in."""

from playwright.sync_api import Page

LAY_OUT = """async (base) => {
  const { layout, layoutAside } = await import(`${base}model/layout.js`);
  const nodes = ["a", "b", "c"].map((id) => ({ id, width: 200, height: 100, inputs: ["in"] }));
  const links = [["a", "b"], ["a", "c"]].map(([from, to]) => (
    { source: { node: from, output: "out" }, target: { node: to, input: "in" } }
  ));
  return { here: [...layout(nodes, links)], aside: [...await layoutAside(nodes, links)] };
}"""


def test_a_worker_finds_the_same_places_as_the_page(page: Page, modules: str) -> None:
    found = page.evaluate(LAY_OUT, modules)

    assert len(found["here"]) == 3
    assert found["aside"] == found["here"]
