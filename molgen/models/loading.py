"""From a model directory to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from molgen.errors import MolgenError
from molgen.models.directory import CONFIG_FILE, Header, find_model, read_header, read_shapes, read_weights, short
from molgen.models.presets import read_preset
from molgen.models.registry import FAMILIES, Family, family_named
from molgen.models.rings import read_rings
from molgen.models.sampling import SamplingConfig
from molgen.models.weightless import weightless


def load_model(name: str | Path) -> Any:
    """A trained model of any family, ready to sample.

    Args:
        name: a model that ships with molgen, or a model directory.

    Raises:
        UsageError: there is no such model.
        MolgenError: it is damaged, of another version, or holds a pickle.
    """
    path = find_model(name)
    header = read_header(path)
    family = _family(path, header)
    shapes = read_shapes(path)
    with weightless():
        model = _build(path, header, family)
    try:  # before there is memory for either
        model.load_state_dict(shapes, assign=True)
    except RuntimeError as error:
        raise MolgenError(f"the weights in {path} do not fit its configuration: {short(error)}") from None
    kinds = {name: tensor.dtype for name, tensor in model.state_dict().items()}
    weights = {name: tensor.to(kinds.get(name)) for name, tensor in read_weights(path, header).items()}
    model.load_state_dict(weights, assign=True)
    model.eval()
    model.ring_systems = read_rings(path)
    model.name, model.weights_sha256 = str(name), header.weights_sha256
    return model


def _family(path: Path, header: Header) -> Family:
    family = family_named(header.family)
    if header.format != "molgen" or family is None:
        file, known = path / CONFIG_FILE, ", ".join(FAMILIES)
        raise MolgenError(f"{file} describes a {header.format}/{header.family} model; known families: {known}")
    return family


def _build(path: Path, header: Header, family: Family) -> Any:
    try:
        model = family.model_class().from_config(header.model)
        model.sampling = SamplingConfig.model_validate(header.sampling)
        model.sampling.build()
        model.presets = {name: read_preset(model.sampling, settings) for name, settings in header.presets.items()}
    except (ValueError, MolgenError) as error:
        raise MolgenError(f"{path / CONFIG_FILE} does not describe a model: {short(error)}") from None
    return model
