"""Whether a claim says of one thing what its evidence says of another: A led to B, of B led to A.

Two rules. In one language, two pieces of the claim are exchanged on trial: if that makes it the words of the evidence,
the claim had them the wrong way round. In any language, two things that both texts name are looked at with what is said
beside each: if it fits the other one and not its own, they are crossed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from genesis_rag.answering.wording import WordMatcher, sounds_alike, words
from genesis_rag.text.known_names import known_words, missing_known_names
from genesis_rag.text.normalize import fold
from genesis_rag.text.numbers import Quantity, agrees, quantities
from genesis_rag.text.patterns import lazy
from genesis_rag.text.stop_words import ENGLISH
from genesis_rag.values import dataclass

_TOKEN = lazy(r"[a-z]+(?:[-'’.][a-z0-9]+)*[0-9]*|[0-9]+(?:[.,][0-9]+)*|[一-鿿々〆ヶ]+|[ァ-ヺー]+|[ぁ-ん]+")
_KANA = lazy("[ぁ-ん]+")
_PREPOSITION = frozenset(
    "in on at by for from to with of under after before since until during through as into".split()
)
_AND = r"(?:[,、・&/]|\band\b|\bor\b|と|や|及び|および|並びに|ならびに)"
_LISTED = lazy(rf"[\s」]*{_AND}+(?:\s*[^\s、,.;。ぁ-ん]+(?: [^\s、,.;。ぁ-ん]+){{0,2}}\s*{_AND}+)*[\s「]*")
_PARTICLE = lazy("(?!で(?:[あすし]|$)|だ|なの)[ぁ-ん]")
_SYMMETRIC = lazy(
    r"\bwith(?: the)?$|\b(?:together|same|equals?|differ\w*|between|compar\w*|(?:un)?like|versus|vs)\b"
    "|同じ|異な|違|比べ|共に|ともに|協力|連携|一致"
)
_CASE = lazy("(?:を|に|へ|から|より|によ|として)")
_AT_LEAST = 0.75
"""Share of the claim's words that must stand in the order of the evidence once two pieces are exchanged."""
_LINK = 0.7
"""Share of the words between the two pieces that claim and evidence must have in common."""
_MOST_PIECES, _MOST_WORDS = 12, 40
_STRONG = lazy(r"[。;；]|(?<=[A-Za-z0-9)])\.\s|\b(?:while|whereas|but)\b|一方|に対し")
_WEAK = lazy(r",|\band\b|(?<=[ぁ-ん])(?<!は)、")
_COUNTED = lazy(r",|\band\b|、|と(?=[0-9一-鿿])")
_VOICE = frozenset("by to from been".split())
_NAME = lazy(r"[A-Z][A-Za-z0-9-]*(?: [A-Z][A-Za-z0-9-]*| [0-9]+(?:\.[0-9]+)?)*|[a-z]+[A-Z][A-Za-z0-9]*|[ァ-ヺー]{3,}")
_COMMON = lazy("[ァ-ヺー]{1,4}")
"""Words like データ and モデル name nothing."""
_FITS, _MARGIN = 0.6, 0.3
"""Likeness from which a word is said beside a thing, and by how much less it must be said beside the other."""


def exchanged(claim: str, evidence: str) -> bool:
    """Tell whether exchanging two pieces of ``claim`` turns it into the words of ``evidence``, of the same language."""
    said, held = _tokens(claim), _tokens(evidence)
    before = _common(said, held)
    if len(said) < 3 or len(set(said) & set(held)) < _AT_LEAST * len(set(said)) or before == len(said):
        return False
    least = max(_AT_LEAST * len(said), before + 2)
    for start, middle, second, end in _cut_points(said, held):
        one, between, other, rest = said[start:middle], said[middle:second], said[second:end], said[end:]
        after = _common([*said[:start], *other, *between, *one, *rest], held)
        if after >= least and _may_be_roles(one, between, other, rest, evidence):
            return True
    return False


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(fold(text))


