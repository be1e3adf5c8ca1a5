/**
 * The messages of the server's API. Made of its models by `make types`; not to be edited.
 */

import type { JSONValue } from "./interfaces.d.ts";

/** A warning that a number does not suit what is connected; it stops no run. */
export interface AdviceView {
  /** The largest number that suits it. */
  most: number;
  /** Name of the input whose trait is looked at. */
  source: string;
  /** Name of the trait. */
  trait: string;
  /** What the trait must be for the warning to be given. */
  value: string;
  /** What such a thing is like. */
  reason: string;
  /** What to do. */
  hint: string;
  /** Name of an input without whose link the number has no effect; empty where it always has one. */
  beside: string;
}

/** A file that a job made. */
export interface AssetLink {
  /** SHA-256 of its content. */
  digest: string;
  /** Where it is fetched from. */
  url: string;
  /** Such as `image/png`. */
  media_type: string;
  /** Bytes. */
  size: number;
  /** Pixels; 0 where it is no picture. */
  width: number;
  /** Pixels; 0 where it is no picture. */
  height: number;
  /** Where a small copy is fetched from; null where it is no picture. */
  thumbnail_url: string | null;
}

/** A part of the gallery. */
export interface AssetPageView {
  /** The pictures, the newest first; of a job, in the order of its outputs. */
  assets: AssetView[];
  /** What to send as `cursor` for the part after it; null at the end. */
  next: string | null;
  /** How many pictures the whole list has. */
  total: number;
}

/** A picture that was uploaded or made. */
export interface AssetView {
  /** SHA-256 of its content; its name. */
  digest: string;
  /** What an input of a workflow takes to mean this picture. */
  input: string;
  /** Whether it was uploaded, or made by a job. */
  kind: "upload" | "output";
  /** What it was called when it was uploaded, or the output that it is. */
  name: string;
  /** Whom it belongs to. */
  owner: string;
  /** Such as `image/png`. */
  media_type: string;
  /** Bytes. */
  size: number;
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** When it came. */
  created_at: string;
  /** Where it is fetched from. */
  url: string;
  /** Where a small copy is fetched from. */
  thumbnail_url: string;
  /** Where the workflow is fetched from that made it, if it says so. */
  workflow_url: string;
}

/** Where to go on from a batch. */
export interface BatchLinks {
  /** The batch. */
  self: string;
  /** Its jobs. */
  jobs: string;
  /** Stops those that have not ended. */
  cancel: string;
}

/** A workflow to run with many sets of inputs. */
export interface BatchRequest {
  /** The workflow itself. Either this or `name` is needed. */
  workflow?: Record<string, JSONValue> | null;
  /** Name of a saved workflow; with `workflow`, what the job is called. */
  name?: string | null;
  /** Values for the workflow's inputs, by name. */
  inputs?: Record<string, JSONValue>;
  /** The wanted outputs, or nodes by their names; all outputs where it is missing. */
  outputs?: string[] | null;
  /** Jobs of a higher priority run first. */
  priority?: number;
  /** The values that inputs take in turn, by name. */
  vary: Record<string, JSONValue[]>;
  /**
   * `zip` runs the first values together, then the second, and so on; `product` runs each value with each of
   * the others.
   */
  combine?: "zip" | "product";
}

/** Jobs that were submitted together. */
export interface BatchState {
  /** Its id. */
  id: string;
  /** Name or title of the workflow. */
  name: string;
  /** When it was submitted. */
  created_at: string;
  /** Whether nothing will happen to any of its jobs any more. */
  finished: boolean;
  /** How many of its jobs are in each state. */
  counts: StateCounts;
  /** Where to go on. */
  links: BatchLinks;
}

/** The workflow that a picture carries. */
export interface CarriedWorkflow {
  /** The workflow as it ran, complete by itself; it can be submitted as it is. */
  workflow: Record<string, JSONValue>;
}

