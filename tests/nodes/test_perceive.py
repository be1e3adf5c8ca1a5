"""Nodes that read pictures by networks: depth as grey, classes as colours and masks."""

from pathlib import Path

import pytest
import torch
from tiny.perception import write_depth, write_pose, write_segmentation
from weft.sdk import CancelledRunError, FingerprintScope, Image, LocalRun, Mask, Paths
from weft_nodes.checkpoints import checkpoints_by_name
from weft_nodes.models.errors import ModelFileMissingError
from weft_nodes.perceive import (
    LabelUnknownError,
    depth_networks,
    estimate_depth,
    find_poses,
    pose_networks,
    segment_picture,
    segmentation_networks,
)
from weft_nodes.pixels.errors import PictureSizeError


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with a network for each task."""
    found = Paths.below(tmp_path_factory.mktemp("perceive"))
    write_depth(found.models[0] / "preprocessors" / "depth")
    write_segmentation(found.models[0] / "preprocessors" / "segformer")
    write_pose(found.models[0] / "preprocessors" / "vitpose")
    return found


@pytest.fixture
def run(paths: Paths) -> LocalRun:
    """A run over them."""
    return LocalRun(paths=paths)


def noise(count: int = 2, channels: int = 3) -> Image:
    """Random pictures."""
    return Image(torch.rand(count, 40, 56, channels, generator=torch.Generator().manual_seed(5)))


def test_each_task_lists_its_networks_which_are_no_checkpoints(paths: Paths) -> None:
    assert depth_networks(paths) == {"depth": {}}
    assert segmentation_networks(paths) == {"segformer": {}}
    assert pose_networks(paths) == {"vitpose": {}}
    assert not [name for name in checkpoints_by_name(paths) if name.startswith("preprocessors")]


def test_depth_is_a_grey_picture_of_the_same_size_for_each_of_a_batch(run: LocalRun) -> None:
    pictures = noise()

    both = estimate_depth(run, pictures, "depth").pixels_BHWC

    assert both.shape == (2, 40, 56, 3)
    assert both[..., 0].equal(both[..., 1])
    assert both.amin((1, 2, 3)).tolist() == [0.0, 0.0]
    assert both.amax((1, 2, 3)).tolist() == [1.0, 1.0]
    torch.testing.assert_close(
        estimate_depth(run, Image(pictures.pixels_BHWC[1:]), "depth").pixels_BHWC, both[1:]
    )
    assert list(run.files) == ["depth"]


def test_masks_of_all_labels_cover_the_picture_once_in_their_colours(run: LocalRun) -> None:
    found = segment_picture(run, noise(1, channels=4), "segformer")
    masks = {
        label: segment_picture(run, noise(1, channels=4), "segformer", label=label).mask.values_BHW
        for label in ("sky", "Person", " tree ")
    }

    assert found.mask.values_BHW.eq(0).all()
    assert sum(masks.values(), torch.zeros(1, 40, 56)).eq(1).all()
    areas = {label.strip().casefold(): int(mask.sum()) for label, mask in masks.items()}
    assert found.labels == sorted((label for label in areas if areas[label]), key=lambda one: -areas[one])
    # The first class is black, the second dark red, the third dark green.
    shades = {"sky": (0, 0, 0), "Person": (128, 0, 0), " tree ": (0, 128, 0)}
    for label, shade in shades.items():
        seen = found.image.pixels_BHWC[masks[label].bool()] * 255
        torch.testing.assert_close(seen, torch.tensor(shade).float().expand_as(seen))


def test_each_person_of_a_mask_is_a_figure_and_nobody_is_none(run: LocalRun) -> None:
    people = torch.zeros(2, 40, 56)
    people[0, 4:36, 2:20] = 1.0
    people[1, 4:36, 36:54] = 1.0

    def figures(mask: Mask | None) -> torch.Tensor:
        return find_poses(run, noise(), mask, network="vitpose", least_score=0.0).pixels_BHWC

    assert figures(None).shape == figures(Mask(people)).shape == (2, 40, 56, 3)
    assert not figures(Mask(people)).equal(figures(Mask(people[:1])))
    assert figures(Mask(torch.zeros(1, 40, 56))).eq(0).all()
    with pytest.raises(PictureSizeError):
        figures(Mask(torch.zeros(1, 8, 8)))


def test_what_is_not_known_is_refused_with_what_is(run: LocalRun) -> None:
    with pytest.raises(LabelUnknownError) as error:
        segment_picture(run, noise(1), "segformer", label="persons")
    assert "person" in error.value.hint
    with pytest.raises(ModelFileMissingError):
        estimate_depth(run, noise(1), "segformer")


def test_a_cancelled_run_reads_no_further_picture(run: LocalRun) -> None:
    run.cancel()

    with pytest.raises(CancelledRunError):
        estimate_depth(run, noise(1), "depth")


def test_networks_are_known_by_content_or_by_what_is_wrong(run: LocalRun, tmp_path: Path) -> None:
    look = estimate_depth.__weft_node__.outside_state  # type: ignore[attr-defined]
    here, elsewhere = FingerprintScope(run.paths), FingerprintScope(Paths.below(tmp_path))

    assert look(elsewhere, {"network": "depth"}) == "checkpoint-missing"
    known = look(here, {"network": "depth"})
    write_depth(tmp_path / "models" / "preprocessors" / "depth")
    assert look(elsewhere, {"network": "depth"}) == known
