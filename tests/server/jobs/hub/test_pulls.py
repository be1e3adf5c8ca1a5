"""Downloads go on where they were interrupted, and end with a checked model or with a reason."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from server.jobs.stand_in_hub import COMMIT, StandInHub, safetensors
from weft.jobs.files.file_faults import ModelNameError, PullUnknownError, WeightsRefusedError
from weft.jobs.hub.hub import Hub
from weft.jobs.hub.pull_choice import PullRequest
from weft.jobs.hub.pull_store import FOLDER, Pull
from weft.jobs.hub.pulls import MOST_TRIES, Pulls

LARGE = safetensors({"weight": [1024, 1024]})
REQUEST = PullRequest("owner/model")


class Arrivals:
    """Counts how often new models are there."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


def a_hub(**options: object) -> StandInHub:
    found = StandInHub({"owner/model": {"README.md": b"hello", "model.safetensors": LARGE}})
    for name, value in options.items():
        setattr(found, name, value)
    return found


@asynccontextmanager
async def pulling(hub: StandInHub, models: Path, arrivals: Arrivals | None = None) -> AsyncIterator[Pulls]:
    """Downloads from a hub that is open."""
    pulls = Pulls(Hub(hub.url), models, arrived=arrivals or Arrivals(), retry_s=0.001)
    await pulls.start()
    try:
        yield pulls
    finally:
        await pulls.close()


async def until(pulls: Pulls, id: str, is_so: Callable[[Pull], bool]) -> Pull:
    """Wait until something is so of a download."""
    async with asyncio.timeout(60):
        while not is_so(pulls.get(id)):  # noqa: ASYNC110 (a download is watched by asking, as clients do)
            await asyncio.sleep(0.002)
    return pulls.get(id)


async def ended(pulls: Pulls, id: str) -> Pull:
    return await until(pulls, id, lambda pull: pull.is_final)


async def begun_in_part(pulls: Pulls) -> Pull:
    """Begin a download and wait until a part of it is there."""
    return await until(pulls, (await pulls.begin(REQUEST)).id, lambda pull: pull.loaded_bytes > 0)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


async def test_a_model_is_loaded_and_told_of(tmp_path: Path) -> None:
    arrivals = Arrivals()
    async with a_hub().open() as hub, pulling(hub, tmp_path, arrivals) as pulls:
        begun = await pulls.begin(REQUEST)
        pull = await ended(pulls, begun.id)

    assert begun.state == "queued"
    assert (pull.state, pull.commit, pull.problems) == ("succeeded", COMMIT, ())
    assert pull.loaded_bytes == pull.total_bytes == len(LARGE)
    assert (tmp_path / "model.safetensors").read_bytes() == LARGE
    assert arrivals.count == 1
    assert list(pulls.digests()) == ["model.safetensors"]


async def test_a_pipeline_is_loaded_with_its_parts(tmp_path: Path) -> None:
    index = json.dumps({"unet": ["diffusers", "UNet"], "safety_checker": [None, None]}).encode()
    files = {
        "model_index.json": index,
        "unet/config.json": b"{}",
        "unet/diffusion_pytorch_model.safetensors": LARGE,
        "safety_checker/model.safetensors": LARGE,
    }
    async with StandInHub({"o/pipe": files}).open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(PullRequest("o/pipe", folder="xl"))).id)

    assert pull.state == "succeeded"
    assert {name for name in files_in(tmp_path) if not name.startswith(FOLDER)} == {
        "xl/pipe/model_index.json",
        "xl/pipe/unet/config.json",
        "xl/pipe/unet/diffusion_pytorch_model.safetensors",
    }


async def test_a_broken_connection_is_gone_on_with_from_the_byte_that_came_last(tmp_path: Path) -> None:
    async with a_hub(breaks=[300_000, 1_100_000]).open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(REQUEST)).id)

    assert pull.state == "succeeded"
    assert (tmp_path / "model.safetensors").read_bytes() == LARGE
    starts = [asked.range for asked in hub.downloads() if asked.path.startswith("/cdn/")]
    assert starts[0] == ""
    assert all(start.startswith("bytes=") for start in starts[1:])


