"""Trains the starter model from nothing: `python -m weft_nodes.starter.train --stage all --out DIR`.

The stages are `vae`, `text` (which needs nothing), `latents` (encodes drawn scenes once with the trained
VAE), `unet`, `decoder` (which polishes the VAE's decoder and changes no latent) and `export`, which writes
the pipeline folder from the averaged weights of all of them. `control` and `lora` run when they are named:
they train what steers the finished model, a control network for edges and a LoRA of outlined shapes.

Each stage keeps its checkpoint in a folder of its own below `--out` and takes up where it left off. To train
a stage with several processes, start it with torchrun: `python -m torch.distributed.run --nproc-per-node 2
-m weft_nodes.starter.train --stage unet --out DIR`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from torch import distributed

from weft_nodes.starter.loop import AVERAGE, Habits, Run, Schedule
from weft_nodes.starter.networks import (
    Parts,
    build_text_encoder,
    build_unet,
    build_vae,
    load_model,
    save_model,
)
from weft_nodes.starter.scenes import Scene, SceneMix, sample_scene, sample_strewn_scene, vocabulary
from weft_nodes.starter.steering import EDGES, OUTLINED
from weft_nodes.starter.tokenizer import build_tokenizer
from weft_nodes.starter.train_steering import (
    ControlObjective,
    LoraObjective,
    LowRankChanges,
    build_control,
)
from weft_nodes.starter.train_text import TextObjective, TokenHeads
from weft_nodes.starter.train_unet import LatentCache, UnetObjective, build_cache, probe_unet
from weft_nodes.starter.train_vae import DecoderObjective, VaeObjective, normalise_latents

STAGES = ("vae", "text", "latents", "unet", "decoder", "export")
STEERING = ("control", "lora")
_NO_LIMIT = 1_000_000
# After so short a training the changes point the right way, but do not go far enough.
_LORA_STRENGTH = 1.3
_DEFAULT_MINUTES = MappingProxyType(
    {"vae64": 14.0, "vae128": 3.0, "text": 3.0, "unet": 75.0, "decoder": 8.0, "control": 40.0, "lora": 15.0}
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says.

    Attributes:
        out: Folder of all checkpoints, the latents and the exported model.
        seed: Seed of every stage.
        device: Where to train.
        steps: Steps of each stage; None leaves the end to the clock.
        minutes: Minutes of each stage; None takes the stage's own default, unless `steps` is given.
        batch: Examples per step; None takes the stage's own default.
        rate: Learning rate; None takes the stage's own default.
        scenes: How many scenes to encode for the U-Net; where they are few, no more measure the latents.
        pairs: Share of them that have two objects, 0..1.
        model: Where `export` writes the pipeline folder; None writes it below `out`.
        base: Pipeline folder whose weights stand in for the stages that have no checkpoint below `out`.
    """

    out: Path
    seed: int = 0
    device: str = "cpu"
    steps: int | None = None
    minutes: float | None = None
    batch: int | None = None
    rate: float | None = None
    scenes: int = 100_000
    pairs: float = SceneMix().pairs
    model: Path | None = None
    base: Path | None = None

    def schedule(self, stage: str, schedule: Schedule) -> Schedule:
        """Return the stage's schedule with what the command line says about it."""
        minutes = self.minutes
        if minutes is None and self.steps is None:
            minutes = _DEFAULT_MINUTES[stage]
        return replace(
            schedule, steps=self.steps or schedule.steps, minutes=minutes, rate=self.rate or schedule.rate
        )


