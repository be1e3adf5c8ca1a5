"""LoRA files change models and text encoders as handles say, and the checkpoint below them by nothing."""

import asyncio
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors.torch import save_file
from tiny_runs import load_tiny, tiny_paths
from torch import Tensor, nn
from weft.engine.plan import Plan
from weft.errors import JSON
from weft.graph.check import check
from weft.graph.document import Document, parse_document
from weft.sdk import FingerprintScope, LocalRun, Paths
from weft_nodes import adapters
from weft_nodes.checkpoints import LoadedCheckpoint
from weft_nodes.families import ModelStore
from weft_nodes.latents import empty_latent
from weft_nodes.models.errors import ModelFileMissingError, PatchMismatchError
from weft_nodes.models.handles import Model
from weft_nodes.prompts import encode_prompt
from weft_nodes.sampling import sample_latent
from workflow_runs import Desk, open_desk, ran

NAME = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
TEXT = "lora_te1_text_model_encoder_layers_0_self_attn_q_proj"


def drawn(seed: int, *shape: int) -> Tensor:
    """Numbers that are the same each time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def write_loras(folder: Path) -> None:
    """Write small files of several kinds."""
    folder.mkdir(parents=True)
    shape = {
        f"unet.{NAME}.to_q.lora_A.weight": drawn(1, 2, 8),
        f"unet.{NAME}.to_q.lora_B.weight": drawn(2, 8, 2),
    }
    save_file(shape, folder / "shape.safetensors")
    flat = f"lora_unet_{NAME.replace('.', '_')}_to_v"
    names = {"hada_w1_a": (8, 2), "hada_w1_b": (2, 8), "hada_w2_a": (8, 2), "hada_w2_b": (2, 8)}
    loha = {f"{flat}.{name}": drawn(place, *size) for place, (name, size) in enumerate(names.items())}
    save_file(loha | {f"{flat}.dora_scale": drawn(9, 8, 1).abs()}, folder / "loha.safetensors")
    lokr = {f"unet.{NAME}.to_k.lokr_w1": drawn(5, 2, 2), f"unet.{NAME}.to_k.lokr_w2": drawn(6, 4, 4)}
    save_file(lokr, folder / "lokr.safetensors")
    save_file({"something.else": torch.zeros(1)}, folder / "strange.safetensors")
    text = {f"{TEXT}.lora_down.weight": drawn(7, 2, 32), f"{TEXT}.lora_up.weight": drawn(8, 32, 2)}
    save_file(text, folder / "texts.safetensors")
    third = {key.replace("lora_te1", "lora_te3"): tensor.clone() for key, tensor in text.items()}
    save_file(third, folder / "third.safetensors")
    wide = f"unet.{NAME.replace('attn1', 'attn2')}.to_k.lora_A.weight"
    save_file({wide: torch.zeros(2, 2048)}, folder / "xl.safetensors")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """Folders with tiny checkpoints and LoRA files."""
    found = tiny_paths(tmp_path_factory.mktemp("adapters"))
    write_loras(found.models[0] / "loras")
    return found


@pytest.fixture(scope="module")
def run(paths: Paths) -> Iterator[LocalRun]:
    """A run over those folders."""
    found = LocalRun(paths=paths)
    yield found
    found.close()


@pytest.fixture(scope="module")
def checkpoint(run: LocalRun) -> LoadedCheckpoint:
    """The tiny checkpoint."""
    return load_tiny(run)


def patched(run: LocalRun, checkpoint: LoadedCheckpoint, lora: str, **options: object) -> Model:
    """The model of the tiny checkpoint with a LoRA."""
    found = adapters.apply_lora(run, checkpoint.model, checkpoint.encoder, lora=lora, **options)  # type: ignore[arg-type]
    return found.model


def test_a_lora_changes_the_key_of_the_model_and_not_the_model_given(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    key = checkpoint.model.key

    found = adapters.apply_lora(
        run, checkpoint.model, checkpoint.encoder, lora="shape.safetensors", strength=0.5
    )

    assert checkpoint.model.key == key != found.model.key
    assert found.encoder == checkpoint.encoder
    assert run.files["shape.safetensors"]


def test_loras_follow_each_other_and_their_strengths_count(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    once = adapters.apply_lora(run, checkpoint.model, checkpoint.encoder, lora="shape.safetensors")
    twice = adapters.apply_lora(run, *once, lora="shape.safetensors")
    keys = {
        patched(run, checkpoint, "shape.safetensors", strength=strength, blocks=blocks).key
        for strength, blocks in ((0.5, ""), (1.0, ""), (-1.0, ""), (1.0, "mid_block=0.5"))
    }

    assert len(twice.model.patches) == 2
    assert len({*keys, checkpoint.model.key}) == 5
    assert patched(run, checkpoint, "shape.safetensors", strength=0.0) == checkpoint.model


def test_a_lora_of_the_first_of_two_text_encoders_changes_the_encoder_alone(run: LocalRun) -> None:
    model, encoder, _ = load_tiny(run, "xl")

    found = adapters.apply_lora(run, model, encoder, lora="texts.safetensors", encoder_strength=0.5)
    without = adapters.apply_lora(run, model, encoder, lora="texts.safetensors", encoder_strength=0)

    assert found.model == model
    assert [patch.part for patch in found.encoder.patches] == ["text_encoder"]
    assert without.encoder == encoder


def test_a_change_of_a_text_encoder_that_the_family_lacks_is_not_lost_in_silence(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    model, encoder, _ = checkpoint

    with pytest.raises(PatchMismatchError, match="text_encoder_3, which weft starter does not have"):
        adapters.apply_lora(run, model, encoder, lora="third.safetensors")

    assert adapters.apply_lora(run, model, encoder, lora="third.safetensors", encoder_strength=0)


def test_a_lora_for_nothing_known_is_an_error(run: LocalRun, checkpoint: LoadedCheckpoint) -> None:
    with pytest.raises(PatchMismatchError, match="strange"):
        patched(run, checkpoint, "strange.safetensors")
    with pytest.raises(ModelFileMissingError):
        patched(run, checkpoint, "absent.safetensors")


def test_loras_are_listed_with_their_family_and_told_apart_by_content(paths: Paths) -> None:
    scope, listed = FingerprintScope(paths), adapters.loras_by_name(paths)

    assert listed["xl.safetensors"] == {"family": "sdxl"}
    assert listed["shape.safetensors"] == {}
    digests = {adapters._digest_of_lora(scope, name) for name in listed}
    assert len(digests) == len(listed) == 8
    assert listed["starter-outlined.safetensors"] == {"family": "starter"}
    assert adapters._digest_of_lora(scope, "absent.safetensors") == "missing"


def _bits(net: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def _base(run: LocalRun, model: Model) -> nn.Module:
    """The live network without patches, whose weights all variants share."""
    network = run.service(ModelStore).network(model)
    module = vars(network)["module"]
    assert isinstance(module, nn.Module)
    return module


def test_four_variants_at_once_are_the_bits_of_one_after_the_other_and_leave_the_base_alone(
    run: LocalRun, checkpoint: LoadedCheckpoint
) -> None:
    loha = patched(run, checkpoint, "loha.safetensors")
    models = [
        patched(run, checkpoint, "shape.safetensors"),
        loha,
        patched(run, checkpoint, "lokr.safetensors", strength=0.5),
        adapters.apply_lora(run, loha, checkpoint.encoder, lora="shape.safetensors").model,
    ]
    before = _bits(_base(run, checkpoint.model))
    prompt = encode_prompt(run, checkpoint.encoder, "a red circle")

    def sampled(model: Model) -> Tensor:
        latent = empty_latent(model, 32, 32)
        return asyncio.run(sample_latent(run, model, prompt, None, latent, seed=3, steps=3)).samples_BChw

    alone = [sampled(model) for model in models]
    # Once more at once, but never two of one kind: those would share a forward, which rounds differently.
    with ThreadPoolExecutor(4) as pool:
        together = [list(pool.map(sampled, models)) for _ in range(2)]

    for latents in together:
        assert all(torch.equal(*pair) for pair in zip(latents, alone, strict=True))
    assert len({latent.numpy().tobytes() for latent in alone}) == 4
    assert _bits(_base(run, checkpoint.model)) == before


def _link(source: str) -> JSON:
    return {"from": source}


def _workflow(*loras: str) -> Document:
    """A workflow with LoRA files one behind the other between the checkpoint and all else."""
    nodes: dict[str, JSON] = {"checkpoint": {"type": "checkpoint.load"}}
    last = "checkpoint"
    for place, lora in enumerate(loras):
        inputs = {"model": _link(f"{last}.model"), "encoder": _link(f"{last}.encoder"), "lora": lora}
        last = f"lora{place}"
        nodes[last] = {"type": "lora.apply", "inputs": inputs}
    size = {"model": _link("checkpoint.model"), "width": 32, "height": 32}
    text = {"encoder": _link(f"{last}.encoder"), "text": "a ring"}
    nodes |= {
        "size": {"type": "latent.empty", "inputs": size},
        "prompt": {"type": "prompt.encode", "inputs": text},
        "sample": {
            "type": "latent.sample",
            "inputs": {
                "model": _link(f"{last}.model"),
                "positive": _link("prompt.conditioning"),
                "latent": _link("size.latent"),
                "steps": 2,
            },
        },
    }
    return parse_document({"weft": 1, "nodes": nodes, "outputs": {"latent": _link("sample.latent")}})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with a tiny model and the LoRA files."""
    folder = tmp_path_factory.mktemp("desk")
    tiny_models.write_folder(folder / "models" / "starter", "starter")
    write_loras(folder / "models" / "loras")
    found = open_desk(folder)
    yield found
    found.engine.close()


