"""Any text is a valid template or has named faults, and never causes an error of ours."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.templates.errors import RenderingFailed
from tidings.templates.sandbox import Budget, compiled, faults_in, run

PIECES = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "who", "items", "loop", "loop.index", " "),
    *("if", "elif", "else", "endif", "for", "endfor", "in", "is", "not", "and", "or", "none"),
    *("raw", "endraw", "macro", "set", "recursive", "defined", "upper", "join", "money", "date"),
    *("button", "default", "|", ".", "[", "]", "(", ")", ",", ":", "==", "<", "'", '"', "\\", "\n"),
    *("0", "1.5", "'EUR'", "'x'", "_", "__class__", "*", "**", "~", "%", "-", "💥", "<b>"),
    *(
        "{{ who }}",
        "{% for i in items %}",
        "{% endfor %}",
        "{% if who %}",
        "{% endif %}",
        "{{ i }}",
    ),
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.text(max_size=200)
told = st.sampled_from([None, "", "Ada", 7, 1.5, True, [], ["a", 1], {"a": 1}, [[1], {"a": []}]])


@settings(max_examples=400, deadline=None)
@given(texts, told, told, st.booleans())
def test_text_is_refused_or_runs_within_its_bounds(
    source: str, who: object, items: object, html: bool
) -> None:
    if faults_in(source, frozenset({"who", "items"}), html=html):
        return
    with suppress(RenderingFailed):
        run(compiled(source, html=html), {"who": who, "items": items}, Budget())
