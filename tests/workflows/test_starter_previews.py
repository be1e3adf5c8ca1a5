"""Previews of the starter model look like the pictures they announce."""

import torch
from torch.nn import functional
from weft.sdk import Image, LocalRun
from weft_nodes.checkpoints import load_checkpoint
from weft_nodes.diffusion.previews import PREVIEWS
from weft_nodes.latents import encode_latent
from workflow_runs import Desk, picture


def test_the_preview_of_a_latent_looks_like_its_picture(starter: Desk) -> None:
    run = LocalRun(paths=starter.settings.paths)
    image = picture(starter.run("image-to-image", denoise=0.1, steps=10), "drawing")

    latent = encode_latent(run, Image(image.pixels_BHWC), load_checkpoint(run, "starter").vae)
    preview_hwC = PREVIEWS["starter"].render(latent.samples_BChw).float() / 255

    run.close()
    small_hwC = functional.interpolate(image.pixels_BHWC.movedim(-1, 1), size=(16, 16), mode="area")
    both = torch.stack([preview_hwC.flatten(), small_hwC[0].movedim(0, -1).flatten()])
    assert float(torch.corrcoef(both)[0, 1]) > 0.9
