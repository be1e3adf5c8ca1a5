"""Files of weights that write a file of their own as soon as anybody runs the code in them."""

import bz2
import gzip
import io
import json
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

HARMLESS = frozenset(
    {"weights-of-opcodes.safetensors", "notes-of-opcodes.safetensors", "opcodes-as-lora.safetensors"}
)
"""Whole files: what could be code in them is numbers or words to whoever reads them."""


class Trap:
    """Whoever unpickles one writes the canary."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, ...]:
        """Give what unpickling calls."""
        return Path.touch, (self.canary,)


def hostile_weights(canary: Path) -> Mapping[str, bytes]:
    """Make the files.

    Args:
        canary: What is written where code runs.

    Returns:
        Contents by file name.
    """
    trap = Trap(canary)
    plain = pickle.dumps(trap, protocol=4)
    zipped, legacy = _torch(trap, is_zip=True), _torch(trap, is_zip=False)
    return {
        **{f"protocol-{number}.safetensors": pickle.dumps(trap, protocol=number) for number in range(6)},
        **{f"pickle{suffix}": plain for suffix in (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".CKPT")},
        **{f"torch{suffix}": zipped for suffix in (".safetensors", ".ckpt", ".pt", ".bin")},
        **{f"legacy{suffix}": legacy for suffix in (".safetensors", ".pt")},
        "two.safetensors.ckpt": plain,
        "two.ckpt.safetensors": zipped,
        "zip.safetensors": _archive(plain),
        "tar.safetensors": _tar(plain),
        "gzip.safetensors": gzip.compress(plain),
        "bz2.safetensors": bz2.compress(plain),
        "zlib.safetensors": zlib.compress(plain),
        "numpy.safetensors": _numpy(trap),
        "space-before.safetensors": b"\n" + pickle.dumps(trap, protocol=0),
        "whole-then-zip.safetensors": _weights(bytes(8)) + zipped,
        "pickle-then-whole.safetensors": plain + _weights(bytes(8)),
        "zip-of-whole.safetensors": _archive(plain, name="model.safetensors"),
        "endless-header.safetensors": (2**63 - 1).to_bytes(8, "little") + b"{" + plain,
        "long-header.safetensors": (10**9).to_bytes(8, "little") + b"{" + plain,
        "header-like-a-pickle.safetensors": (0x0480).to_bytes(8, "little") + plain.ljust(0x0480, b" "),
        "header-of-opcodes.safetensors": len(plain).to_bytes(8, "little") + plain,
        "cut-header.safetensors": _weights(bytes(8))[:20] + plain,
        "cut-weights.safetensors": _weights(bytes(8))[:-4],
        "object-type.safetensors": _weights(plain, dtype="O"),
        "wrong-place.safetensors": _weights(plain, at=-len(plain)),
        "deep-header.safetensors": _framed(b'{"a":' * 5000 + b"}" * 5000),
        "weights-of-opcodes.safetensors": _weights(plain),
        "notes-of-opcodes.safetensors": _weights(bytes(8), note=pickle.dumps(trap, protocol=0).decode()),
        "opcodes-as-lora.safetensors": _weights(
            plain, name="lora_unet_mid_block_attentions_0.lora_up.weight"
        ),
    }


def _torch(value: object, *, is_zip: bool) -> bytes:
    file = io.BytesIO()
    torch.save({"state_dict": value}, file, _use_new_zipfile_serialization=is_zip)
    return file.getvalue()


def _archive(data: bytes, name: str = "archive/data.pkl") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def _tar(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("pickle")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def _numpy(value: object) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([value], dtype=object), allow_pickle=True)
    return file.getvalue()


def _weights(
    data: bytes, *, name: str = "weight", dtype: str = "U8", at: int = 0, note: str | None = None
) -> bytes:
    entry = {"dtype": dtype, "shape": [len(data)], "data_offsets": [at, at + len(data)]}
    notes = {} if note is None else {"__metadata__": {"note": note}}
    return _framed(json.dumps({**notes, name: entry}).encode()) + data


def _framed(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header
