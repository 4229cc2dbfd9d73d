"""Check where a message contains a one-time code: only in visible text, as a separate word.

A mail program loads the URLs in tags, and mail servers open the addresses in a mail's text. A code
in an attribute, or joined to an address, would be sent to the owner of that address. The HTML
around a code is limited to a small subset that every mail program reads alike. So no broken tag can
hide the code, and no style or font can load something because of it. A message is checked as a
stream of text. A code, another value, and the start and end of a condition or loop are one
character each. The same rules apply to a template, with all of its branches in a row, and to the
rendered message.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import nodes

from tidings.templates.grammar import Fault

HTML: Final = "email.html"
# Subjects, titles and other channels reach more people than the reader of an address.
PLACES: Final = frozenset({HTML, "email.text", "sms.text"})

CODE, VALUE, BEGIN, END = "\ue000", "\ue001", "\ue002", "\ue003"
_MARKS: Final = re.compile("[\ue000-\ue003]")
CODE_VALUE: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{2,62})[0-9A-Za-z]")

# A code between blanks. Quotes, brackets and the punctuation of a sentence may touch it.
_WORD: Final = re.compile(f"(?<![^ \\t\\r\\n])[\"'(„“«]*{CODE}[\"')“”»]*[.,;:!?]*(?![^ \\t\\r\\n])")
# Some mail programs read an address in brackets or quotes up to the end, across blanks and lines
# (RFC 3986 appendix C).
_ENCLOSED: Final = re.compile(
    f'[<"]\\s*(?:[a-z][a-z0-9+.-]*:\\s*/|mailto:|www\\.|[^\\s<>"@]+@)[^<>"]*{CODE}', re.IGNORECASE
)
_TAG: Final = re.compile(
    f'<(?P<closing>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?:\\s+[a-z-]+="[^"<>{CODE}{BEGIN}{END}]*")*)\\s*/?>'
)
_ATTRIBUTE: Final = re.compile('([a-z-]+)="([^"]*)"')
# No brackets, such as url(), and no escapes.
_STYLE: Final = re.compile(r"[\w#%.,:;!\s-]*", re.ASCII)
_ADDRESS: Final = re.compile(f"(?:https?://|{VALUE}).*", re.DOTALL)

INLINE: Final = frozenset(
    {"a", "b", "code", "em", "i", "s", "small", "span", "strong", "sub", "sup", "u"}
)
VOID: Final = frozenset({"br", "hr"})
BLOCKS: Final = frozenset(
    {
        *("article", "blockquote", "center", "div", "footer", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("header", "li", "main", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot"),
        *("th", "thead", "tr", "ul"),
    }
)
ATTRIBUTES: Final = frozenset(
    {
        *("align", "bgcolor", "border", "cellpadding", "cellspacing", "class", "colspan", "dir"),
        *("height", "lang", "role", "rowspan", "valign", "width"),
    }
)

NOT_A_WORD: Final = "a code must be a separate word between blanks, not joined to an address"


def faults_in_template(tree: nodes.Template, place: str, codes: frozenset[str]) -> Iterator[Fault]:
    """Yield the faults of a template's text in its use of codes."""
    for line in _misused(tree, codes):
        yield Fault(line, "print a code unchanged: {{ code }}, without a filter or comparison")
    stream = "".join(_stream(tree.body, codes))
    for message in _faults(place, stream):
        yield Fault(1, message)