async def test_a_hub_without_ranges_is_loaded_from_anew(tmp_path: Path) -> None:
    async with a_hub(breaks=[300_000], knows_ranges=False).open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(REQUEST)).id)

    assert pull.state == "succeeded"
    assert pull.loaded_bytes == len(LARGE)
    assert (tmp_path / "model.safetensors").read_bytes() == LARGE


async def test_a_hub_that_sends_nothing_again_and_again_is_given_up(tmp_path: Path) -> None:
    async with a_hub(breaks=[0] * 50).open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(REQUEST)).id)

    assert pull.state == "failed"
    assert pull.problems[0]["code"] == "hub-unreachable"
    assert len([asked for asked in hub.downloads() if "/cdn/" in asked.path]) == MOST_TRIES


async def test_a_failed_download_goes_on_when_it_is_begun_again(tmp_path: Path) -> None:
    async with a_hub(breaks=[1_500_000, *[0] * 50]).open() as hub, pulling(hub, tmp_path) as pulls:
        failed = await ended(pulls, (await pulls.begin(REQUEST)).id)
        hub.breaks.clear()
        hub.asked.clear()
        again = await pulls.begin(REQUEST)
        done = await ended(pulls, again.id)

    assert (failed.state, done.state) == ("failed", "succeeded")
    assert again.id == failed.id
    assert [asked.range[:6] for asked in hub.downloads() if "/cdn/" in asked.path] == ["bytes="]


async def test_a_download_goes_on_after_the_server_ended(tmp_path: Path) -> None:
    # The first connection comes to an end in the middle, and then the hub holds its breath.
    async with a_hub(breaks=[1_200_000, *[0] * 1000]).open() as hub:
        async with pulling(hub, tmp_path) as pulls:
            begun = await begun_in_part(pulls)
        loaded = (tmp_path / FOLDER / begun.id / "0.part").stat().st_size
        hub.breaks.clear()
        hub.asked.clear()
        async with pulling(hub, tmp_path) as pulls:
            done = await ended(pulls, begun.id)

    assert 0 < loaded < len(LARGE)
    assert done.state == "succeeded"
    assert hub.downloads()[-1].range == f"bytes={loaded}-"
    assert (tmp_path / "model.safetensors").read_bytes() == LARGE


async def test_a_download_keeps_to_the_commit_that_it_began_with(tmp_path: Path) -> None:
    async with a_hub(breaks=[1_200_000, *[0] * 1000]).open() as hub:
        async with pulling(hub, tmp_path) as pulls:
            begun = await begun_in_part(pulls)
        hub.breaks.clear()
        hub.asked.clear()
        async with pulling(hub, tmp_path) as pulls:
            await ended(pulls, begun.id)

    assert hub.asked[0].path == f"/api/models/owner/model/revision/{COMMIT}"


async def test_content_that_is_not_what_the_hub_says_is_refused_and_deleted(tmp_path: Path) -> None:
    wrong = {"model.safetensors": LARGE[:-1] + b"!"}
    async with a_hub(wrong=wrong).open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(REQUEST)).id)

    assert pull.state == "failed"
    assert pull.problems[0]["code"] == "weights-refused"
    assert {Path(name).name for name in files_in(tmp_path)} == {"pull.json"}


async def test_content_that_never_ends_is_refused(tmp_path: Path) -> None:
    async with (
        a_hub(wrong={"model.safetensors": LARGE + bytes(9 * 2**20)}).open() as hub,
        pulling(hub, tmp_path) as pulls,
    ):
        pull = await ended(pulls, (await pulls.begin(REQUEST)).id)

    assert pull.state == "failed"
    assert "longer" in str(pull.problems[0]["message"])