/** A workflow, or the name of a saved one, and values for its inputs. */
export interface CheckRequest {
  /** The workflow itself. Either this or `name` is needed. */
  workflow?: Record<string, JSONValue> | null;
  /** Name of a saved workflow; with `workflow`, what it is called. */
  name?: string | null;
  /** Values for the workflow's inputs, by name. */
  inputs?: Record<string, JSONValue>;
  /** The wanted outputs, or nodes by their names; all outputs where it is missing. */
  outputs?: string[] | null;
}

/** What a check found. */
export interface CheckView {
  /** Whether the workflow can run. */
  ok: boolean;
  /** Every problem, warnings too, in the order of the document. */
  problems: ProblemEntry[];
  /** Its inputs and outputs; null where they lead nowhere. */
  signature: SignatureView | null;
}

/** The words that an input with a `choice` widget takes. */
export interface ChoicesView {
  /** The name of the choices. */
  provider: string;
  /** The words, in the order in which they are shown. */
  choices: string[];
}

/** A workflow that was taken over. */
export interface ConversionView {
  /** The workflow document. It is not saved. */
  workflow: Record<string, JSONValue>;
  /** What became of each node, in the order of the file. */
  nodes: TakenView[];
}

/** A workflow of another program. */
export interface ConvertRequest {
  /** The workflow as ComfyUI saves it, or in the format of its API, also with the call around it. */
  workflow: Record<string, JSONValue>;
}

/** Node types to put in between where no rule lets one type feed another. */
export interface ConverterView {
  /** What is there. */
  source: string;
  /** What is needed. */
  target: string;
  /** Node types that turn one into the other, those that ask for the fewest other things first. */
  nodes: string[];
}

/** An error as OpenAI writes it. */
export interface DialectError {
  /** What went wrong. */
  error: DialectFault;
}

/** What went wrong. */
export interface DialectFault {
  /** What, and what to do. */
  message: string;
  /** `invalid_request_error`, `authentication_error`, `rate_limit_error` or `server_error`. */
  type: "invalid_request_error" | "authentication_error" | "rate_limit_error" | "server_error";
  /** The parameter that is refused, where it is about one. */
  param: string | null;
  /** Stable name of the kind of error, as everywhere in weft. */
  code: string | null;
}

/** What a job runs. */
export interface DocumentView {
  /** The workflow, with the job's inputs bound. */
  workflow: Record<string, JSONValue>;
}

/** Make pictures from a picture and a prompt; sent as a form. */
export interface EditsForm {
  /** What the picture shall show. */
  prompt: string;
  /**
   * Name of a saved workflow (see `GET /v1/models`). OpenAI's own names (`gpt-image-…`, `dall-e-…`) stand for
   * the workflow of the settings, as does nothing.
   */
  model?: string | null;
  /** How many pictures; they get seeds that follow one another. */
  n?: number | null;
  /** Width and height, such as `512x512`; `auto` or nothing is what the workflow says. */
  size?: string | null;
  /** `b64_json` sends the pictures themselves, `url` sends their addresses. */
  response_format?: "b64_json" | "url" | null;
  /** Pictures come as PNG, without loss. */
  output_format?: "png" | null;
  /** Seed of the first picture (an extension); drawn at random where there is none. */
  seed?: number | null;
  /** The workflow decides; only `auto` is taken. */
  quality?: "auto" | null;
  /** The workflow decides; only `auto` is taken. */
  background?: "auto" | null;
  /** Streams are not offered here; `POST /api/workflows/{name}/run` has them. */
  stream?: false | null;
  /** Not used. */
  user?: string | null;
  /** The picture: PNG, JPEG or WebP. */
  image: string;
  /** Where the picture may change; only for a workflow that has an input `mask`. */
  mask?: string | null;
}

/** Values for the workflow's inputs, by name; what is missing keeps the value that is saved. */
export type FunctionInputs = Record<string, JSONValue>;