def faults_in_message(place: str, text: str, variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield the faults of a rendered text in its use of these code variables."""
    stream = _MARKS.sub(VALUE, text)
    for value in variables.values():
        if value is None:
            continue
        if not isinstance(value, str) or not CODE_VALUE.fullmatch(value):
            yield "a code must consist of letters, digits and hyphens"
            return
        stream = re.sub(re.escape(value), CODE, stream, flags=re.IGNORECASE)
    yield from _faults(place, stream)


def _misused(node: nodes.Node, codes: frozenset[str]) -> Iterator[int]:
    """Yield the lines that use a code for more than printing it or testing whether it is set."""
    for child in _parts_to_check(node, codes):
        if isinstance(child, nodes.Name) and child.name in codes:
            yield child.lineno
        else:
            yield from _misused(child, codes)


def _parts_to_check(node: nodes.Node, codes: frozenset[str]) -> Iterable[nodes.Node]:
    children = list(node.iter_child_nodes())
    match node:
        case nodes.Output():
            return [each for each in children if not _is_code(each, codes)]
        case nodes.If(test=test) if _is_code(test, codes):
            return [each for each in children if each is not test]
    return children


def _is_code(node: nodes.Node, codes: frozenset[str]) -> bool:
    return isinstance(node, nodes.Name) and node.name in codes


def _stream(body: Iterable[nodes.Node], codes: frozenset[str]) -> Iterator[str]:
    """Yield a template as a stream, with its branches one after another."""
    for node in body:
        match node:
            case nodes.Output():
                for each in node.nodes:
                    yield _printed(each, codes)
            case nodes.If():
                yield from _branch(node.body, codes)
                yield from _stream(node.elif_, codes)
                yield from _branch(node.else_, codes)
            case nodes.For():
                yield from _branch(node.body, codes)
                yield from _branch(node.else_, codes)


def _printed(node: nodes.Node, codes: frozenset[str]) -> str:
    if isinstance(node, nodes.TemplateData):
        return _MARKS.sub(VALUE, node.data)
    return CODE if _is_code(node, codes) else VALUE


def _branch(body: Iterable[nodes.Node], codes: frozenset[str]) -> Iterator[str]:
    yield BEGIN
    yield from _stream(body, codes)
    yield END


def _faults(place: str, stream: str) -> Iterator[str]:
    if place == HTML:
        # Checked even without a code: content loaded beside the code could reveal it.
        yield from _Html(stream).faults()
    elif place not in PLACES:
        if CODE in stream:
            yield "a code is allowed only in the html and text of the mail and in the SMS"
    elif _joined(stream) or _ENCLOSED.search(stream):
        yield NOT_A_WORD


def _joined(visible: str) -> bool:
    return CODE in _WORD.sub(" ", visible)


class _Html:
    """Reads the HTML around a code, and tracks the open tags."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._open: list[str] = []
        self._visible: list[str] = []

    def faults(self) -> Iterator[str]:
        """Yield the first fault, if there is one."""
        place = 0
        while (start := self._stream.find("<", place)) >= 0:
            tag = _TAG.match(self._stream, start)
            fault = self._text(self._stream[place:start]) or (
                self._tag(tag) if tag else f"this is not a plain tag: {_shown(self._stream, start)}"
            )
            if fault or tag is None:
                yield fault or ""
                return
            place = tag.end()
        if fault := self._text(self._stream[place:]):
            yield fault
        elif self._open:
            yield f"the tag <{self._open[-1]}> is not closed"
        elif _joined("".join(self._visible)):
            yield NOT_A_WORD

    def _text(self, text: str) -> str | None:
        self._visible.append(text)
        for mark in _MARKS.findall(text):
            match mark:
                case _ if mark == CODE and "a" in self._open:
                    return "a code must not be in a link"
                case _ if mark == BEGIN:
                    self._open.append(BEGIN)
                case _ if mark == END and self._open.pop() != BEGIN:
                    return "a tag must be closed in the condition in which it was opened"
        return None

    def _tag(self, tag: re.Match[str]) -> str | None:
        name, closing = tag["name"], bool(tag["closing"])
        if name not in INLINE | BLOCKS | VOID:
            return f"the tag <{name}> is not allowed in a template with a code"
        self._visible.append("" if name in INLINE else "\n")
        if closing:
            if not self._open or self._open.pop() != name:
                return f"the tag </{name}> closes a tag that is not open"
            return None
        if name not in VOID:
            self._open.append(name)
        return next(filter(None, map(_attribute_fault, _ATTRIBUTE.findall(tag[0]))), None)


def _attribute_fault(attribute: tuple[str, str]) -> str | None:
    name, value = attribute
    match name:
        case "style" if not _STYLE.fullmatch(value):
            return "a style in a template with a code must have plain values, without url()"
        case "href" if not _ADDRESS.fullmatch(value):
            return "a link in a template with a code must go to http or https"
        case "style" | "href":
            return None
    return None if name in ATTRIBUTES else f"the attribute {name} is not allowed beside a code"


def _shown(stream: str, start: int) -> str:
    return _MARKS.sub("…", stream[start : start + 30])
