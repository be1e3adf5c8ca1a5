"""A picture as a prompt: it changes what is painted, and at a strength of 0 not at all."""

from weft.errors import JSON
from workflow_runs import Desk, picture, small

VALUES: dict[str, JSON] = {
    "image": "own.png",
    "ip_adapter": "ip-adapter-base.safetensors",
    "prompt": "a red circle",
    "seed": 3,
    "guidance_scale": 2.0,
}


def test_the_picture_has_a_say_as_far_as_its_strength_goes(stocked: Desk) -> None:
    seen, unseen = (
        picture(stocked.run("image-prompt", **small({**VALUES, "strength": strength}))).pixels_BHWC
        for strength in (1.0, 0.0)
    )

    words = {name: VALUES[name] for name in ("prompt", "seed", "guidance_scale")}
    alone = picture(stocked.run("text-to-image", **small(words))).pixels_BHWC
    assert float((unseen - alone).abs().max()) < 1e-4
    assert float((seen - alone).abs().max()) > 0.01
