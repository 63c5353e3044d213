"""The grammar of filters: text to a tree, and a tree back to text that gives the same tree.

query = and {"or" and}      and = unary {unary}      unary = "-" unary | "(" query ")" | term
term  = FIELD OP VALUE{,VALUE} | WORD | "quoted \\" text"      OP = : ~ > < >= <=   (= is read, and refused)
"""

import re
from collections.abc import Callable

from msgspec import Struct

from wfdash.core.text.clean import cells, clean

__all__ = ["And", "Node", "Not", "Or", "QueryError", "Term", "parse_tree", "unparse"]

_FIELD = re.compile(r"([^\W\d][\w-]*(?:\.[\w-]+)*)(:|~|>=|<=|>|<|=)")
_BROKEN_PATH = re.compile(r"([^\W\d][\w-]*)\.[^\s()\"]*?(:|~)")
_WORD = re.compile(r'[^\s()"]+')
_VALUE = re.compile(r'[^\s()",]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_RESERVED = ("or", "and", "not", "marked")
"""Words that a filter can hold in quotes only."""
_UNLIKE = re.compile(r"(\w+)!=(.*)")
_DEEPEST = 50
"""Parentheses within each other, well below what Python's own recursion takes."""
_LONGEST = 2000
"""Characters: a paste by accident is refused with a sentence instead of being parsed at each key."""


class QueryError(ValueError):
    """A filter that cannot be read: a sentence, and the position (0-based) the caret belongs under."""

    def __init__(self, sentence: str, position: int, text: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.position = position
        self.text = text

    def pointed(self) -> tuple[str, str, str]:
        """The sentence, the text and a caret under what is wrong, a line each."""
        # As it is drawn: a line break in it is one character there, and some take two cells.
        before = cells(clean(self.text[: self.position]))
        return self.sentence, f"  {clean(self.text)}", f"  {' ' * before}^"


class Term(Struct, frozen=True):
    """A condition. `field` is "" for a bare word, whose only value is the word; `marked` has no values."""

    field: str
    op: str
    values: tuple[str, ...]


class Not(Struct, frozen=True):
    node: "Node"


class And(Struct, frozen=True):
    nodes: "tuple[Node, ...]"


class Or(Struct, frozen=True):
    nodes: "tuple[Node, ...]"


Node = Term | Not | And | Or
Check = Callable[[Term, int, tuple[int, ...]], None]
"""Told each term with its position and those of its values; raises QueryError when it makes no sense."""


def parse_tree(text: str, check: Check) -> Node:
    """The tree of a filter; an empty text is an And of nothing, which everything matches."""
    if len(text) > _LONGEST:
        raise QueryError(f"a filter has at most {_LONGEST} characters", _LONGEST, text[: _LONGEST + 1])
    try:
        return _Reader(text, check).query()
    except QueryError as wrong:
        wrong.text = text
        raise


def unparse(node: Node) -> str:
    """The shortest text that parses to the same tree."""
    if isinstance(node, Term):
        return _unparse_term(node)
    if isinstance(node, Not):
        inner = unparse(node.node)
        return f"-({inner})" if isinstance(node.node, And | Or) else f"-{inner}"
    if isinstance(node, Or):
        return " or ".join(
            f"({unparse(part)})" if isinstance(part, Or) else unparse(part) for part in node.nodes
        )
    return " ".join(
        f"({unparse(part)})" if isinstance(part, And | Or) else unparse(part) for part in node.nodes
    )


def _unparse_term(term: Term) -> str:
    if term.field == "marked":
        return "marked"
    if not term.field:
        return _quoted(term.values[0], word=True)
    return term.field + term.op + ",".join(_quoted(value) for value in term.values)


def _quoted(text: str, *, word: bool = False) -> str:
    plain = (_WORD if word else _VALUE).fullmatch(text)
    if plain and not (word and _is_special(text)):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_special(word: str) -> bool:
    """Whether it is no plain word: it has a meaning here, or in other tools."""
    signs = word[0] in "-!" or any(sign in word for sign in ("|", "&", "!="))
    return signs or word.lower() in _RESERVED or bool(_FIELD.match(word))


class _Reader:
    def __init__(self, text: str, check: Check) -> None:
        self.text = text
        self.check = check
        self.at = 0
        self.depth = 0

    def query(self) -> Node:
        self._skip()
        if self.at == len(self.text):
            return And(())
        node = self._or()
        if self.at < len(self.text):
            raise QueryError("this ) closes nothing", self.at)
        return node

    def _or(self) -> Node:
        nodes = [self._and()]
        while self._at_or():
            operator = self.at
            self.at += 2
            self._skip()
            if self._ended():
                raise QueryError("something is missing after or", operator)
            nodes.append(self._and())
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _and(self) -> Node:
        nodes = [self._unary()]
        self._skip()
        while not self._ended() and not self._at_or():
            nodes.append(self._unary())
            self._skip()
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _unary(self) -> Node:
        start = self.at
        self.depth += 1
        if self.depth > _DEEPEST:
            # Matching calls a function for each level: what is pasted must not reach the end of Python's
            # stack.
            raise QueryError("it is nested too deeply", start)
        try:
            if self.text.startswith("-", start):
                self.at += 1
                if self._ended() or self.text[self.at].isspace():
                    raise QueryError("something is missing after -", start)
                return Not(self._unary())
            if self.text.startswith("(", start):
                return self._group(start)
            self._refuse_other_spellings(start)
            return self._term()
        finally:
            self.depth -= 1

    def _refuse_other_spellings(self, start: int) -> None:
        """Raises QueryError for `!x`, `not x`, `x!=1`, `a | b`, `a && b`.

        Taken as words they would match nothing.
        """
        found = _WORD.match(self.text, start)
        word = found[0] if found else ""
        after = self.text[start + len(word) :].strip()
        if _FIELD.match(word):
            return
        if path := _BROKEN_PATH.match(word):
            names = f"{path[1]}.order.id{path[2]}7"
            raise QueryError(f"a place in {path[1]} is names with dots between, such as {names}", start)
        if unlike := _UNLIKE.match(word):
            raise QueryError(f"write -{unlike[1]}:{unlike[2]} for what does not match", start)
        if word.startswith("!"):
            raise QueryError(f"write -{word.lstrip('!') or 'x'} for what does not match", start)
        if word.lower() == "not" and after:
            raise QueryError(f"write -{after} for what does not match", start)
        if "|" in word:
            raise QueryError("write or between two filters; status:errored,queued takes several", start)
        if "&" in word or (word.lower() == "and" and start and after):
            raise QueryError("a space means and: leave this out", start)

    def _group(self, start: int) -> Node:
        self.at += 1
        self._skip()
        if self._ended():
            raise QueryError("there is nothing in these parentheses", start)
        node = self._or()
        if not self.text.startswith(")", self.at):
            raise QueryError("this ( is never closed", start)
        self.at += 1
        return node

    def _term(self) -> Term:
        start = self.at
        if field := _FIELD.match(self.text, start):
            self.at = field.end()
            values, places = self._values()
            term = Term(field[1].lower(), field[2], values)
            self.check(term, start, places)
            return term
        if self.text.startswith('"', start):
            return Term("", ":", (self._value(_WORD),))
        word = self._value(_WORD)
        return Term("marked", ":", ()) if word.lower() == "marked" else Term("", ":", (word,))

    def _values(self) -> tuple[tuple[str, ...], tuple[int, ...]]:
        values, places = [], []
        while True:
            places.append(self.at)
            values.append(self._value(_VALUE))
            if not self.text.startswith(",", self.at):
                return tuple(values), tuple(places)
            self.at += 1

    def _value(self, plain: re.Pattern[str]) -> str:
        """A quoted or plain value; "" where there is none, which the check of the field refuses."""
        start = self.at
        if self.text.startswith('"', start):
            quoted = _QUOTED.match(self.text, start)
            if not quoted:
                raise QueryError('this " is never closed', start)
            self.at = quoted.end()
            if not quoted[1]:
                raise QueryError("there is nothing between these quotes", start)
            self._refuse_glued('a space is missing after this "', ",)")
            return _ESCAPED.sub(r"\1", quoted[1])
        found = plain.match(self.text, start)
        self.at = found.end() if found else start
        if found and self.text.startswith('"', self.at):
            raise QueryError('a space is missing before this "', self.at)
        return found[0] if found else ""

    def _refuse_glued(self, sentence: str, allowed: str) -> None:
        following = self.text[self.at : self.at + 1]
        if following and not following.isspace() and following not in allowed:
            raise QueryError(sentence, self.at)

    def _at_or(self) -> bool:
        """Whether the word `or` stands here.

        At the beginning of a filter or a group it is a word like any other.
        """
        following = self.text[self.at + 2 : self.at + 3]
        return self.text[self.at : self.at + 2].lower() == "or" and (
            not following or following.isspace() or following in '()"'
        )

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _ended(self) -> bool:
        return self.at >= len(self.text) or self.text[self.at] == ")"
