"""The state of an optimisation on disk: numbers and text, nothing pickled, in one file that is whole or absent."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from molgen.errors import MolgenError, UsageError
from molgen.optimisation.result import Point
from molgen.optimisation.sources import Sources
from molgen.scoring.totals import counted
from molgen.system.files import whole_file

if TYPE_CHECKING:
    from molgen.optimisation.optimiser import Optimiser

STATE_FILE = "state.safetensors"
_MODEL, _ADAM, _OTHER = "model", "adam", "other"


def save(optimiser: Optimiser, folder: Path) -> None:
    """Write the state after a whole step.

    Raises:
        MolgenError: it cannot be written.
    """
    from safetensors.torch import save_file

    state = {
        "steps": optimiser.steps,
        "start": optimiser.start,
        "sources": asdict(optimiser.sources),
        "seconds": optimiser.seconds,
        "columns": list(optimiser.scorer.columns),
        "curve": [asdict(point) for point in optimiser.curve],
        "molecules": optimiser.memory.smiles,
        "origins": optimiser.memory.origins,
        "prior_costs": optimiser.learner.prior_costs,
        "values": [optimiser.scorer.known[text] for text in optimiser.memory.smiles],
    }
    other = torch.frombuffer(bytearray(json.dumps(state).encode()), dtype=torch.uint8)
    with whole_file(folder / STATE_FILE) as temporary:
        save_file({**_tensors(optimiser), _OTHER: other}, temporary)


def restore(optimiser: Optimiser, folder: Path) -> None:
    """Continue from a folder that `save` wrote.

    Raises:
        UsageError: it holds no state, or that of another score.
        MolgenError: it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not (folder / STATE_FILE).is_file():
        raise UsageError(f"{folder} holds nothing to resume from; start without --resume")
    try:
        tensors = load_file(folder / STATE_FILE)
        state = json.loads(tensors.pop(_OTHER).numpy().tobytes())
        if tuple(state["columns"]) != optimiser.scorer.columns:
            raise UsageError(f"{folder} is of another score, with the terms {', '.join(state['columns'])}")
        values = dict(zip(state["molecules"], map(tuple, state["values"]), strict=True))
        origins = [str(origin) for _, origin in zip(values, state["origins"], strict=True)]
        _load(optimiser, tensors)
        optimiser.curve[:] = [Point(**point) for point in state["curve"]]
        optimiser.seconds.update(state["seconds"])
        optimiser.learner.prior_costs.update(state["prior_costs"])
        optimiser.start = list(state["start"])
        optimiser.sources = Sources(**state["sources"])
        optimiser.steps = int(state["steps"])
        optimiser.memory.add(values, counted(value[0] for value in values.values()), origins)
        optimiser.scorer.known.update(values)
    except (OSError, ValueError, LookupError, TypeError, SafetensorError, RuntimeError) as error:
        raise MolgenError(f"{folder} holds no sound state: {(str(error).splitlines() or [''])[0]}") from None


def _tensors(optimiser: Optimiser) -> dict[str, Tensor]:
    """Weights of the agent and moments of Adam, by name."""
    found = {f"{_MODEL}.{name}": part.contiguous() for name, part in optimiser.agent.state_dict().items()}
    moments = optimiser.learner.optimizer.state_dict()["state"] if optimiser.config.learning_calls else {}
    for number, state in moments.items():
        found |= {f"{_ADAM}.{number}.{name}": torch.as_tensor(part).contiguous() for name, part in state.items()}
    return found


def _load(optimiser: Optimiser, tensors: dict[str, Tensor]) -> None:
    weights = {name.removeprefix(f"{_MODEL}."): part for name, part in tensors.items() if name.startswith(_MODEL)}
    optimiser.agent.load_state_dict(weights)
    state: dict[int, dict[str, Tensor]] = {}
    for name, part in tensors.items():
        if name.startswith(_ADAM):
            _, number, key = name.split(".", 2)
            state.setdefault(int(number), {})[key] = part
    if state:
        adam = optimiser.learner.optimizer
        adam.load_state_dict({**adam.state_dict(), "state": state})
