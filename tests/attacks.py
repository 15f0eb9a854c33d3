"""Strings that would run a script if they were ever taken for HTML: each would call ``hit()``."""

from __future__ import annotations

from itertools import product

RUN = "hit()"
_TAGS = (
    *("img src=x", "svg", "body", "iframe", "video src=x", "audio src=x", "input autofocus"),
    *(
        "details open",
        "marquee",
        "object data=x",
        "style",
        "select autofocus",
        "textarea autofocus",
    ),
    *("embed src=x", "table background=x", "math", "link rel=stylesheet href=x", "x"),
)
_EVENTS = ("onerror", "onload", "onfocus", "ontoggle", "onmouseover", "onanimationstart", "onclick")
_FRAMES = (
    *("{}", "'{}", '"{}', '">{}', "'>{}", "</p>{}", "</details>{}", "</textarea>{}", "</svg>{}"),
    *(
        "--><{}",
        "]]>{}",
        "- {}",
        "1. {}",
        "| {} | x |",
        "# {}",
        "**{}**",
        "`{}`",
        "[1]{}",
        "\u202e{}",
    ),
)
_SCRIPTS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</ScRiPt>",
    f"<script/x>{RUN}</script>",
    f"<<script>{RUN}//<</script>",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<svg><script>{RUN}</script></svg>",
    f"<math><mtext></mtext><script>{RUN}</script></math>",
)
_OTHERS = (
    f"<a href='javascript:{RUN}'>x</a>",
    f"<a href='java\tscript:{RUN}'>x</a>",
    f"<a href='&#106;avascript:{RUN}'>x</a>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src='javascript:parent.{RUN}'></iframe>",
    f"<form action='javascript:{RUN}'><button autofocus>x</button></form>",
    f"<button formaction='javascript:{RUN}'>x</button>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<base href='javascript:{RUN}//'>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><set attributeName=onmouseover to={RUN}>",
    f"[x](javascript:{RUN})",
    f'![x](x"onerror="{RUN})',
    f"<javascript:{RUN}>",
    f"javascript:{RUN}",
    f"data:text/html,<script>parent.{RUN}</script>",
    f"${{{RUN}}}",
    f"`+{RUN}+`",
    f"`;{RUN};`",
    f"\\`;{RUN};\\`",
    f"{{{{{RUN}}}}}",
    f"{{{{#with this}}}}{{{{constructor.constructor '{RUN}'}}}}{{{{/with}}}}",
    f"{{{{{{{RUN}}}}}}}",
    "{{lookup this 'value'}}",
    "@children",
    f"</script><script>{RUN}</script>",
    f"\x00<script>{RUN}</script>",
    f"\ud800<img src=x onerror={RUN}>",
    f"＜script＞{RUN}＜/script＞",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\\x3cscript\\x3e{RUN}",
    f"<details open ontoggle={RUN}>$$\\href{{javascript:{RUN}}}{{x}}$$",
    f"' onfocus={RUN} autofocus x='",
    f'" onfocus={RUN} autofocus x="',
    f'" style="animation-name:fp-pulse" onanimationstart="{RUN}',
    f"x onerror={RUN}",
)
ATTACKS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *_SCRIPTS,
            *_OTHERS,
            *(f"<{tag} {event}={RUN}>" for tag, event in product(_TAGS, _EVENTS)),
            *(frame.format(f"<img src=x onerror={RUN}>") for frame in _FRAMES),
            *(frame.format(f"<script>{RUN}</script>") for frame in _FRAMES),
        )
    )
)
