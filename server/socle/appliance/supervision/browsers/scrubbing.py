"""What may be kept of an error's message: words that engines and our own scripts say, and nothing a person typed.

A message can quote anything (`Unexpected token 'D', "Dupont A"… is not valid JSON`), so it is not cleaned of what looks
like a name: only words of a list get through, and everything else becomes "…".
"""

import re

LONGEST = 160
_WORDS = re.compile(r"[A-Za-z]+|[^A-Za-z]+")
_QUOTED = re.compile(r"""(["'`“«‘]).*?(["'`”»’]|$)""", re.DOTALL)
_HIDDEN = re.compile(r"…(?:[\s.,;:=()\[\]]*…)*\.*")
_SIGNS = set(" .,:;()[]=…")
_SOURCES = frozenset("inline eval wasm-eval data blob extension elsewhere here".split())
_ERRORS = frozenset(
    """
    Error AggregateError EvalError InternalError RangeError ReferenceError SyntaxError TypeError URIError DOMException
    AbortError ConstraintError DataCloneError DataError EncodingError HierarchyRequestError InvalidAccessError
    InvalidCharacterError InvalidStateError NetworkError NotAllowedError NotFoundError NotReadableError
    NotSupportedError OperationError QuotaExceededError ReadOnlyError SecurityError TimeoutError
    TransactionInactiveError UnknownError VersionError
    """.split()
)
KNOWN = frozenset(
    """
    a abort aborted access after already an and any argument arguments array as assign assignment async at attempt
    attempted await bad be because been before bigint blocked body boolean but by call called can cannot canceled
    cancelled capability cast changed circular class client clone closed compare component computed connection const
    construct constructor content context conversion convert converting cookie cors could cyclic data date db deep
    defined delete denied deprecated destroyed did do document does dom domain duplicate dynamically each element
    elements empty end error errors eval evaluate event exceeded exception exist expected expression extensible
    failed fetch field file find form format found from frame function get getter global greater had handle handler
    has have header height html http iframe illegal import imported in infinity initialization initialize
    initialized inline input instance instanceof integer interface internal interrupted into invalid invoke is isn
    it item iterable iterator json key large left length let lexical limit line link list literal load loaded
    loading local location lock lost made many map match maximum media memory message method mismatch missing module
    more must name nan native network new no node non none not nothing null number object observer of offset on one
    only open operation operator option or origin out outside overflow parameter parent parse parsing pattern
    permission point pointer port position possible precision primitive private promise properties property protocol
    prototype proxy quota range reached read reading reason record recursion redeclaration redefine reference
    refused regexp register regular rejected rejection remove removed request require required resizeobserver
    resource response return right root safe same script second secure security segment select selector semicolon
    server service set setter setting shadow sharing should signal size source space specifier stack state status
    storage store stream strict string style supported symbol syntax tag target text than that the this thread time
    timed timeout to token too transaction tree true try type typeerror types unable unbound undefined undelivered
    unexpected unhandled unknown unload unreachable unrecognized unsupported unterminated url use used user valid
    value values var variable version view was while width window with without worker write wrong xml
    """.split()
)


def message(text: str) -> str:
    """Return what may be kept of a message."""
    unquoted = _QUOTED.sub("…", text[:1000])
    kept = "".join(part if _may_stay(part) else _signs(part) for part in _WORDS.findall(unquoted))
    return _HIDDEN.sub("…", " ".join(kept.split()))[:LONGEST].strip()


def _may_stay(part: str) -> bool:
    return part.lower() in KNOWN


def _signs(part: str) -> str:
    if part[0].isascii() and part[0].isalpha():
        return "…"
    return "".join(sign if sign in _SIGNS else "…" for sign in part)


def error_name(text: str) -> str:
    """Return the class of an error when it is one that engines have, else "Error"."""
    return text if text in _ERRORS else "Error"


def directive(text: str) -> str:
    """Return the name of a content security directive, else "?"."""
    return text if re.fullmatch(r"[a-z]{3,10}-(?:src|uri|ancestors|action)(?:-elem|-attr)?", text) else "?"


def source(text: str) -> str:
    """Return what kind of thing a directive stopped."""
    return text if text in _SOURCES else "elsewhere"


def method(text: str) -> str:
    """Return an HTTP method, else "?"."""
    return text if text in {"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"} else "?"


def file(text: str) -> str:
    """Return the place of one of our own files ("agenda/agenda.js"), "extension" or "elsewhere"."""
    known = re.fullmatch(r"(extension|elsewhere|page|(?:[a-z_]+/){0,3}[a-z_.-]+\.(?:js|css|svg))", text)
    return text if known else "elsewhere" if text else ""
