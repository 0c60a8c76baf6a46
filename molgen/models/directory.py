"""Model directories on disk: written whole, read with suspicion, nothing in them ever executed or unpickled."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from molgen.errors import MolgenError, UsageError
from molgen.models.rings import write_rings
from molgen.system.files import check_regular, sha256, whole_file, whole_folder
from molgen.system.shipped import shipped_path

FORMAT_VERSION = 3
_READABLE = (1, 2, FORMAT_VERSION)
CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "README.md"
MODEL_FOLDER = "model"
"""Of the folder of a training run."""

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib", ".npy", ".npz")
_MAX_CONFIG_BYTES = 4_000_000


class Header(BaseModel):
    """Contents of ``config.json``.

    Attributes:
        format: ``molgen``.
        version: of the format; 1 named the family ``kind``, 2 had no presets.
        family: of the model.
        weights_sha256: of the weights.
        sampling: how it samples by default.
        presets: named settings that replace some of these.
        model: everything needed to build it again.
    """

    model_config = ConfigDict(extra="forbid")

    format: str
    version: int
    family: str = Field(validation_alias=AliasChoices("family", "kind"))
    weights_sha256: str
    sampling: dict[str, Any]
    presets: dict[str, dict[str, Any]] = {}
    model: dict[str, Any]


def shipped_models() -> list[str]:
    """Names of the models that ship with molgen."""
    return sorted(path.parent.name for path in shipped_path("models").glob(f"*/{CONFIG_FILE}"))


def model_path(model: str | Path) -> str:
    """The name of a shipped model, or the whole path of a model directory, which holds in any folder."""
    return str(model) if str(model) in shipped_models() else str(Path(model).resolve())


def find_model(name: str | Path) -> Path:
    """The directory of a model.

    Raises:
        UsageError: neither a shipped model nor a model directory.
    """
    if not isinstance(name, str | Path):
        raise UsageError(f"a model is named by a text or a path, not by {name!r}")
    shipped = shipped_models()
    if str(name) in shipped:
        return shipped_path("models", str(name))
    path = Path(name)
    if (path / CONFIG_FILE).is_file():
        return path
    if (path / MODEL_FOLDER / CONFIG_FILE).is_file():
        raise UsageError(f"{path} is the folder of a training run; its model is {path / MODEL_FOLDER}")
    if path.is_dir():
        raise UsageError(f"{path} is not a model directory: it has no {CONFIG_FILE}")
    raise UsageError(f"there is no model {str(name)!r}; molgen ships {', '.join(shipped) or 'none'}")


def read_header(path: Path) -> Header:
    """Contents of a directory's ``config.json``.

    Raises:
        MolgenError: damaged, or of another version.
    """
    file = path / CONFIG_FILE
    check_regular(file)
    try:
        if file.stat().st_size > _MAX_CONFIG_BYTES:
            raise MolgenError(f"{file} is too large to be a configuration")
        raw = json.loads(file.read_text(encoding="utf-8"))
        version = raw.get("version") if isinstance(raw, dict) else None
        if isinstance(version, int) and version not in _READABLE:
            raise MolgenError(f"{path} has format version {version}; this molgen reads {FORMAT_VERSION}: upgrade one")
        return Header.model_validate(raw)
    except (OSError, ValueError, RecursionError) as error:
        raise MolgenError(f"{file} is not a molgen configuration: {short(error)}") from None


def read_shapes(path: Path) -> dict[str, Tensor]:
    """Weights of a model directory as their file announces them, by name: tensors of a shape without content.

    Raises:
        MolgenError: the directory holds a pickle, or the weights are damaged.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    _refuse_pickles(path)
    weights = path / WEIGHTS_FILE
    check_regular(weights)
    try:
        with safe_open(weights, "pt") as file:
            return {name: torch.empty(file.get_slice(name).get_shape(), device="meta") for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise MolgenError(f"cannot read {weights}: {short(error)}") from None


def read_weights(path: Path, header: Header) -> dict[str, Tensor]:
    """Weights of a model directory, by name.

    Raises:
        MolgenError: they are damaged, or hold a number that is not finite.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    weights = path / WEIGHTS_FILE
    check_regular(weights)
    if sha256(weights) != header.weights_sha256:
        raise MolgenError(f"{weights} does not match the hash in {CONFIG_FILE}: damaged or exchanged; get it again")
    try:
        found = load_file(weights)
    except (SafetensorError, OSError) as error:
        raise MolgenError(f"cannot read {weights}: {short(error)}") from None
    for name, tensor in found.items():
        if not tensor.isfinite().all():
            raise MolgenError(f"{weights} holds numbers that are not finite ({name}): its training has failed")
    return found


def _refuse_pickles(path: Path) -> None:
    """Refuse a directory with a file, however deep, that could run code when some program reads it."""
    for folder, _, names in os.walk(path):
        for name in names:
            if Path(name).suffix.lower() in _PICKLES:
                where = (Path(folder) / name).relative_to(path)
                raise MolgenError(f"{path} holds {where}, which could run code when read; molgen models never do")


def write_directory(
    path: Path,
    weights: Mapping[str, Tensor],
    *,
    family: str,
    config: dict[str, Any],
    sampling: dict[str, Any],
    presets: Mapping[str, dict[str, Any]] | None = None,
    rings: Collection[str] = (),
    card: str = "",
    overwrite: bool = False,
) -> None:
    """Write a model directory in one go.

    Args:
        path: folder to write.
        weights: by name.
        family: of the model.
        config: everything needed to build it again.
        sampling: how it samples by default.
        presets: named settings that replace some of these.
        rings: ring systems of its training molecules, where they are known.
        card: text of its ``README.md``.
        overwrite: an existing folder.

    Raises:
        MolgenError: it cannot be written, or exists and `overwrite` is false.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with whole_folder(path, overwrite, CONFIG_FILE) as folder:
        file = folder / WEIGHTS_FILE
        try:
            save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, file)
        except SafetensorError as error:
            raise MolgenError(f"cannot write {path}: {short(error)}") from None
        file.chmod(0o644)  # safetensors writes for the owner alone
        header = Header(
            format="molgen",
            version=FORMAT_VERSION,
            family=family,
            weights_sha256=sha256(file),
            sampling=sampling,
            presets=dict(presets or {}),
            model=config,
        )
        (folder / CONFIG_FILE).write_text(header.model_dump_json(indent=1) + "\n")
        if rings:
            write_rings(folder, rings)
        (folder / CARD_FILE).write_text(card or f"# A molgen {family} model\n")


def write_sampling(path: Path, sampling: dict[str, Any]) -> None:
    """Exchange how a model directory samples by default; its presets stay what they are.

    Raises:
        MolgenError: it is no model directory, or cannot be written.
    """
    before = read_header(path)
    presets = {name: {**before.sampling, **settings} for name, settings in before.presets.items()}
    header = before.model_copy(update={"sampling": sampling, "presets": presets, "version": FORMAT_VERSION})
    with whole_file(path / CONFIG_FILE) as temporary:
        temporary.write_text(header.model_dump_json(indent=1) + "\n")


def short(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
