"""How rules are read: precedence as in CEL, literals, and the exact place of every slip."""

from __future__ import annotations

import pytest

from engine.rules import RuleError, compile_rule
from engine.rules.lexer import Value
from engine.rules.parser import parse
from engine.rules.syntax import Binary, Call, Chain, Constant, Items, Reference, Syntax, Ternary, Unary
from tests.rules.world import SCOPE


def shown(part: Syntax) -> str:
    """A tree with every grouping written out."""
    match part:
        case Constant():
            return repr(part.value)
        case Reference():
            return ".".join(each.text for each in part.parts)
        case Unary():
            return f"({part.operator}{shown(part.operand)})"
        case Binary():
            return f"({shown(part.left)} {part.operator.text} {shown(part.right)})"
        case Chain():
            return f"({f' {part.operator} '.join(shown(term) for term in part.terms)})"
        case Ternary():
            return f"({shown(part.condition)} ? {shown(part.then)} : {shown(part.otherwise)})"
        case Items():
            return f"[{', '.join(shown(item) for item in part.items)}]"
        case Call():
            receiver = f"{shown(part.receiver)}." if part.receiver is not None else ""
            return f"{receiver}{part.name.text}({', '.join(shown(each) for each in part.arguments)})"
        case _:
            raise AssertionError(part)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a || b && c", "(a || (b && c))"),
        ("a && b && c || d", "((a && b && c) || d)"),
        ("a == b && c < d", "((a == b) && (c < d))"),
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a - b - c", "((a - b) - c)"),
        ("a + b < c % d", "((a + b) < (c % d))"),
        ("!a == b", "((!a) == b)"),
        ("!(a == b)", "(!(a == b))"),
        ("-a * b", "((-a) * b)"),
        ("- - a", "(-(-a))"),
        ("-1 - -2", "(-1 - -2)"),
        ("a ? b : c ? d : e", "(a ? b : (c ? d : e))"),
        ("a || b ? c : d", "((a || b) ? c : d)"),
        ("a in [1, 2,]", "(a in [1, 2])"),
        ("!a.b.startsWith(c)", "(!a.b.startsWith(c))"),
        ("(a + b).size() > 1", "((a + b).size() > 1)"),
        ('"x".contains(a.b)', "'x'.contains(a.b)"),
        ("a.exists(x, x == 1 || y)", "a.exists(x, ((x == 1) || y))"),
        ("a\n  && b", "(a && b)"),
    ],
)
def test_operators_bind_as_in_cel(text: str, tree: str) -> None:
    assert shown(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1.5", 1.5),
        ("2e3", 2000.0),
        ("1.5e-3", 0.0015),
        ("true", True),
        ("null", None),
        ('"it\'s"', "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        (r'"a\n\t\r\\\"\'b"', "a\n\t\r\\\"'b"),
        (r'"\u00e9"', "é"),
        ('"naïve 😀"', "naïve 😀"),
    ],
)
def test_literals_have_their_value(text: str, value: Value) -> None:
    tree = parse(text)
    assert isinstance(tree, Constant)
    assert tree.value == value
    assert type(tree.value) is type(value)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("", "", "the rule is empty", None),
        ("   ", "   ", "the rule is empty", None),
        ("hidden = true", "=", "unexpected '='", "use == to compare"),
        ("hidden & published", "&", "unexpected '&'", "use && for 'and'"),
        ("hidden | published", "|", "unexpected '|'", "use || for 'or'"),
        ("hidden and published", "and", "expected the end of the rule, found 'and'", "use &&"),
        ("hidden or published", "or", "expected the end of the rule, found 'or'", "use ||"),
        ("not hidden", "hidden", "expected the end of the rule, found 'hidden'", "use ! for 'not'"),
        ("count not in [1]", "not", "expected the end of the rule, found 'not'", "use !(a in b)"),
        ("body is null", "is", "expected the end of the rule, found 'is'", "use == or !="),
        ("count <> 1", ">", "expected a value, found '>'", "use != for 'not equal'"),
        ("count === 1", "=", "unexpected '='", "use == to compare"),
        ("title == “a”", "“", "unexpected '“'", 'use straight quotes, as in "text"'),
        ('title == "abc', '"abc', "this text has no closing quote", None),
        ("title == 'a\nb'", "'a", "this text has no closing quote", None),
        (r'title == "a\qb"', r"\q", r"unknown escape '\q'", r"known are \\ \" \' \n \t \r \u0041"),
        (r'title == "a\u0000"', r"\u0000", r"unknown escape '\u0000'", r"known are \\ \" \' \n \t \r \u0041"),
        ("title == 'a\x00'", "\x00", "this character cannot be used", None),
        ("count == 9223372036854775808", "9223372036854775808", "this number does not fit into 64 bits", None),
        ("count == 1" + "0" * 300, "1" + "0" * 300, "this number does not fit into 64 bits", None),
        ("ratio == 1e999", "1e999", "this number is too large", None),
        ("count == 12ab", "12a", "this is not a number", None),
        ("(hidden", "", "expected ')', the rule ends here", None),
        ("hidden)", ")", "expected the end of the rule, found ')'", None),
        ("hidden ? 1", "", "expected ':', the rule ends here", None),
        ("count +", "", "expected a value, the rule ends here", None),
        (
            "tags[0] == 'a'",
            "[",
            "expected the end of the rule, found '['",
            "items cannot be picked by number; use exists or all",
        ),
        ("size(title,)", ")", "expected a value, found ')'", None),
        ("count in [1 2]", "2", "expected ',' or ']', found '2'", None),
        ("title.lowerAscii().length", "length", "fields can be read from names only", None),
        ("title.", "", "expected a name after '.', the rule ends here", None),
        ("count == é", "é", "unexpected 'é'", None),
    ],
)
def test_a_slip_is_named_at_its_place(text: str, place: str, message: str, hint: str | None) -> None:
    with pytest.raises(RuleError) as caught:
        compile_rule(text, SCOPE)
    error = caught.value
    assert (text[error.offset : error.end], error.message, error.hint) == (place, message, hint)
    assert str(error) == (f"{message}; {hint}" if hint else message)
