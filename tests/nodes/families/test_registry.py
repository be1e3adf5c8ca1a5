"""The store of a worker knows all families and remembers digests in the data folder."""

from pathlib import Path

import pytest
import tiny_models
from weft.sdk import LocalRun, Paths
from weft_nodes.families import FAMILIES, ModelStore, open_checkpoint


def test_a_run_has_one_store(tmp_path: Path) -> None:
    run = LocalRun(paths=Paths.below(tmp_path))

    assert run.service(ModelStore) is run.service(ModelStore)
    run.close()


def test_digests_are_remembered_in_the_data_folder(tmp_path: Path) -> None:
    paths = Paths.below(tmp_path)
    store = LocalRun(paths=paths).service(ModelStore)
    open_checkpoint(tiny_models.write_folder(tmp_path / "model", "sd15"), memory=store.digests)

    assert len(list((paths.data_dir / "digests").iterdir())) > 3


@pytest.mark.parametrize("name", ["sd15", "sd2", "sdxl", "sdxl-refiner", "starter"])
def test_the_families_of_this_stage_are_there(name: str) -> None:
    assert FAMILIES[name].id == name


def test_the_table_of_families_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FAMILIES["sd9"] = FAMILIES["sd15"]  # type: ignore[index]
