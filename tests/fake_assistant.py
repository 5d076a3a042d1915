"""An assistant over three small documents, for the tests of the command line and the server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from genesis_rag.assistant import AskOptions
from genesis_rag.errors import BackendError
from genesis_rag.types import (
    Answer,
    AnswerDone,
    AnswerEvent,
    Chunk,
    Citation,
    Conversation,
    Document,
    DocumentInfo,
    Hit,
    Language,
    Passage,
    PassagesFound,
    SearchFilter,
    Section,
    TextDelta,
    Turn,
    Verification,
)

JAPANESE_QUOTE = "文科省とDOEはそれぞれ、\n今後5年間で5億ドルを投資する。"
ENGLISH_QUOTE = "Japan and the United States will each invest $500 million."


def document(source: str, title: str, language: Language, text: str, sections: tuple[Section, ...] = ()) -> Document:
    digest = hashlib.sha256(text.encode()).hexdigest()
    whole = sections or (Section((title,), 0, len(text)),)
    return Document(digest[:16], source, title, text, language, digest, whole)


def paged(source: str, pages: list[str]) -> Document:
    text, sections = "", []
    for number, page in enumerate(pages, start=1):
        sections.append(Section(("長い報告書",), len(text), len(text) + len(page), number))
        text += page
    return document(source, "長い報告書", "ja", text, tuple(sections))


JAPANESE = document(
    "genesis.ja.md",
    "ジェネシス・ミッション",
    "ja",
    f"ジェネシス・ミッション\n\n𠮟る👩‍🔬𠮷野家。これは前置き。{JAPANESE_QUOTE}その後の文。<b>太字ではない</b>\n",
)
ENGLISH = document("genesis.en.md", "Genesis Mission", "en", f"# Genesis\n\nBefore. {ENGLISH_QUOTE} After.\n")
LONG = paged("reports/long.pdf", [f"{number}ページの𠮟文。" + "本文。" * 400 + "\n" for number in range(1, 31)])
DOCUMENTS = (JAPANESE, ENGLISH, LONG)


def info_of(one: Document) -> DocumentInfo:
    return DocumentInfo(one.id, one.source, (one.source,), one.title, one.language, one.content_sha256, 1, 1.5, {})


def passage_of(marker: int, one: Document, start: int, end: int) -> Passage:
    section = next(s for s in one.sections if s.start <= start < s.end)
    return Passage(
        marker,
        one.id,
        one.source,
        one.title,
        section.heading_path,
        section.page,
        start,
        end,
        one.text[start:end],
        one.language,
        one.content_sha256,
        (f"chunk{marker}",),
        0.75,
        {"dense": 0.5, "lexical": 12.25, "fused": 0.75},
    )


def citation_of(passage: Passage, quote: str, answer_start: int, answer_end: int) -> Citation:
    start = passage.start + passage.text.index(quote)
    return Citation(
        passage.marker,
        passage.document_id,
        passage.source,
        passage.title,
        passage.heading_path,
        passage.page,
        start,
        start + len(quote),
        quote,
        passage.language,
        passage.content_sha256,
        answer_start,
        answer_end,
        Verification(True, True, 1.0),
    )


@dataclass
class FakeAssistant:
    """Answers "投資" and "invest", quotes page 20 for "ページ", fails on "boom" and "crash", else abstains."""

    calls: list[object] = field(default_factory=list)
    closed: bool = False
    refreshed: int = 0
    generation: int = 7
    removed: set[str] = field(default_factory=set)

    @property
    def info(self) -> dict[str, object]:
        return {"generation": self.generation, "documents": len(DOCUMENTS)}

    def __enter__(self) -> FakeAssistant:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed = True

    def require_ready(self) -> None:
        pass

    def refresh(self) -> bool:
        self.refreshed += 1
        return False

    def documents(self) -> list[DocumentInfo]:
        return [info_of(one) for one in DOCUMENTS if one.source not in self.removed]

    def document(self, source_or_id: str) -> Document:
        return next(one for one in DOCUMENTS if source_or_id in (one.id, one.source))

    def search(
        self, query: str, k: int = 10, search_filter: SearchFilter | None = None, *, rerank: bool = False
    ) -> list[Hit]:
        self.calls.append((query, k, search_filter))
        language = search_filter.language if search_filter else None
        found = [one for one in DOCUMENTS if language in (None, one.language)]
        return [
            Hit(
                Chunk(f"c{rank}", one.id, 0, 0, 12, one.text[:12], (one.title,), one.sections[0].page, one.language),
                info_of(one),
                rank,
                1 / rank,
                {"dense": 0.5, "lexical": 3.0, "fused": 1 / rank},
            )
            for rank, one in enumerate(found[:k], start=1)
        ]

    def ask(self, question: str, options: AskOptions | None = None) -> Answer:
        *_, last = self.stream(question, options)
        assert isinstance(last, AnswerDone)
        return last.answer

    def conversation(self, questions: Sequence[str]) -> Conversation:
        return Conversation(tuple(Turn(question, question) for question in questions))

    def stream(self, question: str, options: AskOptions | None = None) -> Iterator[AnswerEvent]:
        self.calls.append((question, options))
        if "boom" in question:
            raise BackendError("The engine stopped.", "Start it again.")
        if "crash" in question:
            raise ZeroDivisionError("secret detail")
        answer = self._answer(question)
        yield PassagesFound(answer.passages, question)
        if "midway" in question:
            raise BackendError("The engine stopped midway.", "")
        for begin in range(0, len(answer.text), 5):
            yield TextDelta(answer.text[begin : begin + 5])
        yield AnswerDone(answer)

    def _answer(self, question: str) -> Answer:
        passages = tuple(passage_of(n, one, 0, len(one.text)) for n, one in enumerate((JAPANESE, ENGLISH), start=1))
        empty = Answer(
            question,
            "",
            "en",
            False,
            "",
            (),
            passages,
            (),
            "extractive",
            0.875,
            "m" * 8,
            "i" * 8,
            timings={"retrieval": 0.002, "answering": 0.001},
        )
        if "投資" in question:
            text = "今後5年間で5億ドルを投資する。[1]"
            citations = (citation_of(passages[0], JAPANESE_QUOTE, 0, len(text)),)
            return replace(empty, text=text, language="ja", citations=citations)
        if "invest" in question:
            first, second = "5億ドル 👩‍🔬 𠮟 [1]", f"{ENGLISH_QUOTE} [2] and [9] stay."
            text = f"{first}\n{second}"
            citations = (
                citation_of(passages[0], JAPANESE_QUOTE, 0, len(first)),
                citation_of(passages[1], ENGLISH_QUOTE, len(first) + 1, len(text)),
            )
            return replace(empty, text=text, citations=citations, notes=("One source is in Japanese.",))
        if "ページ" in question:
            section = LONG.sections[19]
            passage = passage_of(1, LONG, section.start, section.end)
            text = "20ページの𠮟文。[1]"
            return replace(
                empty,
                text=text,
                language="ja",
                passages=(passage,),
                citations=(citation_of(passage, "20ページの𠮟文。", 0, len(text)),),
            )
        return replace(empty, text="The documents do not say.", abstained=True, reason="no_evidence", confidence=0.1)
