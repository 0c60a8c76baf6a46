"""The families of models: one entry each. A new family touches its own folder and this table."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from molgen.errors import UsageError


@dataclass(frozen=True)
class Family:
    """A family of models.

    Classes are named as ``module:Class`` and imported when they are needed. Only what stands in `FAMILIES` is ever
    imported, whatever a file says.

    Attributes:
        name: in configurations, model directories and on the command line.
        model: subclass of `molgen.models.base.Model`.
        recipe: how it is trained, a subclass of `molgen.models.recipe.Recipe`.
        summary: one line for help texts.
        aliases: former names, which model directories and configurations may still have.
        molecules: whether it generates molecules.
    """

    name: str
    model: str
    recipe: str
    summary: str
    aliases: tuple[str, ...] = ()
    molecules: bool = True

    def model_class(self) -> Any:
        """The class of its models."""
        return resolve(self.model)

    def recipe_class(self) -> Any:
        """The class of its recipe."""
        return resolve(self.recipe)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "graph",
            "molgen.graph.model:GraphDiffusion",
            "molgen.graph.recipe:GraphRecipe",
            "Train a denoiser of whole graphs: atoms and bonds are noised and denoised together.",
        ),
        Family(
            "graph-autoregressive",
            "molgen.graph.autoregressive.model:AutoregressiveGraphModel",
            "molgen.graph.autoregressive.recipe:AutoregressiveGraphRecipe",
            "Train an autoregressive model of graphs, atom after atom: the best per minute; start here.",
            aliases=("graph-any-order",),
        ),
        Family(
            "text",
            "molgen.text.diffusion:TextDiffusion",
            "molgen.text.recipe:TextRecipe",
            "Train discrete diffusion on SMILES, with a choice of four noises.",
        ),
        Family(
            "any-order",
            "molgen.text.any_order:AnyOrder",
            "molgen.text.recipe:AnyOrderRecipe",
            "Train absorbing diffusion on SMILES in any order or in blocks: fast, and completes templates.",
        ),
        Family(
            "autoregressive",
            "molgen.text.autoregressive:Autoregressive",
            "molgen.text.recipe:AutoregressiveRecipe",
            "Train an autoregressive model on SMILES: what others are compared with.",
        ),
        Family(
            "continuous",
            "molgen.text.continuous:ContinuousDiffusion",
            "molgen.text.recipe:ContinuousRecipe",
            "Train Gaussian diffusion on SMILES: for comparison.",
        ),
        Family(
            "dialogue",
            "molgen.dialogue.model:BlockDiffusion",
            "molgen.dialogue.recipe:DialogueRecipe",
            "Train block diffusion on pairs of prompt and reply.",
            aliases=("blocks",),
            molecules=False,
        ),
        Family(
            "stream",
            "molgen.dialogue.model:BlockDiffusion",
            "molgen.dialogue.recipe:StreamRecipe",
            "Train block diffusion on a text file, to continue it.",
            molecules=False,
        ),
    )
}
"""By name."""


FINE_TUNING = "molgen.training.finetune:fine_tune"
"""What `Generator.fine_tune` does; it stands in a room above the models, so that it is named and not imported."""

OPTIMISATION = "molgen.optimisation.optimise:optimise"
"""What `Generator.optimise` does; likewise."""


def resolve(path: str) -> Any:
    """What a ``module:name`` of this table names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def find_family(name: str) -> Family:
    """The family of a name or of a former name.

    Raises:
        UsageError: there is none.

    Example:
        >>> find_family("graph-any-order").name
        'graph-autoregressive'
    """
    family = family_named(name)
    if family is None:
        raise UsageError(f"unknown family {name!r}; known: {', '.join(FAMILIES)}")
    return family


def family_named(name: str) -> Family | None:
    """The same, or None where there is none."""
    return next((family for family in FAMILIES.values() if name in (family.name, *family.aliases)), None)
