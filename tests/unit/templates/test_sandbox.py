"""Malicious templates and variables are refused or bounded."""

import time
import tracemalloc
from typing import Any

import pytest
from markupsafe import Markup

from tests.unit.templates.builders import rendered
from tidings.templates.errors import (
    BrokenTemplate,
    OutputTooLarge,
    RenderingFailed,
    RenderingTooSlow,
)
from tidings.templates.sandbox import MAX_CHARACTERS, MAX_ROUNDS, faults_in

KNOWN = frozenset({"who", "items", "n"})

ATTACKS = {
    "class of a text": "{{ ''.__class__ }}",
    "class of a text by item": "{{ ''['__class__'] }}",
    "all subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "class by filter": "{{ who|attr('__class__') }}",
    "class by map": "{{ items|map(attribute='__class__')|list }}",
    "globals of a function": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "globals of a cycler": "{{ cycler.__init__.__globals__ }}",
    "the template itself": "{{ self._TemplateReference__context }}",
    "underscore in a loop's name": "{% for _budget in items %}{{ _budget }}{% endfor %}",
    "the budget": "{{ _budget }}",
    "the counting filter": "{{ items|_counted }}",
    "format of a text": "{{ '{0.__class__}'.format(who) }}",
    "huge format width": "{{ '%1000000000d'|format(1) }}",
    "huge width by modulo": "{{ '%1000000000d' % 1 }}",
    "width by a test": "{{ '%1000000000d' is odd }}",
    "width by divisibleby": "{{ '%1000000000d' is divisibleby 2 }}",
    "center": "{{ who|center(1000000000) }}",
    "indent": "{{ who|indent(1000000000) }}",
    "times": "{{ 'a' * 10**9 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "plus": "{{ items + items }}",
    "concatenation": "{{ who ~ who }}",
    "replace": "{{ who|replace('a', 'aaaaaaaaaaaaaaa') }}",
    "range": "{% for i in range(10**9) %}x{% endfor %}",
    "recursive macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "recursive loop": "{% for i in items recursive %}{{ loop(items) }}{% endfor %}",
    "three loops": "{% for a in items %}{% for b in items %}{% for c in items %}x"
    "{% endfor %}{% endfor %}{% endfor %}",
    "doubling by set": "{% set a = who %}{% set a = a ~ a %}{{ a }}",
    "block set": "{% set a %}x{% endset %}",
    "namespace": "{% set ns = namespace(x=1) %}",
    "call of a method": "{{ who.upper() }}",
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'os' as os %}",
    "extends": "{% extends 'layout' %}",
    "block": "{% block x %}{% endblock %}",
    "filter block": "{% filter upper %}x{% endfilter %}",
    "switched off escaping": "{% autoescape false %}{{ who }}{% endautoescape %}",
    "safe": "{{ who|safe }}",
    "xmlattr": "{{ items|xmlattr }}",
    "spread arguments": "{{ who|default(*items) }}",
    "list of its own": "{% for i in [1, 2, 3] %}x{% endfor %}",
    "two loop variables": "{% for a, b in items %}x{% endfor %}",
    "with": "{% with a = 1 %}{% endwith %}",
    "deep parentheses": "{{ " + "(" * 5_000 + "who" + ")" * 5_000 + " }}",
    "deep negation": "{{ " + "not " * 5_000 + "who }}",
    "deep attributes": "{{ who" + ".a" * 5_000 + " }}",
    "deep conditions": "{% if who %}" * 60 + "{% endif %}" * 60,
    "deeper conditions": "{% if who %}" * 2_000 + "{% endif %}" * 2_000,
    "long number": "{{ " + "9" * 10_000 + " }}",
    "slice": "{{ who[::-1] }}",
    "item by a value": "{{ items[who] }}",
    "undeclared": "{{ password }}",
    "too much to compile": "{{ who }}" * 5_000,
}


