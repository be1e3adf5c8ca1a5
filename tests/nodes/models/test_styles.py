"""A style model reads pictures to tokens, and depends on its file no more once it is loaded."""

from pathlib import Path

import pytest
import torch
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from safetensors.torch import save_file
from tiny.styles import PICTURE_TOKENS, SIDE, tiny_embedder, tiny_siglip, write_style
from transformers import SiglipVisionConfig, SiglipVisionModel
from weft.sdk import Image
from weft_nodes.families import ModelStore
from weft_nodes.families.styles import open_style
from weft_nodes.models.errors import CheckpointChangedError, CheckpointIncompleteError
from weft_nodes.models.image_encoders import encoder_part
from weft_nodes.models.loading import CheckpointFolder, load_module
from weft_nodes.models.styles import load_embedder, read_style

CPU = torch.device("cpu")


def pictures(count: int, *, channels: int = 3) -> Image:
    """Pictures of the size that the tiny encoder sees."""
    drawn = torch.rand(count, SIDE, SIDE, channels, generator=torch.Generator().manual_seed(count))
    return Image(drawn)


def test_each_picture_is_read_for_itself() -> None:
    encoder, embedder = tiny_siglip(), tiny_embedder()
    both = pictures(2)

    tokens = read_style(encoder, embedder, both)
    alone = read_style(encoder, embedder, Image(both.pixels_BHWC[1:]))

    assert tokens.shape[:2] == (2, PICTURE_TOKENS)
    torch.testing.assert_close(tokens[1:], alone)


def test_pictures_of_any_size_are_squeezed_and_transparency_shows_black() -> None:
    encoder, embedder = tiny_siglip(), tiny_embedder()
    wide = Image(torch.full((1, 10, 30, 3), 0.25))
    clear = Image(torch.cat([torch.rand(1, SIDE, SIDE, 3), torch.zeros(1, SIDE, SIDE, 1)], dim=-1))

    grey, black = (read_style(encoder, embedder, image) for image in (wide, clear))

    same = read_style(encoder, embedder, Image(torch.full((1, SIDE, SIDE, 3), 0.25)))
    torch.testing.assert_close(grey, same)
    torch.testing.assert_close(black, read_style(encoder, embedder, Image(torch.zeros(1, SIDE, SIDE, 3))))


@pytest.mark.parametrize("prefix", ["vision_model.", ""])
def test_the_encoder_is_read_under_old_and_new_names_and_without_its_head(
    tmp_path: Path, prefix: str
) -> None:
    encoder = tiny_siglip()
    folder = tmp_path / "image_encoder"
    encoder.save_pretrained(folder)
    named = {f"{prefix}{name}": tensor for name, tensor in encoder.state_dict().items()}
    save_file(named, folder / "model.safetensors")

    loaded = load_module(
        CheckpointFolder(tmp_path),
        encoder_part("siglip", folder.name),
        path=folder,
        dtype=torch.float32,
        device=CPU,
    )

    image = pictures(1)
    assert not any(name.startswith("head.") for name in loaded.state_dict())
    assert torch.equal(
        read_style(loaded, tiny_embedder(), image), read_style(encoder, tiny_embedder(), image)
    )


def test_the_layers_behind_the_encoder_do_not_depend_on_their_file(tmp_path: Path) -> None:
    embedder, path = tiny_embedder(), tmp_path / "redux.safetensors"
    save_file(embedder.state_dict(), path)

    loaded = load_embedder(path, dtype=torch.float32, device=CPU)
    path.write_bytes(b"\0" * path.stat().st_size)

    for name, tensor in embedder.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


@pytest.mark.parametrize("dropped", ["redux_down.weight", "redux_up.bias"])
def test_missing_layers_are_named(tmp_path: Path, dropped: str) -> None:
    tensors = {name: tensor for name, tensor in tiny_embedder().state_dict().items() if name != dropped}
    save_file(tensors, tmp_path / "redux.safetensors")

    with pytest.raises(CheckpointIncompleteError, match=dropped.split(".")[1]):
        load_embedder(tmp_path / "redux.safetensors", dtype=torch.float32, device=CPU)


def test_weights_are_kept_and_files_that_changed_are_refused(store: ModelStore, tmp_path: Path) -> None:
    folder = write_style(tmp_path / "style_models" / "redux")
    style = open_style("redux", [tmp_path], store.digests)

    first, again = (store.read_style(style, pictures(1)) for _ in range(2))
    held = store.statistics().bases
    store.close()
    save_file(tiny_embedder().state_dict(), folder / "image_embedder" / "diffusion_pytorch_model.safetensors")

    assert torch.equal(first, again)
    assert held == 2
    with pytest.raises(CheckpointChangedError):
        store.read_style(style, pictures(1))


def test_an_image_encoder_in_a_file_says_what_its_folder_says(store: ModelStore, tmp_path: Path) -> None:
    # Of a published width, since files show no number of heads.
    options = {"hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 1, "intermediate_size": 8}
    encoder = SiglipVisionModel(SiglipVisionConfig(**options, image_size=SIDE, patch_size=8)).eval()
    embedder = ReduxImageEncoder(redux_dim=768, txt_in_features=8).eval()
    styles, encoders = tmp_path / "style_models", tmp_path / "clip_vision"
    styles.mkdir()
    encoders.mkdir()
    save_file(embedder.state_dict(), styles / "redux.safetensors", metadata={"_weft_family": "flux"})
    named = {f"vision_model.{name}": tensor for name, tensor in encoder.state_dict().items()}
    save_file(named, encoders / "sigclip_vision.safetensors")

    style = open_style("redux.safetensors", [tmp_path], store.digests)

    image = pictures(1)
    assert Path(style.encoder.path).name == "sigclip_vision.safetensors"
    torch.testing.assert_close(store.read_style(style, image), read_style(encoder, embedder, image))
