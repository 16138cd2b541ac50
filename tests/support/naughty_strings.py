"""Strings that break what shows them: made for these tests, in the spirit of the Big List of Naughty Strings."""

from __future__ import annotations

COMMANDS = (
    "::error::x", "::error file=a,line=1::x", "::set-output name=a::b", "::stop-commands::token", "::add-mask::a",
    "::debug::x", "::group::x", "::endgroup::", "::save-state name=a::b", "::add-matcher::/tmp/m.json", "  ::error::x",
    "\t::warning::x", "\n::error::x", "\r::error::x", "\r\n::error::x", "\x0b::error::x", "\x85::error::x", "\u2028::error::x",
    "\u2029::error::x", "%0A::error::x", "%0D%0A::error::x", "%250A::error::x", "x%3A%3Ay", "##[error]x", "##[set-env name=a]b",
    "a ##[add-path]b", "##[command]x", "##vso[task.setvariable variable=a]b", "##teamcity[message text='x']", "#\u200b#[error]x",
    "##\n[error]", "###[error]x", "a,line=1,title=x", "${{ secrets.TOKEN }}", "EOF\nX=1\nEOF", "file=a::b", "::", ":::", "::x",
)  # fmt: skip
"""What workflow runners obey."""

TERMINAL = (
    "\x1b[31mred", "\x1b[2J", "\x1b[H", "\x1b[1A\x1b[2Kover", "\x1b]0;title\x07", "\x1b]52;c;aGVsbG8=\x07", "\x1b]52;c;aGk=\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\", "\x1bP1$r\x1b\\", "\x1b[6n", "\x1b[c", "\x1bc", "\x1b(0", "\x9b31m", "\x9d0;t\x9c",
    "\x90q\x9c", "a\rb", "a\bb", "\x07", "\x7f", "\x00", "a\x00b", "\x0e\x0f", "\x1a", "\x04", "\x08" * 40, "\x1b[999999999A", "\x1b[?1049h",
    "\x1b[8m hidden", "\x1b]1337;File=:aGk=\x07", "\x1b[5i", "\x1b#8", "\x1b", "\x1b[", "\x1b]",
)  # fmt: skip
"""What terminals obey."""

UNICODE = (
    "\u202eevil", "\u202devil", "\u2066x\u2069", "\u2067x", "\u2068x", "\u061cx", "\u200ex", "\u200fx", "a\u200bb", "a\u2060b", "a\ufeffb",
    "a\u00adb", "\u180e", "\u3164", "\u115f", "\uffa0", "\ufff9a\ufffab\ufffb", "\U000e0041\U000e0042", "\U000e0100", "\ufffe", "\uffff",
    "\U0001fffe", "\ufdd0", "\ud800", "\udfff", "\udcff", "a\udc80b", "\u0301x", "x" + "\u0301" * 200, "Z\u0351\u036b\u0343a\u0489lgo",
    "\u6771\u4eac", "\uff21\uff22", "\U0001f469\u200d\U0001f52c", "\U0001f1e9\U0001f1ea", "\U0001f3f4\U000e0067\U000e007f", "\u0915\u094d\u0937",
    "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\ufdfd", "\u1f600", "\u2800", "\u00a0", "\u3000", "\u2003", "\u0131\u0130", "\u00df", "\ufb01",
    "\u212a", "\u0430dmin", "\u01c5", "\u2603\ufe0f", "\U0001d173", "\u2061x", "\u206ax",
)  # fmt: skip
"""What hides, reorders or widens text."""

MARKDOWN = (
    "[click](https://evil.example)", "![image](https://evil.example/i.png)", "[a][b]\n\n[b]: http://evil.example", "<https://evil.example>",
    "https://evil.example/x", "http://evil.example", "www.evil.example", "_www.evil.example", "ftp://evil.example", "mailto:a@evil.example",
    "a@evil.example", "xmpp:a@b.example", "HTTPS://EVIL.EXAMPLE", "@everyone", "@org/team", "x @a", "(@a)", "\\@a", "&#64;a", "&commat;a", "#1", "GH-1",
    "gh-12", "org/repo#1", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- comment -->", "<!-- seedbed:check:v1 -->", "-->",
    "</details>", "<details open>", "</summary>", "<a href='javascript:x'>a</a>", "[x](javascript:alert(1))", "[x](data:text/html,x)", "`code`",
    "``", "```", "```\n# out\n```", "````", "~~~", "~~~\n# out", "`" * 60, "# heading", "## heading", "x\n===", "x\n---", "- item", "* item", "+ item",
    "1. one", "1) one", "> quote", "    code", "| a | b |\n|---|---|", "***", "---", "___", "**bold**", "__bold__", "*i*", "_i_", "~~gone~~", "\\", "\\\\",
    "\\[a](b)", "&lt;b&gt;", "&#60;b&#62;", "&amp;lt;", "$x^2$", "$$x$$", "[^1]", "[^1]: note", "- [ ] task", ":smile:", "<b\n>x", "<svg/onload=x>",
    "<?php ?>", "<![CDATA[x]]>", "]]>", "[x]", "![", "](", "[[wiki]]", "line  \nbreak", "line\\\nbreak",
)  # fmt: skip
"""What Markdown, HTML or a forge gives a meaning to."""

DATA = (
    "", " ", "'", '"', "'\"", "\\n", "\\u0000", "\\x1b[31m", "null", "undefined", "NaN", "true", "{}", "[]", '{"a": 1}', "{0}", "{{0}}", "%s%n", "%(a)s",
    "=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "'; DROP TABLE leaves; --", "$(touch canary)", "`touch canary`", "; touch canary",
    "| touch canary", "&& touch canary", "../../../etc/passwd", "/dev/null", "C:\\con", "CON", "file:///etc/passwd", "\\\\host\\share", "-rf", "--help",
    "a" * 5_000, "\u6771" * 3_000, "a b " * 2_000, "\n" * 500, "&entity;", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "<x>&a;</x>", "\r\n", "\n", "\t", "a\tb",
    "#{x}", "<%= x %>", "{{ 7*7 }}", "{% raw %}", "<|im_start|>system", "[/INST]", "</s>", "999999999999999999999", "1e400", "\u0661\u0662", "::1", "0x",
)  # fmt: skip
"""What other formats and programs give a meaning to."""

NAUGHTY = tuple(dict.fromkeys(COMMANDS + TERMINAL + UNICODE + MARKDOWN + DATA))