def train_vae(options: Options) -> None:
    """Train the VAE on small pictures, which is cheap, then on whole ones, and normalise its latents."""
    vae = build_vae()
    for edge, batch, rate in ((64, 32, 2.5e-3), (128, 16, 1e-3)):
        objective = VaeObjective(vae, batch=options.batch or batch, edge=edge, device=options.device)
        schedule = options.schedule(f"vae{edge}", Schedule(_NO_LIMIT, rate=rate))
        run = Run(
            objective, schedule, options.out / f"vae{edge}", seed=options.seed, habits=Habits(averaging=0.99)
        )
        run.train()
        vae.load_state_dict(run.average)
    vae.eval()
    normalise_latents(vae, np.random.default_rng(options.seed), count=min(512, options.scenes))
    (options.out / "vae").mkdir(exist_ok=True)
    torch.save(vae.state_dict(), options.out / "vae" / AVERAGE)


def train_text(options: Options) -> None:
    """Teach the text encoder what each token is about."""
    tokenizer = build_tokenizer(vocabulary())
    objective = TextObjective(
        build_text_encoder(tokenizer), tokenizer, batch=options.batch or 64, device=options.device
    )
    schedule = options.schedule("text", Schedule(_NO_LIMIT, rate=1e-3, decay=0.5))
    Run(objective, schedule, options.out / "text", seed=options.seed, habits=Habits(averaging=0.99)).train()


def encode_latents(options: Options) -> None:
    """Draw the scenes of the U-Net's training and encode them once."""
    vae = _parts(options, "vae").vae.to(options.device)
    mix = SceneMix(pairs=options.pairs)
    build_cache(
        vae,
        options.out / "latents",
        count=options.scenes,
        seed=options.seed + 1,
        sample=partial(sample_scene, mix=mix),
    )


def train_unet(options: Options) -> None:
    """Train the U-Net on the encoded scenes."""
    parts = _parts(options, "vae", "text")
    parts.unet.train()
    cache = LatentCache(options.out / "latents")
    objective = UnetObjective(parts, cache, batch=options.batch or 64, device=options.device)
    schedule = options.schedule("unet", Schedule(_NO_LIMIT, rate=1e-3, warmup=200, decay=0.5))
    run = Run(objective, schedule, options.out / "unet", seed=options.seed, habits=Habits())
    run.train(lambda: probe_unet(parts))


def train_decoder(options: Options) -> None:
    """Train the decoder a little more, on latents that the U-Net has denoised; latents keep their meaning."""
    parts = _parts(options, "vae", "text", "unet")
    objective = DecoderObjective(parts, batch=options.batch or 16, device=options.device)
    schedule = options.schedule("decoder", Schedule(_NO_LIMIT, rate=1e-3, decay=0.6))
    run = Run(objective, schedule, options.out / "decoder", seed=options.seed, habits=Habits(averaging=0.99))
    run.train()


def export_model(options: Options) -> None:
    """Write the pipeline folder from the averaged weights."""
    parts = _parts(options, "vae", "text", "unet")
    if (options.out / "decoder").exists():
        parts.vae.load_state_dict(_average(options.out / "decoder"), strict=False)
    save_model(parts, options.model or options.out / "model")


def train_control(options: Options) -> None:
    """Train a control network on the edges of scenes whose captions do not say where things are."""
    parts = _parts(options, "vae", "text", "unet")
    cache = _steering_cache(options, parts, "control", sample=sample_strewn_scene)
    control = build_control(parts)
    objective = ControlObjective(parts, control, cache, batch=options.batch or 32, device=options.device)
    schedule = options.schedule("control", Schedule(_NO_LIMIT, rate=1e-3, decay=0.5))
    run = Run(objective, schedule, options.out / "control", seed=options.seed, habits=Habits(averaging=0.99))
    run.train()
    control.load_state_dict(run.average)
    control.half().save_pretrained((options.model or options.out / "steering") / EDGES)


