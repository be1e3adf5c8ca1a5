"""Upscale by a model: the picture is as many times larger as the network makes it, however it is tiled."""

from workflow_runs import Desk, picture, ran, size, small


def test_the_network_decides_how_much_larger_the_picture_becomes(stocked: Desk) -> None:
    values = small({"upscaler": "double.safetensors"})

    result = stocked.run("upscale-by-model", **values)

    assert size(picture(result, "small")) == (128, 128, 1)
    assert size(picture(result)) == (256, 256, 1)
    assert ran(stocked.run("upscale-by-model", **values, tile=256)) == {"large"}