/** Make pictures from a prompt. */
export interface GenerationsRequest {
  /** What the picture shall show. */
  prompt: string;
  /**
   * Name of a saved workflow (see `GET /v1/models`). OpenAI's own names (`gpt-image-…`, `dall-e-…`) stand for
   * the workflow of the settings, as does nothing.
   */
  model?: string | null;
  /** How many pictures; they get seeds that follow one another. */
  n?: number | null;
  /** Width and height, such as `512x512`; `auto` or nothing is what the workflow says. */
  size?: string | null;
  /** `b64_json` sends the pictures themselves, `url` sends their addresses. */
  response_format?: "b64_json" | "url" | null;
  /** Pictures come as PNG, without loss. */
  output_format?: "png" | null;
  /** Seed of the first picture (an extension); drawn at random where there is none. */
  seed?: number | null;
  /** The workflow decides; only `auto` is taken. */
  quality?: "auto" | null;
  /** The workflow decides; only `auto` is taken. */
  background?: "auto" | null;
  /** Streams are not offered here; `POST /api/workflows/{name}/run` has them. */
  stream?: false | null;
  /** Not used. */
  user?: string | null;
  /** Nothing is moderated here; only `auto` is taken. */
  moderation?: "auto" | null;
}

/** The server lives. */
export interface HealthView {
  /** Always `ok`. */
  status: "ok";
}

/** A workflow that can be named as a model. */
export interface ImageModelView {
  /** Its name. */
  id: string;
  /** Always `model`. */
  object: "model";
  /** Always 0: workflows are changed, not released. */
  created: number;
  /** Always `weft`. */
  owned_by: "weft";
}

/** The workflows that make pictures from a prompt. */
export interface ImageModelsView {
  /** Always `list`. */
  object: "list";
  /** The workflows. */
  data: ImageModelView[];
}

/** The pictures that were made. */
export interface ImagesResponse {
  /** Unix time in seconds. */
  created: number;
  /** The pictures, in the order of their seeds. */
  data: MadeImage[];
  /** The kind of file. */
  output_format: "png";
}

/** Where to go on from a job. */
export interface JobLinks {
  /** The job. */
  self: string;
  /** What happens to it, as a stream. */
  events: string;
  /** Its newest unfinished picture. */
  preview: string;
  /** Stops it. */
  cancel: string;
  /** Runs it again, as a new job. */
  retry: string;
  /** What it runs. */
  workflow: string;
}

/** A part of a list of jobs. */
export interface JobPage {
  /** The jobs. */
  jobs: JobView[];
  /** What to send as `cursor` for the part after it; null at the end. */
  next: string | null;
  /** How many jobs the whole list has. */
  total: number;
}

/** A workflow to run. */
export interface JobRequest {
  /** The workflow itself. Either this or `name` is needed. */
  workflow?: Record<string, JSONValue> | null;
  /** Name of a saved workflow; with `workflow`, what the job is called. */
  name?: string | null;
  /** Values for the workflow's inputs, by name. */
  inputs?: Record<string, JSONValue>;
  /** The wanted outputs, or nodes by their names; all outputs where it is missing. */
  outputs?: string[] | null;
  /** Jobs of a higher priority run first. */
  priority?: number;
  /** Id of the job, chosen by the client; the same request under the same id is the same job. */
  id?: string | null;
}

/** A job. */
export interface JobView {
  /** Its id. */
  id: string;
  /** Counts all jobs in the order in which they were submitted. */
  number: number;
  /** Where it is; the last three states are final. */
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** Name or title of its workflow. */
  name: string;
  /** Whom it belongs to. */
  owner: string;
  /** Jobs of a higher priority run first. */
  priority: number;
  /** The inputs as they were given. */
  inputs: Record<string, JSONValue>;
  /** How often it was given to a worker. */
  attempt: number;
  /** Whether it was asked to stop and has not stopped yet. */
  cancelling: boolean;
  /** When it was submitted. */
  created_at: string;
  /** When its latest run began. */
  started_at: string | null;
  /** When it ended. */
  finished_at: string | null;
  /** How long its last run took. */
  seconds: number | null;
  /** How many nodes ended in each state, such as `hit` and `ran`. */
  counts: Record<string, number>;
  /** What went wrong, warnings too. */
  problems: ProblemEntry[];
  /** What it made. */
  outputs: OutputView[];
  /** Id of its batch. */
  batch: string | null;
  /** Id of the job that it repeats. */
  retry_of: string | null;
  /** Its place in the queue, from 1; null when it does not wait. */
  position: number | null;
  /** Where to go on. */
  links: JobLinks;
}

