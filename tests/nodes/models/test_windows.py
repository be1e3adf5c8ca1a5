"""Windows are a patch that changes how a network is asked, and leaves its layers as they are."""

import torch
from sampling_toys import SmoothNetwork
from torch import nn
from weft_nodes.diffusion.windows import WindowedNetwork, Windows
from weft_nodes.models.patches import DENOISER, Patch
from weft_nodes.models.windows import WindowPatch, behind_windows, seen_size

PATCH = WindowPatch(Windows(8, 2))


def test_windows_are_a_patch_of_the_denoising_network_that_changes_no_layer() -> None:
    layer = nn.Linear(2, 2)
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}

    PATCH.apply(layer)

    assert isinstance(PATCH, Patch)
    assert PATCH.part == DENOISER
    assert all(torch.equal(tensor, before[name]) for name, tensor in layer.state_dict().items())


def test_other_windows_have_another_key() -> None:
    keys = {WindowPatch(Windows(*numbers)).key for numbers in ((8, 2, 1), (8, 4, 1), (16, 2, 1), (8, 2, 2))}

    assert len(keys) == 4
    assert WindowPatch(Windows(8, 2)).key == PATCH.key


def test_a_network_without_windows_stays_itself() -> None:
    network = SmoothNetwork("plain")

    assert behind_windows(network, ()) is network
    assert isinstance(behind_windows(network, (PATCH,)), WindowedNetwork)


def test_the_noise_is_that_of_what_the_network_sees_by_the_last_windows() -> None:
    assert seen_size((20, 6), ()) == (20, 6)
    assert seen_size((20, 6), (PATCH,)) == (8, 6)
    assert seen_size((20, 6), (PATCH, WindowPatch(Windows(16, 4)))) == (16, 6)
    assert seen_size(None, (PATCH,)) is None
