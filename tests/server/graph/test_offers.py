"""Providers are asked once per check, however many nodes use them."""

from pathlib import Path

import pytest
from server.graph.toys import catalog
from weft.graph.offers import Offers
from weft.paths import Paths
from weft.plugin_errors import ProviderFailedError, ProviderUnknownError
from weft.registry import Registry


class CountingRegistry(Registry):
    """Counts how often its providers are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def choices(self, provider: str) -> tuple[str, ...]:
        self.asked.append(provider)
        return ("a", "b")

    def listing(self, kind: str) -> dict[str, dict[str, str]]:
        self.asked.append(kind)
        return {"file": {"family": "sd15"}}


def test_choices_are_asked_for_once() -> None:
    registry = CountingRegistry()
    offers = Offers(registry)

    assert offers.choices("samplers") == offers.choices("samplers") == ("a", "b")
    assert registry.asked == ["samplers"]


def test_listings_are_asked_for_once() -> None:
    registry = CountingRegistry()
    offers = Offers(registry)

    assert offers.listing("checkpoint") == offers.listing("checkpoint") == {"file": {"family": "sd15"}}
    assert registry.asked == ["checkpoint"]


def test_what_nobody_offers_is_an_error() -> None:
    offers = Offers(Registry())

    with pytest.raises(ProviderUnknownError):
        offers.choices("samplers")
    with pytest.raises(ProviderUnknownError):
        offers.listing("checkpoint")


def test_a_provider_that_fails_is_an_error() -> None:
    with pytest.raises(ProviderFailedError):
        Offers(catalog()).choices("toy-broken")


def test_assets_are_those_of_the_catalogs_data_folder(tmp_path: Path) -> None:
    registry = Registry(Paths.below(tmp_path))
    path = registry.paths.asset("ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")

    assert Offers(registry).has_asset(f"asset:{'ab' * 32}")
    assert not Offers(registry).has_asset(f"asset:{'cd' * 32}")
