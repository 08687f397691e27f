"""Markdown: the subset is rendered, and no text becomes an element of its author's."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.console.markdown import rendered, sections

CASES: Final[list[tuple[str, str]]] = [
    ("# Car", "<h2>Car</h2>"),
    ("###### deep ##", "<h4>deep</h4>"),
    ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>"),
    ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
    ("1. a\n2) b", "<ol><li>a</li><li>b</li></ol>"),
    ("> quoted\n> more", "<blockquote><p>quoted more</p></blockquote>"),
    ("**bold** and *it*", "<p><strong>bold</strong> and <em>it</em></p>"),
    ("`a < b **c**`", "<p><code>a &lt; b **c**</code></p>"),
    ("3 * 4 * 5 and a*b*c", "<p>3 * 4 * 5 and a*b*c</p>"),
    ("<b onclick=x>", "<p>&lt;b onclick=x&gt;</p>"),
    ("[a](https://b.example) ![c](d)", "<p>[a](https://b.example) ![c](d)</p>"),
    ("#nothing", "<p>#nothing</p>"),
    ("", ""),
]

OURS: Final = re.compile(r"</?(h[234]|p|ul|ol|li|blockquote|strong|em|code)>")


@pytest.mark.parametrize(("text", "markup"), CASES)
def test_the_subset(text: str, markup: str) -> None:
    assert str(rendered(text)) == markup


@given(st.text(st.sampled_from("<>&\"'`*#->1. \na")))
def test_whatever_is_written_only_our_own_elements_come_out(text: str) -> None:
    rest = OURS.sub("", str(rendered(text)))
    assert "<" not in rest
    assert ">" not in rest
    assert '"' not in rest


def test_sections_are_what_stands_under_each_heading() -> None:
    found = sections("before\n\n## Car\n\nbody\n### Van\n- x\n")
    assert [(one.heading, str(one.body)) for one in found] == [
        ("", "<p>before</p>"),
        ("Car", "<p>body</p>"),
        ("Van", "<ul><li>x</li></ul>"),
    ]