/** One picture. */
export interface MadeImage {
  /** The bytes of the PNG file in base 64, where they were asked for. */
  b64_json: string | null;
  /** Address of the file, where it was asked for. */
  url: string | null;
  /** The seed that makes it again (an extension); null for a workflow without one. */
  seed: number | null;
}

/** The models there are. */
export interface ModelList {
  /** All of them, by kind and name. */
  models: ModelView[];
}

/** A model that workflows can name. */
export interface ModelView {
  /** What it is, such as `checkpoint`. */
  kind: string;
  /** Its name, as an input takes it. */
  name: string;
  /** What is known of it, such as its family. */
  traits: Record<string, string>;
  /** Bytes; null for a model outside of the models folders, such as the one that comes with weft. */
  size: number | null;
  /** When it was last changed; null likewise. */
  modified_at: string | null;
  /** SHA-256 of its file; null where it is not known. */
  digest: string | null;
  /** What its files say of themselves; null where they cannot be read. */
  facts: WeightFactsView | null;
  /** Why they cannot be read; null where they can. */
  fault: string | null;
  /** Where a small picture of it is; null where none lies beside its file. */
  picture_url: string | null;
}

/** An input of a node type. */
export interface NodeInputView {
  /** Its name. */
  name: string;
  /** What may be connected, such as `image`, `list[image]`, `image | null` or `$T`. */
  type: string;
  /** Whether it must be connected or entered. */
  required: boolean;
  /** How a value is entered: an object with the widget's `kind`; null where only a link will do. */
  widget: Record<string, JSONValue> | null;
  /** What it is for. */
  doc: string;
  /** Whether what feeds it runs only when the node asks for it. */
  lazy: boolean;
  /** Whether no value can be entered. */
  link_only: boolean;
  /** What is required of what is connected, such as its model family. */
  traits: Record<string, JSONValue>;
  /** What is said of numbers that do not suit what other inputs are given. */
  advice: AdviceView[];
  /** The value where there is neither link nor value; absent where there is none. */
  default?: JSONValue;
}

/** An output of a node type. */
export interface NodeOutputView {
  /** Its name in links. */
  name: string;
  /** What it gives. */
  type: string;
  /** What it is. */
  doc: string;
  /** What is known of what it gives. */
  traits: Record<string, JSONValue>;
}

/** A node type. */
export interface NodeView {
  /** Its name in documents: `area.verb`, or `pack:area.verb`. */
  type: string;
  /** Counts the changes over which old documents are migrated, from 1. */
  version: number;
  /** Its name for people. */
  title: string;
  /** Its area. */
  category: string;
  /** The first sentence of its help. */
  summary: string;
  /** Its help. */
  doc: string;
  /** Its inputs in the order in which they are shown. */
  inputs: NodeInputView[];
  /** Its outputs in the order in which they are shown. */
  outputs: NodeOutputView[];
  /** Whether equal inputs always give equal outputs; an impure node always runs. */
  pure: boolean;
  /** Where it runs: `inline`, `cpu`, `device` or `io`. */
  lane: string;
  /** Whether it has an effect outside, and so is a target of a run by itself. */
  sink: boolean;
  /** Whether it waits without holding a thread. */
  is_async: boolean;
  /** Whether it gives the items of its output one by one. */
  streams: boolean;
  /** Whether something outside, such as a file, is part of what its result depends on. */
  has_fingerprint: boolean;
  /** The pack that offers it. */
  pack: string;
  /** Digest of its code. */
  code_digest: string;
  /** JSON Schema (2020-12) of the values that can be entered. */
  values: Record<string, JSONValue>;
}

