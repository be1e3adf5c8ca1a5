"""Files apart: put together they are the checkpoint they were taken from, and paint what it paints."""

from workflow_runs import Desk, picture, seen_in, shown


def test_parts_in_files_of_their_own_paint_what_the_prompt_says(stocked: Desk) -> None:
    result = stocked.run(
        "separate-files",
        network="own-unet.safetensors",
        text_encoder="own-text_encoder.safetensors",
        vae="own-vae.safetensors",
        steps=6,
    )

    assert shown(seen_in(picture(result))) == [("red", "circle")]
