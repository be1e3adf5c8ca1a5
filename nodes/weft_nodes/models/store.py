"""The live side of handles: one store per worker owns the modules, and everything else owns values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from weft.sdk import Image

from weft_nodes.diffusion.betas import COSINE
from weft_nodes.diffusion.denoiser import Network
from weft_nodes.diffusion.errors import ConditioningError
from weft_nodes.diffusion.spaces import Space
from weft_nodes.diffusion.values import Conditioning, Latent, Prompt
from weft_nodes.models import loading
from weft_nodes.models.adapter import Family, ModulePart, TextPart
from weft_nodes.models.clones import light_clone
from weft_nodes.models.controls import (
    ControlNet,
    Steerable,
    control_digest,
    control_files,
    control_part,
)
from weft_nodes.models.digests import DigestMemory
from weft_nodes.models.errors import (
    CheckpointChangedError,
    ControlMismatchError,
    FamilyUnknownError,
    LatentMismatchError,
)
from weft_nodes.models.handles import Dtype, Model, TextEncoder, Vae, Weights
from weft_nodes.models.image_encoders import EncoderKind, encoder_digest, encoder_files, encoder_part
from weft_nodes.models.image_prompts import (
    ImageAdapter,
    load_projection,
    read_pictures,
    see_pictures,
    with_adapters,
)
from weft_nodes.models.packed import PACKINGS, storage_of
from weft_nodes.models.patches import DENOISER, Patch
from weft_nodes.models.pixels import Normalisation, decode_latents, encode_pixels
from weft_nodes.models.seamless import VAE, check_together
from weft_nodes.models.seeing import SeeingFamily, Shown
from weft_nodes.models.shelf import Shelf
from weft_nodes.models.step_caches import behind_cache
from weft_nodes.models.styles import StyleModel, load_embedder, read_style
from weft_nodes.models.text import TextStack
from weft_nodes.models.tiny_autoencoders import is_tiny, tiny_part
from weft_nodes.models.weights import count_bytes
from weft_nodes.models.windows import behind_windows, seen_size
from weft_nodes.models.wording import Wording

if TYPE_CHECKING:
    from diffusers import AutoencoderKL

_LIVE_CLONES = 8


class StoreStatistics(NamedTuple):
    """What a store holds.

    Args:
        bases: Networks with weights of their own.
        clones: Handles that are live, with or without patches.
        held_bytes: Memory of weights and of what patches added.
    """

    bases: int
    clones: int
    held_bytes: int


class LoadLayers(Protocol):
    """Builds the few layers behind an image encoder from their file."""

    def __call__(self, path: Path, *, dtype: torch.dtype, device: torch.device) -> nn.Module:
        """Build them in a type, on a device."""


class HandleStore:
    """Turns handles into live networks, loading weights when they are first needed.

    Weights are loaded once and shared by all handles; a handle's network is a light clone with its patches.
    All methods may be called from any thread.

    Args:
        families: Adapters by family id.
        device: Where networks live, such as "cpu" or "cuda:0".
        memory: Remembers digests of files.
    """

    def __init__(self, families: Mapping[str, Family], *, device: str, memory: DigestMemory) -> None:
        self._families = families
        self._device = torch.device(device)
        self.digests = memory
        self._bases: Shelf[nn.Module] = Shelf(count_bytes)
        self._networks: Shelf[_LiveNetwork] = Shelf(_LiveNetwork.own_bytes, keep=_LIVE_CLONES)
        self._stacks: Shelf[_LiveStacks] = Shelf(_LiveStacks.own_bytes, keep=_LIVE_CLONES)

    def network(self, model: Model, controls: Sequence[ControlNet | ImageAdapter] = ()) -> Network:
        """Return the live network of a handle.

        Args:
            model: The handle.
            controls: Control networks and IP-Adapters that prompts may ask for beside it.

        Returns:
            A network that stays valid as long as it is held, whatever the store forgets.

        Raises:
            ModelError: The weights cannot be loaded, or a patch or control network does not fit; see
                `loading` and `patches`.
        """
        model = with_adapters(model, [found for found in controls if isinstance(found, ImageAdapter)])
        network = self._networks.get(model.key, lambda: self._new_network(model)).network
        nets = [found for found in controls if isinstance(found, ControlNet)]
        if not nets:
            return network
        for control in nets:
            if control.family != model.family:
                raise ControlMismatchError(
                    problem=f"it was made for {control.family}, and the model is of {model.family}"
                )
        if not isinstance(network, Steerable):
            raise ControlMismatchError(problem=f"nothing steers models of {model.family}")
        return network.with_controls({control.key: self._control(control) for control in nets})

    def noise_space(
        self, model: Model, *, size_hw: tuple[int, int] | None = None, steps: int | None = None
    ) -> Space:
        """Return the noise space of a handle, without loading weights.

        Args:
            model: The handle. Unless its prediction is "auto", it overrides what the checkpoint says.
            size_hw: Height and width of the latent, which decide the noise of some families; None takes the
                size they were trained on.
            steps: Steps of the whole sampling, which decide it for a few.
        """
        config = (
            dict(COSINE)
            if model.is_cosine
            else loading.open_weights(model.weights).config("scheduler", "scheduler_config.json")
        )
        if model.prediction != "auto":
            config["prediction_type"] = model.prediction
        if model.has_zero_terminal_snr:
            config["rescale_betas_zero_snr"] = True
        seen_hw = seen_size(size_hw, model.patches)
        return self._family(model.family).space(config, size_hw=seen_hw, steps=steps)

    def encode_prompt(
        self, encoder: TextEncoder, prompt: str | Wording, shown: Shown | None = None
    ) -> Conditioning:
        """Encode a prompt of any length.

        Args:
            encoder: The handle of the encoders.
            prompt: The prompt; may be empty. A text is taken letter by letter, without any syntax.
            shown: Pictures that it speaks of.

        Returns:
            A conditioning with one prompt, on the store's device.

        Raises:
            ConditioningError: There are pictures, and the encoder cannot be shown any, or not so many; or
                there are words for an encoder that the checkpoint does not have.
            ModelError: The weights cannot be loaded, or a patch does not fit.
        """
        family = self._family(encoder.family)
        live = self._stacks.get(encoder.key, lambda: self._new_stacks(encoder))
        wording = Wording.plain(prompt) if isinstance(prompt, str) else prompt
        _check_readers(wording, live.stacks, encoder.family)
        if shown is None:
            tensors = family.encode(live.stacks, wording, skipped_layers=encoder.skipped_layers)
        elif isinstance(family, SeeingFamily):
            tower = self._tower(encoder, family.tower_part)
            tensors = family.encode_seeing(live.stacks, tower, wording, shown)
        else:
            raise ConditioningError(
                f"The text encoder of {encoder.family} cannot be shown pictures.",
                hint="Encode the text with prompt.encode.",
            )
        return Conditioning((Prompt(tensors, family=encoder.family),))

    def encode_image(self, vae: Vae, image: Image) -> Latent:
        """Encode pictures to latents, the most likely ones: no noise is drawn.

        Args:
            vae: The handle of the autoencoder.
            image: Pictures with three channels.

        Raises:
            LatentMismatchError: The pictures have an alpha channel, or sides that do not divide.
            ModelError: The weights cannot be loaded.
        """
        return Latent(encode_pixels(self._autoencoder(vae), image), vae.space)

    def encode_raw(self, vae: Vae, image: Image) -> Tensor:
        """Encode pictures to latents as the autoencoder gives them, not normalised; see `encode_image`.

        Args:
            vae: The handle of the autoencoder.
            image: Pictures with three channels.

        Returns:
            Float32 latents [B, C, h, w].
        """
        scale = Normalisation.of(self._autoencoder(vae))
        return scale.undone(self.encode_image(vae, image).samples_BChw)

    def encode_hint(self, control: ControlNet, vae: Vae, image: Image) -> Tensor:
        """Encode a picture as a control network was trained to read it.

        Args:
            control: The handle of a control network that is shown latents.
            vae: The handle of the autoencoder.
            image: One picture with three channels.

        Returns:
            Float32 latent [1, C, h, w].

        Raises:
            LatentMismatchError: The autoencoder is of another latent space, or cannot read the picture.
            ModelError: Files cannot be read.
        """
        if vae.space != control.space:
            raise LatentMismatchError(
                f"The control network reads latents of '{control.space}', but the VAE makes '{vae.space}'.",
                hint="Connect the VAE of the checkpoint that is steered.",
            )
        hint_1Chw = self.encode_image(vae, image).samples_BChw
        config = control_files(control.weights).config(Path(control.weights.path).name)
        if config.get("force_zeros_for_pooled_projection"):
            # The first control networks of SD 3, told apart by their zeros, were trained without the shift.
            scale = Normalisation.of(self._autoencoder(vae))
            hint_1Chw = replace(scale, shift=(0.0,)).applied(scale.undone(hint_1Chw))
        return hint_1Chw

    def read_pictures(self, adapter: ImageAdapter, image: Image) -> tuple[Tensor, Tensor]:
        """Return what pictures say through an IP-Adapter, and what no picture says; see `image_prompts`.

        Args:
            adapter: The handle of the adapter.
            image: One or more pictures.

        Raises:
            ModelError: Files cannot be read.
        """
        encoder, dtype = self._image_encoder(adapter.encoder, adapter.encoder_kind, adapter.weights.dtype)
        with torch.no_grad():
            if adapter.made_for == "sd3":
                self._check_source(adapter.weights, self.digests.file(Path(adapter.weights.path)))
                return see_pictures(encoder, image)
            projection = self._behind_encoder(adapter.key, adapter.weights, load_projection, dtype)
            return read_pictures(encoder, projection, image, sees_black=adapter.made_for == "flux")

    def read_style(self, style: StyleModel, image: Image) -> Tensor:
        """Return what pictures look like through a style model; see `styles`.

        Args:
            style: The handle of the style model.
            image: One or more pictures.

        Returns:
            Tokens [B, T, D].

        Raises:
            ModelError: Files cannot be read.
        """
        encoder, dtype = self._image_encoder(style.encoder, "siglip", style.weights.dtype)
        embedder = self._behind_encoder(style.key, style.weights, load_embedder, dtype)
        return read_style(encoder, embedder, image)

    def decode(self, vae: Vae, latent: Latent, *, tile: int | None = None) -> Image:
        """Decode latents to pictures.

        Args:
            vae: The handle of the autoencoder.
            latent: Latents of its space.
            tile: Side of tiles in pixels, to bound memory; None decodes each picture in one piece.

        Raises:
            LatentMismatchError: The latents are of another space, or tiles too small.
            NotFiniteError: The autoencoder overflowed.
            ModelError: The weights cannot be loaded.
        """
        if latent.space != vae.space:
            raise LatentMismatchError(
                f"The latent is of the space '{latent.space}', but this autoencoder reads '{vae.space}'.",
                hint="Decode with the autoencoder of the checkpoint that made the latent.",
            )
        if vae.patches and tile is not None:
            raise LatentMismatchError(
                "A seamless latent was to be decoded in tiles, whose edges are not those of the picture.",
                hint="Decode it in one piece.",
            )
        return decode_latents(self._autoencoder(vae), latent.samples_BChw, tile=tile)

    def held_bytes(self) -> int:
        """Return the bytes of all weights and of what patches added."""
        return self._bases.held_bytes() + self._networks.held_bytes() + self._stacks.held_bytes()

    def release(self, needed_bytes: int) -> int:
        """Forget what was used longest ago, until enough memory has come free.

        Args:
            needed_bytes: How much is wanted, >= 0.

        Returns:
            Bytes that came free. Networks that are still sampling keep theirs.
        """
        # Clones hold on to their bases, so they go first; making one again takes milliseconds.
        freed = self._networks.release(needed_bytes) + self._stacks.release(needed_bytes)
        if freed < needed_bytes:
            self._networks.clear()
            self._stacks.clear()
            freed += self._bases.release(needed_bytes - freed)
        return freed

    def close(self) -> None:
        """Forget everything."""
        self._networks.clear()
        self._stacks.clear()
        self._bases.clear()

    def statistics(self) -> StoreStatistics:
        """Return what the store holds."""
        return StoreStatistics(len(self._bases), len(self._networks) + len(self._stacks), self.held_bytes())

    def _family(self, name: str) -> Family:
        if name not in self._families:
            raise FamilyUnknownError(family=name, known=tuple(self._families))
        return self._families[name]

    def _new_network(self, model: Model) -> _LiveNetwork:
        family = self._family(model.family)
        part = family.network_part
        weights = model.weights

        def load() -> nn.Module:
            checkpoint = loading.open_weights(weights)
            self._check_source(weights, loading.network_digest(checkpoint, family, self.digests))
            return self._load(checkpoint, part, weights)

        base = self._bases.get((part.name, weights.source, weights.dtype), load)
        check_together(model.patches)
        clone = _patched(base, (part.name, DENOISER), model.patches)
        network = family.network(clone, space=self.noise_space(model), key=model.key)
        network = behind_windows(behind_cache(network, model.patches), model.patches)
        return _LiveNetwork(network, count_bytes(clone) - count_bytes(base))

    def _new_stacks(self, encoder: TextEncoder) -> _LiveStacks:
        family = self._family(encoder.family)
        weights = encoder.weights
        checkpoint = loading.open_weights(weights)
        stacks, added = [], 0
        for part in loading.text_parts(checkpoint, family):

            def load(part: TextPart = part) -> nn.Module:
                self._check_source(weights, loading.text_digest(checkpoint, family, self.digests))
                return self._load(checkpoint, part.encoder, weights)

            base = self._bases.get((part.encoder.name, weights.source, weights.dtype), load)
            clone = _patched(base, (part.encoder.name,), encoder.patches)
            added += count_bytes(clone) - count_bytes(base)
            stacks.append(TextStack(clone, checkpoint.tokenizer(part), part.name))
        return _LiveStacks(tuple(stacks), added)

    def _tower(self, encoder: TextEncoder, part: ModulePart) -> nn.Module:
        weights = encoder.weights

        def load() -> nn.Module:
            checkpoint, family = loading.open_weights(weights), self._family(encoder.family)
            self._check_source(weights, loading.text_digest(checkpoint, family, self.digests))
            return self._load(checkpoint, part, weights)

        return self._bases.get(("tower", weights.source, weights.dtype), load)

    def _autoencoder(self, vae: Vae) -> AutoencoderKL:
        family = self._family(vae.family)
        part, weights = family.vae_part, vae.weights

        def load() -> nn.Module:
            checkpoint = loading.open_weights(weights)
            self._check_source(weights, loading.vae_digest(checkpoint, family, self.digests))
            config = {} if part.is_weightless else checkpoint.config(part.name)
            if not part.is_weightless and is_tiny(checkpoint, part):
                return self._load(checkpoint, tiny_part(part.name), weights)
            overflows = bool(config.get("force_upcast"))
            return self._load(checkpoint, part, weights, overflows=overflows)

        base = self._bases.get((part.name, weights.source, weights.dtype), load)
        return cast("AutoencoderKL", _patched(base, (VAE,), vae.patches) if vae.patches else base)

    def _image_encoder(
        self, weights: Weights, kind: EncoderKind, dtype: Dtype
    ) -> tuple[nn.Module, torch.dtype]:
        path = Path(weights.path)
        part = encoder_part(kind, path.name)
        own = self._dtype(dtype, part)

        def load() -> nn.Module:
            self._check_source(weights, encoder_digest(path, self.digests))
            return loading.load_module(encoder_files(path), part, path=path, dtype=own, device=self._device)

        return self._bases.get(("image-encoder", weights.source, own), load), own

    def _behind_encoder(
        self, key: str, weights: Weights, load_layers: LoadLayers, dtype: torch.dtype
    ) -> nn.Module:
        def load() -> nn.Module:
            path = Path(weights.path)
            self._check_source(weights, self.digests.file(path))
            return load_layers(path, dtype=dtype, device=self._device)

        return self._bases.get(key, load)

    def _control(self, control: ControlNet) -> nn.Module:
        weights, half = control.weights, self._family(control.family).network_part.half
        part = control_part(control, half=half)

        def load() -> nn.Module:
            self._check_source(weights, control_digest(weights, self.digests))
            return self._load(control_files(weights), part, weights)

        return self._bases.get(control.key, load)

    def _load(
        self, checkpoint: loading.Checkpoint, part: ModulePart, weights: Weights, *, overflows: bool = False
    ) -> nn.Module:
        return loading.load_module(
            checkpoint,
            part,
            path=Path(weights.path),
            dtype=self._dtype(weights.dtype, part, overflows=overflows),
            device=self._device,
            storage=storage_of(weights.dtype),
        )

    def _check_source(self, weights: Weights, found: str) -> None:
        if found != weights.source:
            raise CheckpointChangedError(path=Path(weights.path), expected=weights.source, found=found)

    def _dtype(self, dtype: Dtype, part: ModulePart, *, overflows: bool = False) -> torch.dtype:
        if dtype in ("auto", *PACKINGS):
            dtype = "float32" if self._device.type == "cpu" or overflows else part.half
        return {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}[dtype]


class _LiveNetwork:
    """A network and the memory its patches added."""

    def __init__(self, network: Network, added_bytes: int) -> None:
        self.network = network
        self.added_bytes = added_bytes

    def own_bytes(self) -> int:
        return self.added_bytes


class _LiveStacks:
    """Text encoders with their tokenizers, and the memory their patches added."""

    def __init__(self, stacks: tuple[TextStack, ...], added_bytes: int) -> None:
        self.stacks = stacks
        self.added_bytes = added_bytes

    def own_bytes(self) -> int:
        return self.added_bytes


def _check_readers(wording: Wording, stacks: Sequence[TextStack], family: str) -> None:
    """Refuse words for an encoder that is not there, which nobody would read."""
    names = [stack.name for stack in stacks if stack.name]
    missing = [name for name, _ in wording.apart if name not in names]
    if missing:
        known = f"of {family} are {' and '.join(names)}" if names else f"of {family} have no names"
        raise ConditioningError(
            f"There are words for {' and '.join(missing)}, but the text encoders {known}.",
            hint=f"Leave {' and '.join(missing)} unset.",
        )


def _patched(base: nn.Module, parts: tuple[str, ...], patches: tuple[Patch, ...]) -> nn.Module:
    clone = light_clone(base)
    # Some look for layers by name, some at what others made of them, and some leave nothing to be changed.
    for patch in sorted(patches, key=lambda patch: getattr(patch, "order", 0)):
        if patch.part in parts:
            patch.apply(clone)
    return clone