/** All node types, sorted by name. */
export interface NodesView {
  /** The node types. */
  nodes: NodeView[];
}

/** One thing that a job made. */
export interface OutputView {
  /** Name of the workflow's output. */
  output: string;
  /** Place in a list, from 0. */
  index: number;
  /** Type of the value, such as `image`. */
  type: string;
  /** The value; null where there is a file, or where JSON cannot hold it. */
  value?: JSONValue;
  /** The file; null for a value. */
  asset: AssetLink | null;
}

/** A pack of nodes, and how its loading went. */
export interface PackView {
  /** Its name. */
  name: string;
  /** Where it comes from. */
  path: string;
  /** Whether it is loaded as it stands now. */
  ok: boolean;
  /** Why it is not. */
  error: ProblemEntry | null;
  /** The traceback of that; empty where there is none, and for callers without `manage`. */
  traceback: string;
  /** Its node types that can be used; after a failed reload those of its last good version. */
  nodes: string[];
  /** Its name for people. */
  title: string;
  /** Its version; empty where it has none. */
  version: string;
  /** Addresses of the modules that the editor loads for it. */
  web: string[];
}

/** All packs that were found, in the order in which they were loaded. */
export interface PacksView {
  /** The packs. */
  packs: PackView[];
}

/** What a run would do. */
export interface PlanView {
  /** The needed nodes, in an order in which they can run. */
  steps: StepView[];
  /** How long those that would run took when they last ran, as far as that is known. */
  seconds: number;
  /** What the results of those held in memory then, as far as that is known. */
  held_bytes: number;
}

/** What went wrong with a request (RFC 9457). */
export interface ProblemDocument {
  /** `urn:weft:problem:` and the code. */
  type: string;
  /** The code in words. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** One sentence of fact. */
  detail: string;
  /** Stable name of the kind of error; programs rely on it, never on the words. */
  code: string;
  /** One sentence that says what to do. */
  hint: string;
  /** Every single fault, where there may be several. */
  problems: ProblemEntry[];
}

/** One fault of a workflow or a request. */
export interface ProblemEntry {
  /** Stable name of the kind of fault. */
  code: string;
  /** One sentence of fact. */
  message: string;
  /** One sentence of help, or empty. */
  hint: string;
  /** Id of the node concerned, if one is. */
  node: string | null;
  /** Name of that node's input, if one is. */
  input: string | null;
  /** `error` stops the run, `warning` does not. */
  severity: "error" | "warning";
  /** Further facts for programs. */
  details: Record<string, JSONValue>;
}

/** A file of a download. */
export interface PullFileView {
  /** Its path within the repository. */
  path: string;
  /** Its path within the models folder. */
  target: string;
  /** Bytes; null where the hub does not say. */
  size: number | null;
  /** SHA-256, or the SHA-1 that Git gives it; null where the hub does not say. */
  digest: string | null;
}

/** Where to go on from a download. */
export interface PullLinks {
  /** The download. */
  self: string;
}

/** The downloads, the newest first. */
export interface PullList {
  /** Those under way, and those that ended lately. */
  pulls: PullView[];
}

/** A model to load from the hub. */
export interface PullRequestBody {
  /** The repository, such as `owner/model`. */
  repo: string;
  /** The one file to load. */
  file?: string | null;
  /** The files to load; without `file` and `files`, all that a pipeline needs, or the only weights. */
  files?: string[];
  /** A branch, a tag or a commit. */
  revision?: string;
  /** Folder within the models folder to put it into, such as `loras`. */
  folder?: string;
}

