"""The page on changes to images: OpenCV operations, random changes, changes that make it harder.

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
    "Everything the studio can do to an image with OpenCV: step by step in the page **Image "
    "lab**, at random while a network learns, and more and more to see where a model breaks. "
    "Each entry says what it does, what may be set, and within which limits."
)
_LAB = (
    f"A pipeline holds up to {MOST_STEPS} of these, one after another; the page's **Copy the "
    "code** gives it as a script. “As code” is the OpenCV call with the defaults."
)
_RANDOM = (
    "While a network learns, every image is changed a little each time it is seen, so that the "
    "network learns not to mind. These are hyperparameters of every network."
)
_POLICIES = (
    "Each name is a value of `augmentation`. `usual` stands for the one that suits the dataset; "
    "`custom` for what you set yourself in the table above. What is not named is not changed."
)
_FIXED = "These are part of policies only and cannot be set one by one:"
_HARDER = (
    "Test images are changed more and more, and the accuracy of a model is measured at each "
    "strength, in the page **Image lab** under *Where models break*. The first strength changes "
    "nothing."
)


def page() -> str:
    """The text of docs/operations.md."""
    return document(
        "Operations on images",
        _INTRODUCTION,
        "## OpenCV operations",
        _LAB,
        *[part for group in GROUPS for part in _group(group)],
        "## Random changes to training images",
        _RANDOM,
        params_table(AUGMENTATION),
        "### Policies",
        _POLICIES,
        table(("name", "what it changes", "usual for", "why"), map(_policy, POLICIES)),
        _FIXED,
        table(("name", "what it means", "default"), _fixed_rows()),
        "## Changes that make images harder",
        _HARDER,
        table(
            ("name", "title", "what its strength is", "severities"),
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
    settable = params_table(operation.params) if operation.params else "Nothing may be set."
    return [
        f"#### {operation.title}",
        f"{code(operation.name)}: {sentence(operation.sentence)}",
        f"As code: {code(operation.call(operation.defaults()))}",
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
    return code(name), ", ".join(changed) or "nothing", codes(suited), why


def _fixed_rows() -> list[tuple[str, str, str]]:
    """What policies hold that is no hyperparameter."""
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