def _cut_points(said: Sequence[str], held: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield where two pieces begin and end: single words, and rows of the runs that stand so in the evidence."""
    single = [place for place, token in enumerate(said) if _content([token]) and said.count(token) == 1]
    if len(single) <= _MOST_WORDS:
        yield from ((one, one + 1, other, other + 1) for one, other in combinations(single, 2) if other > one + 1)
    edges = [0]
    for piece in _pieces(said, held):
        edges.append(edges[-1] + len(piece))
    if len(edges) <= _MOST_PIECES:
        yield from combinations(edges, 4)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the longest common subsequence (bit-parallel, Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for token in other:
        shared = row & places.get(token, 0)
        row = ((row + shared) | (row - shared)) & full
    return len(one) - row.bit_count()


def _pieces(said: Sequence[str], held: Sequence[str]) -> list[list[str]]:
    """Cut the claim into the longest runs that stand so in the evidence, and what is between them."""
    size, start = _longest_run(said, held)
    if not size:
        return [list(said)] if said else []
    return [*_pieces(said[:start], held), list(said[start : start + size]), *_pieces(said[start + size :], held)]


def _longest_run(said: Sequence[str], held: Sequence[str]) -> tuple[int, int]:
    best, begin = 0, 0
    row = [0] * (len(held) + 1)
    for place, token in enumerate(said):
        row = [0, *(row[index] + 1 if other == token else 0 for index, other in enumerate(held))]
        if (longest := max(row)) > best:
            best, begin = longest, place - longest + 1
    return best, begin


def _may_be_roles(
    one: Sequence[str], between: Sequence[str], other: Sequence[str], rest: Sequence[str], evidence: str
) -> bool:
    """Tell whether two pieces may be exchanged roles, and not phrases of one sentence that came in another order."""
    if not (_content(one) and _content(other)) or _SYMMETRIC.search(" ".join(between)):
        return False
    ends = [piece[-1] if _KANA.fullmatch(piece[-1]) else "" for piece in (one, other)]
    starts = [piece[0] if piece[0] in _PREPOSITION else "" for piece in (one, other)]
    if ends[0] != ends[1] or starts[0] != starts[1]:  # a case or a preposition came along
        return False
    after = rest[0] if rest else ""
    if not _content(between) and not (between[0][:1] in ("が", "は") and _CASE.match(after)):
        return False
    known = "".join(_tokens(evidence))
    following = ((other[-1], between[0]), (one[-1], after))
    if any(_PARTICLE.match(kana) and end + kana[0] not in known for end, kana in following):
        return False  # another case or voice
    within = _between(other[-1], one[0], fold(evidence))
    link = _tokens(within)
    voice = [sorted(token for token in tokens if token in _VOICE) for tokens in (between, link)]
    alike = _common(between, link) >= _LINK * max(len(between), len(link))
    return alike and voice[0] == voice[1] and _LISTED.fullmatch(within) is None


def _content(tokens: Sequence[str]) -> bool:
    return any(token not in ENGLISH and not _KANA.fullmatch(token) for token in tokens)


def _between(end: str, start: str, evidence: str) -> str:
    """Return what the folded evidence has between the word ``end`` and the next ``start``: the shortest such piece."""
    tokens = list(_TOKEN.finditer(evidence))
    ends = [match.end() for match in tokens if match[0] == end]
    starts = [match.start() for match in tokens if match[0] == start]
    return min((evidence[one:two] for one in ends for two in starts if one <= two), key=len, default="")


@dataclass(frozen=True, slots=True)
class _Key:
    """A name (folded) or a quantity, and where it stands."""

    value: str | Quantity
    start: int
    end: int


def crossed(claim: str, evidence: str, matcher: WordMatcher) -> bool:
    """Tell whether ``claim`` says of each of two things what ``evidence`` says of the other, in any two languages.

    The things are two names or two quantities, each given once in both texts; both texts are cut between the two. A
    word of the claim speaks for a cross if it is said beside the other thing only, and against it if it is said beside
    its own only: there must be one for it on either side, and more than two for it to one against it.
    """
    said, held = _keys(claim), _keys(evidence)
    shared = [(key, other) for key in said if (other := _only(key, said, held)) is not None]
    for (one, its), (two, others) in combinations(shared, 2):
        if isinstance(one.value, str) is not isinstance(two.value, str) or its.start == others.start:
            continue
        first, second = sorted((its, others), key=lambda key: key.start)
        if _LISTED.fullmatch(claim[one.end : two.start]) or _LISTED.fullmatch(evidence[first.end : second.start]):
            continue
        parts = [
            (mine, theirs if first is its else theirs[::-1])
            for mine in _cuts(claim, one, two)
            for theirs in _cuts(evidence, first, second)
        ]
        votes = [_votes(mine, theirs, (one, two), matcher) for mine, theirs in parts]
        if any(min(cross) > 0 and 2 * sum(straight) < sum(cross) for cross, straight in votes) and not any(
            min(straight) > 0 and 2 * sum(cross) < sum(straight) for cross, straight in votes
        ):
            return True
    return False


def _keys(text: str) -> list[_Key]:
    figures = [_Key(one, one.span.start, one.span.end) for one in quantities(text)]
    found = [(match[0], match.start()) for match in _NAME.finditer(text) if fold(match[0]) not in ENGLISH]
    found += [(form, text.find(form)) for form in known_words(text) if not form.isascii()]
    names = [_Key(name, start, start + len(name)) for name, start in dict.fromkeys(found)]
    names = [one for one in names if not any(one.start < key.end and key.start < one.end for key in figures)]
    return sorted([*figures, *names], key=lambda key: key.start)


def _only(key: _Key, said: Sequence[_Key], held: Sequence[_Key]) -> _Key | None:
    """Return where the evidence has ``key``, if both texts have it just once."""
    found = [other for other in held if _same(key.value, other.value)]
    if len(found) != 1 or sum(_same(found[0].value, other.value) for other in said) != 1:
        return None
    return found[0]


def _same(one: str | Quantity, other: str | Quantity) -> bool:
    if isinstance(one, Quantity) or isinstance(other, Quantity):
        return isinstance(one, Quantity) and isinstance(other, Quantity) and agrees(one, other)
    if fold(one) == fold(other):
        return _COMMON.fullmatch(one) is None
    if sounds_alike(one, other):
        return True
    return bool(known_words(one)) and known_words(one) != known_words(other) and not missing_known_names(one, other)


def _cuts(text: str, one: _Key, two: _Key) -> Iterator[tuple[str, str]]:
    """Yield ``text`` cut between two things, at the strongest marks there are between them, without their names."""
    plain = text
    for key in (two, one):
        if isinstance(key.value, str):
            plain = plain[: key.start] + " " * (key.end - key.start) + plain[key.end :]
    for marks in (_STRONG, _WEAK if isinstance(one.value, str) else _COUNTED):
        found = [mark for mark in marks.finditer(text) if one.end <= mark.start() and mark.end() <= two.start]
        yield from ((plain[: mark.start()], plain[mark.end() :]) for mark in found)
        if found:
            return


def _votes(
    mine: tuple[str, str], theirs: tuple[str, str], keys: Sequence[_Key], matcher: WordMatcher
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how many words of either part of the claim are said beside the other thing only, and its own only."""
    cross, straight = [0, 0], [0, 0]
    for side in (0, 1):
        own, other = theirs[side], theirs[1 - side]
        wanted = [word for word in words(mine[side]) if fold(word) not in fold(mine[1 - side])]
        fits, fits_other = matcher.said(wanted, own), matcher.said(wanted, other)
        cross[side] += int(((fits_other >= _FITS) & (fits_other - fits >= _MARGIN)).sum())
        straight[side] += int(((fits >= _FITS) & (fits - fits_other >= _MARGIN)).sum())
        for figure in quantities(mine[side]):
            if any(_same(figure, key.value) for key in keys):
                continue
            here, there = (any(agrees(figure, one) for one in quantities(text)) for text in (own, other))
            cross[side] += there and not here
            straight[side] += here and not there
    return (cross[0], cross[1]), (straight[0], straight[1])
