/** The page of the bench that shows the graph with React Flow, with nodes of the same looks and parts. */

import { Handle, Position, ReactFlow, ReactFlowProvider, useEdgesState, useNodesState, useReactFlow } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo } from "react";
import { createRoot } from "react-dom/client";
import { makeGraph, makePictures, NODE_TYPE, painted } from "./graph.js";

const COLORS = { model: "#b39ddb", conditioning: "#ffa931", image: "#64b5f6", latent: "#ff9cf9" };
const HEIGHT = 34 + 12 + 8 * 26 + 104 + 153 + 28;

const label = (name) => name[0].toUpperCase() + name.slice(1);
const plain = (type) => type.split(" ")[0];

const Row = ({ socket, side }) => (
  <div className={`row ${side}`}>
    <Handle id={socket.name} type={side === "input" ? "target" : "source"}
      position={side === "input" ? Position.Left : Position.Right} style={{ background: COLORS[plain(socket.type)] }} />
    <label className="label">{label(socket.name)}</label>
  </div>
);

const Node = memo(({ data }) => (
  <article className="node">
    <header><button className="fold">⌄</button><span className="title">{NODE_TYPE.title}</span><span>✓</span></header>
    <div className="rows">
      {NODE_TYPE.outputs.map((socket) => <Row key={socket.name} socket={socket} side="output" />)}
      {NODE_TYPE.inputs.slice(0, 4).map((socket) => <Row key={socket.name} socket={socket} side="input" />)}
      <div className="row input"><label className="label">Steps</label>
        <div className="field"><input type="text" className="nodrag" defaultValue={data.values.steps} /></div></div>
      <div className="row input"><label className="label">Sampler</label>
        <div className="field"><select className="nodrag" defaultValue={data.values.sampler}>
          {NODE_TYPE.inputs[5].widget.options.map((name) => <option key={name}>{name}</option>)}</select></div></div>
      <div className="row input tall" style={{ height: 104 }}><label className="label">Prompt</label>
        <div className="field"><textarea className="nodrag" defaultValue={data.values.prompt} /></div></div>
    </div>
    <div className="pictures" style={{ height: 153 }}><img src={data.picture} alt="" draggable={false} width="256" height="144" /></div>
    <p className="foot"><span className="what">First run</span><span className="time">250ms</span></p>
  </article>
));

const nodeTypes = { bench: Node };
const isCulled = new URLSearchParams(location.search).has("cull");
let flow;

const App = () => {
  const [nodes, setNodes, onNodesChange] = useNodesState([]);
  const [edges, setEdges, onEdgesChange] = useEdgesState([]);
  flow = { ...useReactFlow(), fill: (nextNodes, nextEdges) => (setNodes(nextNodes), setEdges(nextEdges)) };
  return (
    <ReactFlow nodes={nodes} edges={edges} onNodesChange={onNodesChange} onEdgesChange={onEdgesChange}
      nodeTypes={nodeTypes} minZoom={0.02} maxZoom={4} onlyRenderVisibleElements={isCulled} />
  );
};

createRoot(document.getElementById("canvas")).render(<ReactFlowProvider><App /></ReactFlowProvider>);

let graph, pictures;

/** Waits until something is so. */
const until = async (isSo) => {
  while (!isSo()) await new Promise((resolve) => requestAnimationFrame(resolve));
};

const count = (selector) => document.querySelectorAll(selector).length;

globalThis.bench = {
  prepare: async (size) => {
    graph = makeGraph(size);
    pictures = makePictures();
    await until(() => flow);
  },
  load: async () => {
    const size = graph.nodes.length;
    const begin = performance.now();
    flow.fill(
      graph.nodes.map(({ id, at, values, picture }) => ({
        id,
        type: "bench",
        position: { x: at[0], y: at[1] },
        data: { values, picture: pictures[picture] },
        initialWidth: 272,
        initialHeight: HEIGHT,
      })),
      graph.nodes.flatMap(({ id, links }) => links.map(({ source, output, input }) => ({
        id: `${id}.${input}`,
        source,
        sourceHandle: output,
        target: id,
        targetHandle: input,
        style: { stroke: COLORS[output], strokeWidth: 2.25 },
      }))),
    );
    await until(() => count(".react-flow__node") > 0);
    globalThis.bench.view("fit");
    if (!isCulled) await until(() => count(".react-flow__node") >= size && count(".react-flow__edge") >= size);
    await painted();
    return performance.now() - begin;
  },
  view: (mode) => {
    const { x, y, width, height } = graph.bounds;
    const fit = Math.min(innerWidth / width, innerHeight / height);
    const at = flow.getNode(graph.middle)?.position ?? { x: 0, y: 0 };
    if (mode === "work") flow.setViewport({ x: innerWidth / 2 - at.x - 136, y: innerHeight / 2 - at.y - 16, zoom: 1 });
    else flow.setViewport({ x: (innerWidth - width * fit) / 2 - x * fit, y: (innerHeight - height * fit) / 2 - y * fit, zoom: fit });
  },
  probe: () => {
    const { x, y, zoom } = flow.getViewport();
    const at = flow.getNode(graph.middle).position;
    const place = (left, top) => ({ x: (at.x + left) * zoom + x, y: (at.y + top) * zoom + y });
    return { head: zoom > 0.35 ? place(136, 16) : place(136, HEIGHT - 100), empty: emptyPlace(), button: "left" };
  },
  state: () => ({ ...flow.getViewport(), at: { ...flow.getNode(graph.middle).position } }),
};

/** Looks for a place of the window with nothing in it. */
const emptyPlace = () => {
  for (let round = 0; round < 800; round++) {
    const [x, y] = [250 + ((round * 137) % 1100), 150 + ((round * 71) % 600)];
    if (document.elementFromPoint(x, y)?.classList.contains("react-flow__pane")) return { x, y };
  }
  throw new Error("Everything is covered.");
};