/** A download of a model. */
export interface PullView {
  /** Its id; the same request has the same. */
  id: string;
  /** Where it is; the last three states are final. One that failed goes on when asked for again. */
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** The repository. */
  repo: string;
  /** The branch, tag or commit that was asked for. */
  revision: string;
  /** The commit that is loaded; null before it is known. */
  commit: string | null;
  /** Folder within the models folder. */
  folder: string;
  /** What is loaded; none before it is known. */
  files: PullFileView[];
  /** How much of it is there. */
  loaded_bytes: number;
  /** How much there is in all; null before it is known. */
  total_bytes: number | null;
  /** When it was asked for. */
  created_at: string;
  /** When it ended. */
  finished_at: string | null;
  /** Why it failed. */
  problems: ProblemEntry[];
  /** Where to go on. */
  links: PullLinks;
}

/** The queue. */
export interface QueueView {
  /** Whether no job is begun. */
  paused: boolean;
  /** How many jobs are in each state. */
  counts: StateCounts;
}

/** Whether jobs are run. */
export interface ReadinessView {
  /** Whether at least one worker takes jobs. */
  ready: boolean;
  /** Whether the queue is paused. */
  paused: boolean;
  /** Every worker process. */
  workers: WorkerState[];
}

/** Why a node would run or not. */
export interface ReasonView {
  /** Stable name of the reason, such as `first-run`, `input-changed` or `hit-disk`. */
  code: string;
  /** The reason in words. */
  text: string;
  /** The inputs that changed, where that is the reason. */
  inputs: string[];
}

/** The revisions of a workflow, the latest first. */
export interface RevisionList {
  /** Those that are kept; a template has none. */
  revisions: RevisionView[];
}

/** A workflow as it once was. */
export interface RevisionView {
  /** Its number. */
  revision: number;
  /** When it was saved. */
  saved_at: string;
  /** Whether the workflow was deleted then; such a revision has no document. */
  deleted: boolean;
  /** Where its document is fetched from. */
  url: string;
}

/** A rule by which an output may feed an input. The first that allows a link gives its verdict. */
export interface RuleView {
  /** The verdict. */
  name: string;
  /** What it allows. */
  doc: string;
  /** The output's type of an example. */
  source: string;
  /** The input's type of the example. */
  target: string;
}

/** What a browser shows to begin a session. */
export interface SessionRequest {
  /** The token. */
  token: string;
}

/** Who is calling. */
export interface SessionView {
  /** Name that new jobs and files belong to. */
  owner: string;
  /** How far the caller may go. */
  scope: "public" | "read" | "submit" | "manage";
}

/** An input of a workflow. */
export interface SignatureInputView {
  /** Its name. */
  name: string;
  /** Type of the values it takes. */
  type: string;
  /** How a value is entered: an object with the widget's `kind`; null where none can be. */
  widget: Record<string, JSONValue> | null;
  /** Whether the workflow does not run without it. */
  required: boolean;
  /** Its help. */
  doc: string;
  /** What a form calls it. */
  title: string;
  /** The value where none is given; absent where there is none. */
  default?: JSONValue;
}

/** An output of a workflow. */
export interface SignatureOutputView {
  /** Its name. */
  name: string;
  /** What it gives. */
  type: string;
  /** Its help. */
  doc: string;
  /** What a form calls it. */
  title: string;
}

/** What a workflow takes and gives. */
export interface SignatureView {
  /** Its inputs, in the order of the document. */
  inputs: SignatureInputView[];
  /** Its outputs, in the order of the document. */
  outputs: SignatureOutputView[];
}

/** How many jobs are in each state. */
export interface StateCounts {
  /** Those that wait. */
  queued: number;
  /** Those that run. */
  running: number;
  /** Those that made what they should. */
  succeeded: number;
  /** Those that could not. */
  failed: number;
  /** Those that were stopped. */
  cancelled: number;
}

/** What a run would do with one node. */
export interface StepView {
  /** Id of the node. */
  node: string;
  /** `hit` where its result would be reused, `run`, or `unknown` where only a run can tell. */
  action: "hit" | "run" | "unknown";
  /** Why. */
  reason: ReasonView;
  /** How long it took when it last ran; null where that is not known. */
  seconds_last: number | null;
  /** Bytes of the tensors that its results held then; null where that is not known. */
  held_bytes_last: number | null;
}

