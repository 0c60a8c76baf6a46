"""Model directories: written whole, read with suspicion, nothing in them ever executed or unpickled."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from molgen.errors import MolgenError, UsageError
from molgen.system.files import sha256, whole_file, whole_folder
from molgen.system.shipped import shipped_path

if TYPE_CHECKING:
    from molgen.models.base import Model
    from molgen.models.sampling import SamplingConfig

FORMAT_VERSION = 1
CONFIG_FILE, WEIGHTS_FILE, CARD_FILE = "config.json", "model.safetensors", "README.md"
KINDS = {
    "graph": ("molgen.graph.model", "GraphDiffusion"),
    "graph-any-order": ("molgen.graph.autoregressive.model", "AnyOrderGraph"),
    "text": ("molgen.text.diffusion", "TextDiffusion"),
    "any-order": ("molgen.text.any_order", "AnyOrder"),
    "continuous": ("molgen.text.continuous", "ContinuousDiffusion"),
    "blocks": ("molgen.dialogue.model", "BlockDiffusion"),
    "autoregressive": ("molgen.text.autoregressive", "Autoregressive"),
}
"""Class of each kind. Only what stands here is ever imported, whatever a file says."""

_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib", ".npy", ".npz")
_MAX_CONFIG_BYTES = 10_000_000


class _Header(BaseModel):
    """Contents of ``config.json``."""

    model_config = ConfigDict(extra="forbid")

    format: str
    version: int
    kind: str
    weights_sha256: str
    sampling: dict[str, Any]
    model: dict[str, Any]


def shipped_models() -> list[str]:
    """Names of the models that ship with molgen."""
    return sorted(path.parent.name for path in shipped_path("models").glob(f"*/{CONFIG_FILE}"))


def load(name: str | Path) -> Model:
    """A trained model, ready to sample.

    Args:
        name: a model that ships with molgen, or a model directory.

    Raises:
        UsageError: there is no such model.
        MolgenError: it is damaged, of another version, or holds a pickle.
    """
    path = find_model(name)
    suspicious = [file.name for file in path.iterdir() if file.suffix.lower() in _PICKLES]
    if suspicious:
        raise MolgenError(f"{path} holds {suspicious[0]}, which could run code when read; molgen models never do")
    header = _read_header(path)
    weights = path / WEIGHTS_FILE
    if sha256(weights) != header.weights_sha256:
        raise MolgenError(f"{weights} does not match the hash in {CONFIG_FILE}: damaged or exchanged; get it again")
    model = _build(path, header)
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        model.load_state_dict(load_file(weights))
    except (SafetensorError, RuntimeError, OSError) as error:
        raise MolgenError(f"the weights in {path} do not fit its configuration: {_short(error)}") from None
    model.eval()
    return model


def find_model(name: str | Path) -> Path:
    """The directory of a model.

    Raises:
        UsageError: neither a shipped model nor a model directory.
    """
    shipped = shipped_models()
    if str(name) in shipped:
        return shipped_path("models", str(name))
    path = Path(name)
    if (path / CONFIG_FILE).is_file():
        return path
    if path.is_dir():
        raise UsageError(f"{path} is not a model directory: it has no {CONFIG_FILE}")
    raise UsageError(f"there is no model {str(name)!r}; molgen ships {', '.join(shipped) or 'none'}")


def write_model(model: Model, path: Path, card: str, overwrite: bool) -> None:
    """Write a model directory in one go.

    Raises:
        MolgenError: it cannot be written, or exists and `overwrite` is false.
    """
    from safetensors.torch import save_file

    with whole_folder(path, overwrite) as folder:
        weights = folder / WEIGHTS_FILE
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}, weights)
        weights.chmod(0o644)  # safetensors writes for the owner alone
        header = _Header(
            format="molgen",
            version=FORMAT_VERSION,
            kind=model.kind,
            weights_sha256=sha256(weights),
            sampling=model.sampling.model_dump(),
            model=model.config.model_dump(),
        )
        (folder / CONFIG_FILE).write_text(header.model_dump_json(indent=1) + "\n")
        (folder / CARD_FILE).write_text(card or f"# A molgen {model.kind} model\n")


def write_sampling(path: Path, sampling: SamplingConfig) -> None:
    """Exchange how a model directory samples by default.

    Raises:
        MolgenError: it is no model directory, or cannot be written.
    """
    header = _read_header(path).model_copy(update={"sampling": sampling.model_dump()})
    with whole_file(path / CONFIG_FILE) as temporary:
        temporary.write_text(header.model_dump_json(indent=1) + "\n")


def _read_header(path: Path) -> _Header:
    file = path / CONFIG_FILE
    try:
        if file.stat().st_size > _MAX_CONFIG_BYTES:
            raise MolgenError(f"{file} is too large to be a configuration")
        raw = json.loads(file.read_text(encoding="utf-8"))
        version = raw.get("version") if isinstance(raw, dict) else None
        if isinstance(version, int) and version != FORMAT_VERSION:
            raise MolgenError(f"{path} has format version {version}; this molgen reads {FORMAT_VERSION}: upgrade one")
        header = _Header.model_validate(raw)
    except (OSError, ValueError, RecursionError) as error:
        raise MolgenError(f"{file} is not a molgen configuration: {_short(error)}") from None
    if header.format != "molgen" or header.kind not in KINDS:
        raise MolgenError(f"{file} describes a {header.format}/{header.kind} model; known kinds: {', '.join(KINDS)}")
    return header


def _build(path: Path, header: _Header) -> Model:
    from molgen.models.sampling import SamplingConfig

    module, name = KINDS[header.kind]
    try:
        model: Model = getattr(import_module(module), name).from_config(header.model)
        model.sampling = SamplingConfig.model_validate(header.sampling)
        model.sampling.build()
    except (ValueError, MolgenError) as error:
        raise MolgenError(f"{path / CONFIG_FILE} does not describe a model: {_short(error)}") from None
    return model


def _short(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
