"""Texts that try to act, to hide or to break what shows them."""

__all__ = ["HOSTILE"]

HOSTILE = (
    "</script><script>window.pwned=1</script>",
    "</pre></style></title><img src=x onerror=window.pwned=1>",
    "{{ 7919*7907 }}{% raw %}{{ config }}{# #}",
    "a\x00b\x08\x1b[31mred\x1b]8;;http://192.0.2.1\x07 \x9b31m",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200b\ufeff",
    "\ud800 lone \udfff",
    "x" * 10_000,
    "``` `` ` | \\| <b> [a](javascript:alert(1)) ![](http://192.0.2.1/x)",
    "line\nbreak\r\nand\u2028more\x85 |",
    "שלום עולם (abc) مرحبا",
    "Z" + "\u0301" * 300,
    "漢字" * 40 + "😀" * 30,
    "WM%@" * 20,
    '" onmouseover="window.pwned=1" x="',
    "' autofocus onfocus='window.pwned=1",
    "<!-- --><![CDATA[ &lt;b&gt; &#60;script&#62;",
)