@pytest.mark.parametrize("html", [True, False], ids=["html", "text"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_attack_is_refused_before_it_runs(attack: str, html: bool) -> None:
    began = time.thread_time()
    faults = faults_in(ATTACKS[attack], KNOWN, html=html)
    assert faults
    assert all(fault.message and fault.line >= 1 for fault in faults)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ who.__class__ }}",
        "{{ who['__class__'] }}",
        "{{ items.append }}",
        "{{ items.__len__ }}",
        "{{ n.real }}",
        "{{ thing.keys }}",
        "{% for i in items %}{{ loop._iterator }}{% endfor %}",
        "{% for i in items %}{{ loop.changed }}{% endfor %}",
    ],
)
def test_names_refer_only_to_the_given_values(source: str) -> None:
    # Tested without the grammar too: the sandbox itself allows no attribute access.
    with pytest.raises(BrokenTemplate):
        rendered(source, who="Ada", items=[1], n=1, thing={"a": 1})


def test_line_of_a_fault_is_named() -> None:
    (unknown,) = faults_in("one\ntwo {{ missing }}\n", KNOWN, html=False)
    (broken,) = faults_in("one\n\n{% if who %}", KNOWN, html=False)
    assert (unknown.line, unknown.message) == (2, "the variable missing is not declared")
    assert broken.line == 3


def test_variable_of_a_loop_is_known_within_it_only() -> None:
    assert not faults_in(
        "{% for i in items %}{{ i }}{{ loop.index }}{% endfor %}", KNOWN, html=True
    )
    (fault,) = faults_in("{% for i in items %}{% endfor %}{{ i }}", KNOWN, html=True)
    assert fault.message == "the variable i is not declared"
    assert faults_in("{{ loop.index }}", KNOWN, html=True)


@pytest.mark.parametrize(
    ("source", "failure"),
    [
        ("{% for a in items %}{% for b in items %}x{% endfor %}{% endfor %}", RenderingTooSlow),
        (
            "{% for a in items %}" * 2 + "{% if false %}{% endif %}" + "{% endfor %}" * 2,
            RenderingTooSlow,
        ),
        ("{% for a in items %}{{ who }}{% endfor %}", OutputTooLarge),
        ("{% for a in who %}x{% endfor %}", BrokenTemplate),
        ("{% for a in thing %}x{% endfor %}", BrokenTemplate),
        ("{% for a in n %}x{% endfor %}", BrokenTemplate),
        ("{{ who|join(',') }}", BrokenTemplate),
        ("{{ items|join(who) }}", BrokenTemplate),
        ("{{ items }}", BrokenTemplate),
        ("{{ thing }}", BrokenTemplate),
        ("{{ who < n }}", BrokenTemplate),
        ("{{ missing.thing }}", BrokenTemplate),
        ("{{ thing.missing }}", BrokenTemplate),
        ("{{ n|money('EUR') }}{{ who|money('EUR') }}", BrokenTemplate),
        ("{{ who|date }}", BrokenTemplate),
        ("{{ who|truncate(0) }}", BrokenTemplate),
        ("{{ 'x'|button('javascript:alert(1)') }}", BrokenTemplate),
    ],
)
def test_costs_that_show_at_run_time_are_bounded(
    source: str, failure: type[RenderingFailed]
) -> None:
    variables: dict[str, Any] = {
        "who": "x" * 9_000,
        "items": list(range(60)),
        "n": 7,
        "thing": {"a": 1},
    }
    tracemalloc.start()
    began = time.thread_time()
    with pytest.raises(failure) as caught:
        rendered(source, html=True, **variables)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not caught.value.retryable
    assert time.thread_time() - began < 2
    assert peak < 40 * MAX_CHARACTERS


