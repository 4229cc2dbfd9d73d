"""The values of a template's variables in a preview: its samples, and what an operator typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tidings.platform.inputs.json_text import NotJson, parse_json
from tidings.templates.schemas import TemplateView

PREFIX: Final = "value."


@dataclass(frozen=True)
class Field:
    """The field of a variable.

    Args:
        is_json: whether the sample is no text, so that the typed value is read as JSON.
    """

    name: str
    text: str
    is_required: bool
    is_json: bool

    @property
    def is_long(self) -> bool:
        return len(self.text) > 60 or "\n" in self.text


@dataclass(frozen=True)
class Samples:
    """The fields as they are shown, and the typed texts by variable."""

    fields: tuple[Field, ...]
    typed: Mapping[str, str]

    @cached_property
    def _read(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        values, wrong = {}, []
        for each in self.fields:
            if each.name not in self.typed:
                continue
            try:
                values[each.name] = parse_json(each.text.encode()) if each.is_json else each.text
            except NotJson:
                wrong.append(each.name)
        return values, tuple(wrong)

    @property
    def changed(self) -> dict[str, Any]:
        """The values that differ from the samples."""
        return self._read[0]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The variables whose texts are no JSON."""
        return self._read[1]

    @property
    def query(self) -> dict[str, str]:
        """The typed texts, as the page of the mail takes them."""
        return {f"{PREFIX}{name}": text for name, text in self.typed.items()}


def samples_of(template: TemplateView, query: Mapping[str, str]) -> Samples:
    """Return the fields of a template's variables, filled with the query and the samples."""
    samples = template.sample_variables
    names = dict.fromkeys(
        [*template.required_variables, *template.optional_variables, *sorted(samples)]
    )
    shown = {name: _text_of(samples.get(name)) for name in names}
    typed = {
        name: text
        for name in names
        if (text := query.get(f"{PREFIX}{name}", shown[name]).replace("\r\n", "\n")) != shown[name]
    }
    fields = (
        Field(
            name,
            typed.get(name, shown[name]),
            name in template.required_variables,
            not isinstance(samples.get(name), str | None),
        )
        for name in names
    )
    return Samples(tuple(fields), typed)


def _text_of(sample: Any) -> str:
    if sample is None:
        return ""
    return sample if isinstance(sample, str) else json.dumps(sample, ensure_ascii=False)