/** One event of a text stream. */
export interface StreamedEvent {
  /** Its number; what passes has none. */
  id: string | null;
  /** Its type. */
  event: "job" | "nodes" | "queue" | "worker" | "catalog" | "workflow" | "asset" | "progress" | "preview";
  /** What happened, as the text of a JSON object. */
  data: string;
}

/** What became of a node of another program. */
export interface TakenView {
  /** Its id there. */
  node: string;
  /** Its type there. */
  type: string;
  /** What it was called there; empty for nothing. */
  title: string;
  /**
   * `same` where it does what it did, `different` where the notes say what changed, `unknown` where no node
   * does it here: it is kept with its values, as a node of the type `comfyui:` and its type.
   */
  state: "same" | "different" | "unknown";
  /** The nodes that stand for it; none where it became part of others. */
  made: string[];
  /** Sentences that say what is different. */
  notes: string[];
}

/** What flows on wires, and what may feed what. */
export interface TypesView {
  /** The value types, sorted by name; `int`, `float`, `bool`, `string` and `json` come besides. */
  types: ValueTypeView[];
  /** The rules, in the order in which they are tried. */
  rules: RuleView[];
  /** What helps where no rule does. */
  converters: ConverterView[];
}

/** A type of values on wires. */
export interface ValueTypeView {
  /** Its name on sockets. */
  name: string;
  /** Colour of its wires as `#rrggbb`. */
  color: string;
  /** What such a value is. */
  doc: string;
  /** The types above it, each of which it can stand for. */
  supertypes: string[];
}

/** What the files of a model say of themselves in their headers. */
export interface WeightFactsView {
  /** How many tensors there are. */
  tensors: number;
  /** How many numbers they hold. */
  parameters: number;
  /** The type that most of the numbers have, such as `F16`. */
  dtype: string;
  /** What the files say in words, shortened. */
  notes: Record<string, string>;
}

/** One worker process. */
export interface WorkerState {
  /** Its name. */
  name: string;
  /** Whether it takes jobs. */
  state: "starting" | "ready" | "down";
  /** What it is doing while it starts. */
  phase: string;
  /** Where it computes, such as `cpu` or `cuda:0`; empty before it is ready. */
  device: string;
  /** What that device is called. */
  device_name: string;
  /** How many jobs it runs. */
  jobs: number;
  /** How often it was started again. */
  restarts: number;
}

/** A workflow document, as it is saved and submitted: `weft`, `inputs`, `outputs`, `nodes` and so on. */
export type WorkflowDocument = Record<string, JSONValue>;

/** A saved workflow, or a template. */
export interface WorkflowEntry {
  /** Its name. */
  name: string;
  /** What its document is titled. */
  title: string;
  /** What its document says it is for. */
  description: string;
  /** Whether it is a template, which is only read; saving under its name makes a copy. */
  template: boolean;
  /** Counts the times it was saved; 0 for a template. */
  revision: number;
  /** When it was saved; null for a template. */
  modified_at: string | null;
  /**
   * Its inputs and outputs; null where they lead nowhere, or no worker has said yet which nodes there are.
   */
  signature: SignatureView | null;
  /** Why the document cannot be read; what else is wrong with it, a check says. */
  problems: ProblemEntry[];
  /** Where its document is fetched from. */
  url: string;
}

/** The saved workflows and the templates, by name. */
export interface WorkflowList {
  /** All of them. */
  workflows: WorkflowEntry[];
}

/** A workflow that was just saved. */
export interface WorkflowSaved {
  /** Its name. */
  name: string;
  /** Counts the times it was saved. */
  revision: number;
  /** When it was saved. */
  modified_at: string;
  /**
   * Its inputs and outputs; null where they lead nowhere, or no worker has said yet which nodes there are.
   */
  signature: SignatureView | null;
  /** What is wrong with it; it was saved nevertheless. */
  problems: ProblemEntry[];
}