def test_iterations_are_counted_over_all_loops() -> None:
    items = list(range(MAX_ROUNDS // 2))
    assert rendered("{% for i in items %}x{% endfor %}" * 2, items=items) == "x" * MAX_ROUNDS
    with pytest.raises(RenderingTooSlow):
        rendered("{% for i in items %}x{% endfor %}" * 3, items=items)


@pytest.mark.parametrize("loops", [0, 1])
def test_work_without_output_is_ended_in_time(loops: int) -> None:
    work = "{% if " + "|".join(["who", *["urlencode"] * 25]) + " == n %}{% endif %}"
    work *= 30
    source = "{% for i in items %}" * loops + work + "{% endfor %}" * loops
    assert not faults_in(source, KNOWN, html=True)
    began = time.thread_time()
    with pytest.raises(RenderingTooSlow):
        rendered(source, html=True, items=list(range(40)), n=2, who="💥" * 9_000)
    assert time.thread_time() - began < 5


def test_html_escapes_every_variable() -> None:
    name = "<script>alert('x')</script>"
    escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
    assert rendered("{{ who }}", html=True, who=name) == escaped
    assert rendered("{{ who }}", html=True, who=Markup(name)) == escaped
    assert rendered("{{ who|upper }}", html=True, who=name) == escaped.upper().replace(
        "&LT;", "&lt;"
    ).replace("&GT;", "&gt;").replace("&#39;", "&#39;")
    assert rendered("{{ items|join(', ') }}", html=True, items=[name]) == escaped
    assert rendered("{{ who|truncate(500) }}", html=True, who=name) == escaped
    assert "<script>" not in rendered(
        "{{ who|button('https://a.example/?q=1') }}", html=True, who=name
    )
    assert rendered("{{ who }}", who=name) == name


def test_filters_format_amounts_and_times_in_the_readers_language() -> None:
    told: dict[str, Any] = {"n": -129_900, "at": "2026-12-01T17:00:00Z", "language": "de-AT"}
    german = told | {"time_zone": "Europe/Vienna"}
    assert rendered("{{ n|money('EUR') }}", **german) == "-1.299,00 EUR"
    assert rendered("{{ n|money('JPY') }}", **german) == "-129.900 JPY"
    assert rendered("{{ at|datetime }}", **german) == "1. Dezember 2026, 18:00 CET"
    english = told | {"language": "en", "time_zone": None}
    assert rendered("{{ n|money('EUR') }}", **english) == "-1,299.00 EUR"
    assert rendered("{{ at|datetime }}", **english) == "1 December 2026, 17:00 UTC"
    assert rendered("{{ at|date }}", **english) == "1 December 2026"
    assert rendered("{{ '2026-12-01'|date }}", **english) == "1 December 2026"


def test_truncate_cuts_at_whole_characters() -> None:
    assert rendered("{{ who|truncate(4) }}", who="Zoe\u0308 Q") == "Zo…"
    assert rendered("{{ who|truncate(3) }}", who="🇩🇪🇫🇷") == "🇩🇪…"
    assert rendered("{{ who|truncate(4) }}", who="🇩🇪🇫🇷") == "🇩🇪🇫🇷"


def test_loop_over_nothing_has_no_iterations() -> None:
    source = "{% for i in items %}x{% else %}nothing{% endfor %}"
    assert rendered(source, items=None) == rendered(source, items=[]) == "nothing"


def test_default_replaces_a_missing_value() -> None:
    assert rendered("{{ thing.reason|default('none') }}", thing={}) == "none"
    assert rendered("{% if thing.reason is defined %}x{% endif %}", thing={}) == ""


def test_loop_has_its_index() -> None:
    source = "{% for i in items %}{{ loop.index }}/{{ loop.length }}"
    source += "{% if not loop.last %}, {% endif %}{% endfor %}"
    assert rendered(source, items=["a", "b"]) == "1/2, 2/2"


def test_none_prints_as_nothing() -> None:
    assert rendered("[{{ who }}{% if who %}x{% endif %}]", who=None) == "[]"
