"""The words and files that dynamic widgets offer, asked for once per check."""

from collections.abc import Mapping

from weft.registry import Catalog


class Offers:
    """What the providers of a catalog offer, each asked on first use and then remembered.

    Asking may read the headers of all weight files, so it must not happen once per node.

    Args:
        catalog: Knows the providers.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._choices: dict[str, tuple[str, ...]] = {}
        self._listings: dict[str, Mapping[str, Mapping[str, str]]] = {}

    def choices(self, provider: str) -> tuple[str, ...]:
        """Give the words that a `Choice` widget offers.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed.
        """
        if provider not in self._choices:
            self._choices[provider] = self._catalog.choices(provider)
        return self._choices[provider]

    def listing(self, kind: str) -> Mapping[str, Mapping[str, str]]:
        """Give the names that a `ModelFile` or `ImageFile` widget offers, with the traits of each.

        Raises:
            ProviderUnknownError: No pack offers them.
            ProviderFailedError: The function that offers them failed.
        """
        if kind not in self._listings:
            self._listings[kind] = self._catalog.listing(kind)
        return self._listings[kind]

    def has_asset(self, name: str) -> bool:
        """Tell whether an `ImageFile` widget may take this asset, named as ``asset:<sha256>``."""
        return self._catalog.has_asset(name)
