"""Every family keeps the contract between the model layer and the families."""

import pytest
from weft_nodes.families import FACTS, FAMILIES
from weft_nodes.models.adapter import Family
from weft_nodes.models.tokenizers import load_tokenizer


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_says_all_that_the_model_layer_asks(name: str) -> None:
    family: Family = FAMILIES[name]

    assert family.id == name
    assert family.latent_space == FACTS[name].latent_space
    assert family.network_part.name in {"unet", "transformer"}
    assert family.vae_part.name == "vae"
    assert all(part.encoder.prefixes for part in family.text_parts)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_parts_of_a_family_have_tensors_of_their_own_in_a_single_file(name: str) -> None:
    family = FAMILIES[name]
    parts = (family.network_part, family.vae_part, *(part.encoder for part in family.text_parts))
    prefixes = [prefix for part in parts for prefix in part.prefixes]

    assert not any(a != b and a.startswith(b) for a in prefixes for b in prefixes)
    assert len(set(prefixes)) == len(prefixes)


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.configs])
def test_a_family_with_single_files_ships_every_configuration_they_need(name: str) -> None:
    family = FAMILIES[name]
    modules = [family.network_part.name, family.vae_part.name]
    modules += [part.encoder.name for part in family.text_parts]

    assert family.configs is not None
    assert all((family.configs / part / "config.json").is_file() for part in modules)
    # Vocabularies of language models are megabytes; their users fetch them once, and an error says how.
    tokenizers = [part.tokenizer for part in family.text_parts if part.load is load_tokenizer]
    assert all((family.configs / name / "tokenizer_config.json").is_file() for name in tokenizers)
    assert (family.configs / "scheduler" / "scheduler_config.json").is_file()