async def test_a_pickle_that_is_called_safetensors_is_refused(tmp_path: Path) -> None:
    pickle = b"\x80\x02cos\nsystem\n(S'true'\ntR." + bytes(5000)
    async with StandInHub({"o/m": {"a.safetensors": pickle}}).open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(PullRequest("o/m"))).id)

    assert pull.state == "failed"
    assert "pickle" in str(pull.problems[0]["message"])


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (PullRequest("owner/nothing"), "hub-unknown"),
        (PullRequest("owner/model", revision="v9"), "hub-unknown"),
        (PullRequest("owner/model", files=("other.safetensors",)), "hub-unknown"),
        (PullRequest("owner/several"), "pull-unclear"),
        (PullRequest("owner/old"), "weights-refused"),
        (PullRequest("owner/broken"), "weights-refused"),
        (PullRequest("owner/evil"), "model-name"),
    ],
)
async def test_a_download_that_cannot_be_says_why(tmp_path: Path, request_: PullRequest, code: str) -> None:
    repos = {
        "owner/several": {"a.safetensors": LARGE, "b.safetensors": LARGE},
        "owner/old": {"model.ckpt": LARGE},
        "owner/broken": {"model_index.json": b"{nope"},
        "owner/evil": {"../../evil.safetensors": LARGE},
    }
    found = a_hub()
    found.repos.update(repos)
    async with found.open() as hub, pulling(hub, tmp_path / "models") as pulls:
        pull = await ended(pulls, (await pulls.begin(request_)).id)

    assert (pull.state, pull.problems[0]["code"]) == ("failed", code)
    assert all(name.startswith("models/") for name in files_in(tmp_path))


async def test_what_could_lead_elsewhere_is_refused_at_once(tmp_path: Path) -> None:
    async with a_hub().open() as hub, pulling(hub, tmp_path) as pulls:
        with pytest.raises(ModelNameError):
            await pulls.begin(PullRequest("../etc"))
        with pytest.raises(WeightsRefusedError):
            await pulls.begin(PullRequest("o/m", files=("model.ckpt",)))

    assert hub.asked == []
    assert files_in(tmp_path) == set()


async def test_the_same_download_is_begun_once(tmp_path: Path) -> None:
    async with a_hub().open() as hub, pulling(hub, tmp_path) as pulls:
        first, second = await asyncio.gather(pulls.begin(REQUEST), pulls.begin(REQUEST))
        await ended(pulls, first.id)
        repeated = await pulls.begin(REQUEST)
        done = await ended(pulls, repeated.id)

    assert first.id == second.id == repeated.id
    assert done.state == "succeeded"
    assert len([asked for asked in hub.downloads() if "/cdn/" in asked.path]) == 1


async def test_cancelling_deletes_what_was_loaded(tmp_path: Path) -> None:
    async with a_hub(breaks=[1_200_000, *[0] * 1000]).open() as hub, pulling(hub, tmp_path) as pulls:
        begun = await begun_in_part(pulls)
        cancelled = await pulls.cancel(begun.id)
        listed = pulls.all()
        forgotten = await pulls.cancel(begun.id)

        assert (cancelled.state, forgotten.state) == ("cancelled", "cancelled")
        assert [pull.state for pull in listed] == ["cancelled"]
        assert pulls.all() == ()
        with pytest.raises(PullUnknownError):
            pulls.get(begun.id)
    assert files_in(tmp_path) == set()


async def test_another_model_of_that_name_stays(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"mine")
    async with a_hub().open() as hub, pulling(hub, tmp_path) as pulls:
        pull = await ended(pulls, (await pulls.begin(REQUEST)).id)

    assert pull.problems[0]["code"] == "model-exists"
    assert (tmp_path / "model.safetensors").read_bytes() == b"mine"


async def test_the_newest_download_is_listed_first(tmp_path: Path) -> None:
    async with a_hub().open() as hub, pulling(hub, tmp_path) as pulls:
        for revision in ("main", "one", "two"):
            await ended(pulls, (await pulls.begin(PullRequest("owner/model", revision=revision))).id)
        listed = [pull.request.revision for pull in pulls.all()]

    assert listed == ["two", "one", "main"]
