"""Everything a pack of nodes may use: the whole promised surface of weft.

A node is a plain typed function::

    from typing import Annotated

    from weft.sdk import Image, Slider, node

    @node("colour.invert")
    def invert(image: Image, strength: Annotated[float, Slider(0, 1)] = 1.0) -> Image:
        ...  # the docstring goes here: it is the help text, and its `Args` document the inputs
        pixels = image.pixels_BHWC
        return Image(pixels + (1 - 2 * pixels) * strength)

Three names are aliases of types, and documented here:

- ``Seed``: a seed of random numbers, 0..2**63-1, with its widget.
- ``JSON``: any value that JSON can write.
- ``Traits``: values by name of trait, for ``accepts=`` and ``gives=``: a constant, a ``$Variable`` that is
  the same in the whole node, or `Listed`. A value with alternatives has commas between them: ``canny, depth``
  agrees with ``depth``. An output that has what is known of several variables joins them: ``$a + $b``. A
  trait that is called as the input itself is what was entered there, and ``empty`` where nothing was, so
  that ``{"control": {"kind": "$kind"}, "kind": {"kind": "$kind"}}`` lets the kinds that a listing knows of
  a control decide which one may be chosen, and ``{"vae": {"vae": "$vae"}, "control": {"vae": "$vae"}}``
  whether an autoencoder may be missing.
"""

from weft.context import FingerprintScope, Lazy, LocalRun, Run, Service, ServiceScope
from weft.errors import (
    JSON,
    CancelledRunError,
    DiskFullError,
    FileError,
    FileUnwritableError,
    ModelError,
    NodeDefinitionError,
    NodeError,
    NotFiniteError,
    OutOfMemoryError,
    PictureUnreadableError,
    Problem,
    ValueInvalidError,
    WeftError,
    suggest,
)
from weft.node import choices, listing, node
from weft.paths import Paths
from weft.pictures import (
    encode_jpeg,
    encode_png,
    encode_webp,
    next_path,
    read_picture,
    read_provenance,
    write_atomically,
    write_numbered,
)
from weft.schema import Advice, Listed, Traits
from weft.values import Image, Mask, canonical_json, value
from weft.widgets import Choice, ColorPicker, ImageFile, ModelFile, Number, Seed, Slider, Text, Toggle

__all__ = [
    "JSON",
    "Advice",
    "CancelledRunError",
    "Choice",
    "ColorPicker",
    "DiskFullError",
    "FileError",
    "FileUnwritableError",
    "FingerprintScope",
    "Image",
    "ImageFile",
    "Lazy",
    "Listed",
    "LocalRun",
    "Mask",
    "ModelError",
    "ModelFile",
    "NodeDefinitionError",
    "NodeError",
    "NotFiniteError",
    "Number",
    "OutOfMemoryError",
    "Paths",
    "PictureUnreadableError",
    "Problem",
    "Run",
    "Seed",
    "Service",
    "ServiceScope",
    "Slider",
    "Text",
    "Toggle",
    "Traits",
    "ValueInvalidError",
    "WeftError",
    "canonical_json",
    "choices",
    "encode_jpeg",
    "encode_png",
    "encode_webp",
    "listing",
    "next_path",
    "node",
    "read_picture",
    "read_provenance",
    "suggest",
    "value",
    "write_atomically",
    "write_numbered",
]
