"""The page on changes to images: OpenCV operations, augmentation, corruptions.

From `core.opencv_ops.OPERATIONS`, `core.models.augmentation_params`, `core.augmentation.POLICIES`
and `core.robustness.CORRUPTIONS`.
"""

import inspect
import re
from dataclasses import fields

from core.augmentation import POLICIES, Policy, usual_policy, why_usual
from core.datasets import DATASETS
from core.models.augmentation_params import AUGMENTATION
from core.opencv_ops import GROUPS, MOST_STEPS, OPERATIONS, Operation
from core.robustness import CORRUPTIONS
from docs.reference.markdown import code, codes, document, plain, sentence, table
from docs.reference.params import params_table

_INTRODUCTION = (
    "Everything the studio can do to an image with OpenCV: operations in the pipelines of the "
    "**Image lab**, augmentation of training images, and corruptions of test images. Each entry "
    "lists its parameters and their limits."
)
_LAB = (
    f"A pipeline has up to {MOST_STEPS} of these as steps. **Copy the code** on the page gives it "
    "as a script. “Code” is the OpenCV call with the defaults."
)
_AUGMENTATION = (
    "In every epoch, each training image is changed a little at random, which reduces "
    "overfitting. These are hyperparameters of every network."
)
_POLICIES = (
    "Each name is a value of `augmentation`. `usual` stands for the policy that suits the dataset, "
    "`custom` for your own settings in the table above. Settings that are not listed are off."
)
_FIXED = "These settings belong to policies only:"
_CORRUPTIONS = (
    "The accuracy of a model is measured on test images under a corruption of increasing "
    "severity, in the **Image lab** under *Robustness*. The first severity changes nothing."
)


def page() -> str:
    """The text of docs/operations.md."""
    return document(
        "Operations on images",
        _INTRODUCTION,
        "## OpenCV operations",
        _LAB,
        *[part for group in GROUPS for part in _group(group)],
        "## Augmentation of training images",
        _AUGMENTATION,
        params_table(AUGMENTATION),
        "### Policies",
        _POLICIES,
        table(("name", "settings", "usual for", "why"), map(_policy, POLICIES)),
        _FIXED,
        table(("name", "meaning", "default"), _fixed_rows()),
        "## Corruptions of test images",
        _CORRUPTIONS,
        table(
            ("name", "title", "severity", "values"),
            [
                (code(name), corruption.title, corruption.unit, codes(corruption.severities))
                for name, corruption in CORRUPTIONS.items()
            ],
        ),
    )


def _group(group: str) -> list[str]:
    chosen = [operation for operation in OPERATIONS.values() if operation.group == group]
    return [f"### {group}", *[part for operation in chosen for part in _operation(operation)]]


def _operation(operation: Operation) -> list[str]:
    settable = params_table(operation.params) if operation.params else "No parameters."
    return [
        f"#### {operation.title}",
        f"{code(operation.name)}: {sentence(operation.sentence)}",
        f"Code: {code(operation.call(operation.defaults()))}",
        settable,
    ]


def _policy(name: str) -> tuple[str, ...]:
    policy, untouched = POLICIES[name], Policy()
    changed = [
        code(f"{field.name}={plain(getattr(policy, field.name))}")
        for field in fields(Policy)
        if getattr(policy, field.name) != getattr(untouched, field.name)
    ]
    recipes = {spec.name: spec.preprocessing for spec in DATASETS.values()}
    suited = {one: recipe for one, recipe in recipes.items() if usual_policy(recipe) == name}
    why = why_usual(next(iter(suited.values()))) if suited else ""
    return code(name), ", ".join(changed) or "none", codes(suited), why


def _fixed_rows() -> list[tuple[str, str, str]]:
    """Fields of policies that are not hyperparameters."""
    settable, texts = {param.name for param in AUGMENTATION}, _explained()
    return [
        (code(field.name), sentence(texts[field.name]), code(plain(field.default)))
        for field in fields(Policy)
        if field.name not in settable
    ]


def _explained() -> dict[str, str]:
    """What each field of a policy means, from its docstring."""
    documented = (inspect.getdoc(Policy) or "").partition("Attributes:\n")[2]
    documented = documented.partition("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n     +.*)*)", documented, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
