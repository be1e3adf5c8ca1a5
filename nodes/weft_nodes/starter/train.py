"""Trains the starter model from nothing: `python -m weft_nodes.starter.train --stage all --out DIR`.

The stages are `vae`, `text` (which needs nothing), `latents` (encodes drawn scenes once with the trained
VAE), `unet`, `decoder` (which polishes the VAE's decoder and changes no latent) and `export`, which writes
the pipeline folder from the averaged weights of all of them. Each keeps its checkpoint in a folder of its
own below `--out` and takes up where it left off. To train a stage with several processes, start it with
torchrun: `python -m torch.distributed.run --nproc-per-node 2 -m weft_nodes.starter.train --stage unet --out
DIR`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import distributed

from weft_nodes.starter.loop import Habits, Run, Schedule
from weft_nodes.starter.networks import Parts, build_text_encoder, build_unet, build_vae, save_model
from weft_nodes.starter.scenes import vocabulary
from weft_nodes.starter.tokenizer import build_tokenizer
from weft_nodes.starter.train_text import TextObjective, TokenHeads
from weft_nodes.starter.train_unet import LatentCache, UnetObjective, build_cache, probe_unet
from weft_nodes.starter.train_vae import DecoderObjective, VaeObjective, normalise_latents

STAGES = ("vae", "text", "latents", "unet", "decoder", "export")
_NO_LIMIT = 1_000_000
_DEFAULT_MINUTES = MappingProxyType({"vae64": 14.0, "vae128": 3.0, "text": 3.0, "unet": 75.0, "decoder": 8.0})


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
        scenes: How many scenes to encode for the U-Net.
        model: Where `export` writes the pipeline folder; None writes it below `out`.
    """

    out: Path
    seed: int = 0
    device: str = "cpu"
    steps: int | None = None
    minutes: float | None = None
    batch: int | None = None
    rate: float | None = None
    scenes: int = 100_000
    model: Path | None = None

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
    normalise_latents(vae, np.random.default_rng(options.seed))
    (options.out / "vae").mkdir(exist_ok=True)
    torch.save({"average": vae.state_dict()}, options.out / "vae" / "checkpoint.pt")


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
    vae = _trained_vae(options.out).to(options.device)
    build_cache(vae, options.out / "latents", count=options.scenes, seed=options.seed + 1)


def train_unet(options: Options) -> None:
    """Train the U-Net on the encoded scenes."""
    parts = _parts(options.out, build_unet())
    cache = LatentCache(options.out / "latents")
    objective = UnetObjective(parts, cache, batch=options.batch or 64, device=options.device)
    schedule = options.schedule("unet", Schedule(_NO_LIMIT, rate=1e-3, warmup=200, decay=0.5))
    run = Run(objective, schedule, options.out / "unet", seed=options.seed, habits=Habits())
    run.train(lambda: probe_unet(parts))


def train_decoder(options: Options) -> None:
    """Train the decoder a little more, on latents that the U-Net has denoised; latents keep their meaning."""
    parts = _parts(options.out, _trained_unet(options.out))
    objective = DecoderObjective(parts, batch=options.batch or 16, device=options.device)
    schedule = options.schedule("decoder", Schedule(_NO_LIMIT, rate=1e-3, decay=0.6))
    run = Run(objective, schedule, options.out / "decoder", seed=options.seed, habits=Habits(averaging=0.99))
    run.train()


def export_model(options: Options) -> None:
    """Write the pipeline folder from the averaged weights."""
    parts = _parts(options.out, _trained_unet(options.out))
    if (options.out / "decoder").exists():
        parts.vae.load_state_dict(_state(options.out / "decoder", "average"), strict=False)
    save_model(parts, options.model or options.out / "model")


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
    stages = dict(zip(STAGES, work, strict=True))
    for stage in STAGES if namespace.stage == "all" else (namespace.stage,):
        stages[stage](options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m weft_nodes.starter.train", description=__doc__)
    parser.add_argument("--stage", choices=(*STAGES, "all"), default="all")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and logs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, help="steps per stage; makes the run repeatable bit for bit")
    parser.add_argument("--minutes", type=float, help="minutes per stage")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--scenes", type=int, default=100_000, help="scenes encoded for the U-Net")
    parser.add_argument("--model", type=Path, help="where export writes the pipeline folder")
    parser.add_argument("--threads", type=int, default=0, help="threads of torch; 0 leaves its own choice")
    return parser


def _state(folder: Path, which: str) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(
        folder / "checkpoint.pt", weights_only=True, map_location="cpu"
    )[which]
    return state


def _trained_vae(out: Path) -> AutoencoderKL:
    vae = build_vae()
    vae.load_state_dict(_state(out / "vae", "average"))
    vae.eval()
    return vae


def _trained_unet(out: Path) -> UNet2DConditionModel:
    unet = build_unet()
    unet.load_state_dict(_state(out / "unet", "average"))
    unet.eval()
    return unet


def _parts(out: Path, unet: UNet2DConditionModel) -> Parts:
    tokenizer = build_tokenizer(vocabulary())
    heads = TokenHeads(build_text_encoder(tokenizer))
    heads.load_state_dict(_state(out / "text", "average"))
    vae = _trained_vae(out)
    return Parts(tokenizer, heads.encoder.eval(), unet, vae)


if __name__ == "__main__":
    sys.exit(main())