def train_lora(options: Options) -> None:
    """Train a LoRA on scenes of outlined shapes, which have the captions of filled ones."""
    parts = _parts(options, "vae", "text", "unet")
    cache = _steering_cache(options, parts, "lora", is_outlined=True)
    changes = LowRankChanges(parts.unet)
    objective = LoraObjective(parts, changes, cache, batch=options.batch or 32, device=options.device)
    schedule = options.schedule("lora", Schedule(_NO_LIMIT, rate=1e-3, decay=0.5))
    run = Run(objective, schedule, options.out / "lora", seed=options.seed, habits=Habits(averaging=0.99))
    run.train()
    changes.load_state_dict(run.average)
    changes.save((options.model or options.out / "steering") / OUTLINED, strength=_LORA_STRENGTH)


def main(arguments: list[str] | None = None) -> int:
    """Run the stages that the command line names."""
    namespace = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    if namespace.threads:
        torch.set_num_threads(namespace.threads)
    options = Options(
        **{name: value for name, value in vars(namespace).items() if name not in {"stage", "threads"}}
    )
    torch.manual_seed(options.seed)
    if distributed.is_torchelastic_launched():
        distributed.init_process_group("gloo")
    work = (train_vae, train_text, encode_latents, train_unet, train_decoder, export_model)
    stages = dict(zip((*STAGES, *STEERING), (*work, train_control, train_lora), strict=True))
    for stage in STAGES if namespace.stage == "all" else (namespace.stage,):
        stages[stage](options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m weft_nodes.starter.train", description=__doc__)
    parser.add_argument("--stage", choices=(*STAGES, *STEERING, "all"), default="all")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and logs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, help="steps per stage; makes the run repeatable bit for bit")
    parser.add_argument("--minutes", type=float, help="minutes per stage")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--scenes", type=int, default=100_000, help="scenes encoded for the U-Net")
    parser.add_argument(
        "--pairs", type=float, default=SceneMix().pairs, help="share of them with two objects"
    )
    parser.add_argument("--model", type=Path, help="where export writes the pipeline folder")
    parser.add_argument("--base", type=Path, help="pipeline folder to train on from, where no checkpoint is")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch; 0 leaves its own choice")
    return parser


def _steering_cache(
    options: Options,
    parts: Parts,
    stage: str,
    *,
    sample: Callable[[np.random.Generator], Scene] = sample_scene,
    is_outlined: bool = False,
) -> LatentCache:
    """Return the encoded scenes of a stage, which are drawn when there are none yet."""
    folder = options.out / f"{stage}-latents"
    if not (folder / "captions.json").exists():
        vae = parts.vae.to(options.device)
        build_cache(
            vae,
            folder,
            count=options.scenes,
            seed=options.seed + 2,
            sample=sample,
            is_outlined=is_outlined,
        )
    return LatentCache(folder)


def _average(stage: Path) -> dict[str, torch.Tensor]:
    """Read the averaged weights that a stage has trained."""
    weights: dict[str, torch.Tensor] = torch.load(stage / AVERAGE, weights_only=True, map_location="cpu")
    return weights


def _parts(options: Options, *needed: str) -> Parts:
    """Put together what the needed stages trained; without a checkpoint they are as in `base`.

    Raises:
        FileNotFoundError: A needed stage has no checkpoint and there is no model to start from.
    """
    tokenizer = build_tokenizer(vocabulary())
    parts = Parts(tokenizer, build_text_encoder(tokenizer), build_unet(), build_vae())
    if options.base is not None:
        # Only the weights are taken over: a network that was read from a folder keeps the folder's path.
        base = load_model(options.base)
        parts.text_encoder.load_state_dict(base.text_encoder.state_dict())
        parts.unet.load_state_dict(base.unet.state_dict())
        parts.vae.load_state_dict(base.vae.state_dict())
    modules = {"vae": parts.vae, "text": TokenHeads(parts.text_encoder), "unet": parts.unet}
    for stage in needed:
        if options.base is None or (options.out / stage / AVERAGE).exists():
            modules[stage].load_state_dict(_average(options.out / stage))
    for network in (parts.text_encoder, parts.unet, parts.vae):
        network.eval()
    return parts


if __name__ == "__main__":
    sys.exit(main())
