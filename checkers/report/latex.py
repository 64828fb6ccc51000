"""Claims as LaTeX, in the subset that GitHub renders.

A claim is a sentence in which formulas stand as on a board: `‖h_{i,l}‖ <= C sqrt(L) for all i`. Words stay words, the rest is typeset.
"""

from __future__ import annotations

import re
from typing import Final

GREEK: Final = ("alpha", "beta", "delta", "eta", "kappa", "lambda", "mu", "omega", "phi", "pi", "rho", "tau")
NAMED: Final = {
    **{name: f"\\{name} " for name in (*GREEK, "log", "exp", "min", "max")},
    "sum": r"\sum ", "inf": r"\infty ", "grad": r"\nabla ", "eps": r"\varepsilon ", "sqrt": r"\sqrt",
}  # fmt: skip
SIGNS: Final = {
    "<=": r"\le ", ">=": r"\ge ", "!=": r"\ne ", "...": r"\cdots ", "..": r",\ldots,", "‖": r"\Vert ", "|": r"\vert ", "#": r"\# ",
    "<": r"\lt ", ">": r"\gt ", "%": r"\% ", "&": r"\& ", "$": r"\$ ", "√": r"\surd ", "~": r"\sim ", " . ": r" \cdot ",
    "\\": r"\backslash ", "⟨": r"\langle ", "⟩": r"\rangle ", "}": r"\rbrace ",
}  # fmt: skip
_WORD: Final = rf"(?!(?:{'|'.join(NAMED)})(?![A-Za-z]))[A-Za-z]{{2,}}(?:['-][a-z]+)*(?![A-Za-z~])"
_TOKEN: Final = re.compile(
    rf"(?P<text> *{_WORD}(?: +{_WORD})* *)|(?P<name>{'|'.join(NAMED)})(?![A-Za-z])|(?P<changed>[A-Za-z]+)~|(?P<script>[_^])|(?P<set>\{{)"
    r"|(?P<sign><=|>=|!=|\.\.\.|\.\.| \. |[‖|#<>%&$√~\\⟨⟩}])|(?P<other>\d+\.\d+|.)"
)
_INNER: Final = re.compile(r"<(grad [^<>]*?, [^<>]*?|\w+, \w+)>")
_INDEX: Final = re.compile(r"_inf,([a-z]+)")
_BREATH: Final = re.compile(
    r"(?<=,) (?=and |for |where |with |hence |eta |then |the |F = |size |while |convex |gradient )"
    r"|(?<=:) |(?<!only) (?=for all |for every |wherever |if )"
)
_TWICE: Final = re.compile(r"([_^])\{(?:[^{}]|\{[^{}]*\})*\} ?\1")
LONGEST: Final = 80  # characters of a sentence in one line of a formula


def display(*lines: str) -> str:
    """A block of formulas, one a line, that Markdown leaves alone."""
    rows = " \\\\\n".join(f"& {line}" for line in lines)
    body = lines[0] if len(lines) == 1 else f"\\begin{{aligned}}\n{rows}\n\\end{{aligned}}"
    return f"```math\n{body}\n```"


def inline(latex: str) -> str:
    """A formula within a line, that Markdown leaves alone; a bar would end the cell of a table."""
    return f"$`{latex.replace('|', chr(92) + 'vert ')}`$"


def lines_of(sentence: str) -> list[str]:
    """The sentence in parts that fit a line, cut where one would breathe."""
    lines = [""]
    start = 0
    for found in (*_BREATH.finditer(sentence), None):
        part = sentence[start : found.start() if found else None]
        if found and any(part.count(a) != part.count(b) for a, b in ("()", "{}")):
            continue
        lines += [""] if lines[-1] and len(lines[-1]) + len(part) > LONGEST else []
        lines[-1] = f"{lines[-1]} {part}".strip()
        start = found.end() if found else start
    return lines


def typeset(sentence: str) -> str:
    """The sentence as LaTeX."""
    text = _INDEX.sub(r"_{inf,\1}", sentence.replace("lambda0", "lambda_0"))
    return re.sub(r" {2,}", " ", _typeset(_INNER.sub(r"⟨\1⟩", text))).strip()


def well_formed(latex: str) -> bool:
    """Whether LaTeX accepts it, which takes no two powers or indices in a row: a claim is whatever its author wrote."""
    return not _TWICE.search(latex)


def _typeset(text: str, index: bool = False) -> str:
    """index: of an index or a power, where ij is i j and no word."""
    out: list[str] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        assert found is not None
        place = found.end()
        match found.lastgroup:
            case "text":
                out.append(found[0] if index and len(found[0]) == 2 else rf"\text{{{found[0]}}}")
            case "name":
                out.append(NAMED[found[0]])
                if found[0] == "sqrt":
                    inner, place = _argument(text, place)
                    out.append(f"{{{_typeset(inner)}}}")
            case "changed":
                name = found["changed"]
                out.append(rf"\tilde {name}" if len(name) == 1 else rf"\widetilde{{\text{{{name}}}}}")
            case "script":
                inner, place = _argument(text, place)
                out.append(f"{found[0]}{{{_typeset(inner, index=True)}}}")
            case "set":
                inner, place = _group(text, place - 1)
                out.append(rf"\lbrace {_typeset(inner)}\rbrace ")
            case "sign":
                out.append(SIGNS[found[0]])
            case _:
                out.append(found[0])
    return "".join(out)


def _argument(text: str, place: int) -> tuple[str, int]:
    """What a root, a power or an index is of, from `place` on, and where it ends."""
    while text[place : place + 1] == " ":
        place += 1
    if text[place : place + 1] in ("(", "{"):
        return _group(text, place)
    found = re.compile(r"-?(?:[A-Za-z]{2,}|\w'*)", re.ASCII).match(text, place)
    return (found[0], found.end()) if found else ("", place)


def _group(text: str, place: int) -> tuple[str, int]:
    """What stands in the parentheses that open at `place`, and where they end; to the end of the text where nothing closes them."""
    opening = text[place]
    closing = {"(": ")", "{": "}"}[opening]
    depth = 0
    for end in range(place, len(text)):
        depth += (text[end] == opening) - (text[end] == closing)
        if depth == 0:
            return text[place + 1 : end], end + 1
    return text[place + 1 :], len(text)
