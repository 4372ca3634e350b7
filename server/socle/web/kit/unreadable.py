"""The answer to a request that could not be read at all, so that no page of a door can answer it: small, in French."""

from html import escape

from socle.foundation.errors import N_, SocleError
from socle.foundation.wording import say

_PAGE = """<!doctype html>
<html lang="fr"><head><meta charset="utf-8"><title>Socle</title></head>
<body><h1>{message}</h1><p>{hint}</p><p>Code : {code}</p></body></html>
"""
_ANSWER = """HTTP/1.1 {status} {reason}\r
Connection: close\r
Content-Type: text/html; charset=utf-8\r
Content-Length: {length}\r
Content-Security-Policy: default-src 'none'\r
X-Content-Type-Options: nosniff\r
Cache-Control: no-store\r
\r
"""


class HeadersTooLong(SocleError):
    """The address or a header is longer than any of ours."""

    code = "REQUEST-TOO-LONG"
    message = N_("The address or the headers of this request are too long.")
    hint = N_("Nothing was changed. Clear the cookies of this address in your browser, then open the page again.")
    kind = "invalid"


def answer(error: type[SocleError], status: int, reason: str) -> bytes:
    """Return the whole answer, headers included; `reason` is the status's own English name."""
    words = {"message": say(error.message, locale="fr"), "hint": say(error.hint, locale="fr"), "code": error.code}
    page = _PAGE.format(**{name: escape(text) for name, text in words.items()}).encode()
    return _ANSWER.format(status=status, reason=reason, length=len(page)).encode() + page