def _would_run(desk: Desk, document: Document) -> dict[str, str]:
    """The nodes that a run would compute, with the reasons."""
    report = check(document, desk.loaded.registry, desk.workflows)
    assert report.graph is not None, report.problems
    plan: Plan = asyncio.run(desk.engine.plan(report.graph, lineage="test"))
    return {step.id: step.reason.text for step in plan.steps if step.action == "run"}


def test_a_lora_added_or_removed_runs_anew_exactly_what_it_must(desk: Desk) -> None:
    plain, styled = _workflow(), _workflow("shape.safetensors")
    both = _workflow("shape.safetensors", "texts.safetensors")
    assert desk.run_document(plain).state == "succeeded"

    added = _would_run(desk, styled)
    first = desk.run_document(styled)
    second = desk.run_document(both)
    removed = _would_run(desk, styled)

    assert added.keys() == {"lora0", "prompt", "sample"}
    assert "model" in added["sample"]
    # The file changes no text encoder, so the prompt's turn comes and finds nothing new.
    assert ran(first) == {"lora0", "sample"}
    assert ran(second) == {"lora1", "prompt", "sample"}
    assert removed == _would_run(desk, plain) == {}


def test_a_lora_of_another_family_is_found_before_anything_runs(desk: Desk) -> None:
    report = check(_workflow("xl.safetensors"), desk.loaded.registry, desk.workflows)

    assert [problem.code for problem in report.problems] == ["trait-mismatch"] * len(report.problems)
    assert "sdxl" in report.problems[0].message
    assert "xl.safetensors" in report.problems[0].message
