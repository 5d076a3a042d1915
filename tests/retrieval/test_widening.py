"""What is searched for beside the question's own words."""

from __future__ import annotations

from typing import Any

from genesis_rag.retrieval.widening import NAME_WEIGHT, SLIP_WEIGHT, VARIANT_WEIGHT
from genesis_rag.retrieval.widening import spelling_terms as added_terms

DOCUMENTS = {
    "beams.en.md": ["The synchrotron was rebuilt in Sayo.", "Its magnets are permanent."],
    "interface.ja.md": ["インタフェースの設計を公開する。"],
    "mission.ja.md": ["秋に青空計画（Blue Sky Plan）が始まった。", "会議は春に開かれる。"],
    "mission.en.md": ["The Blue Sky Plan costs nine dollars.", "Trains are slow."],
}


class Counting:
    """An index that counts how often it is asked for a term."""

    def __init__(self, index: Any) -> None:
        self._index, self.asked = index, 0

    def document_frequency(self, term: str) -> int:
        self.asked += 1
        return int(self._index.document_frequency(term))


def spelling_terms(index: Any, analyser: Any, question: str) -> list[tuple[str, float]]:
    return added_terms(index, analyser, question, analyser.search_terms(question))


def test_an_unknown_word_is_looked_up_in_other_spellings(library: Any) -> None:
    library.fill(DOCUMENTS)
    index, analyser = library.index(), library.analyser
    right = analyser.query_terms("synchrotron")[0][0]
    for wrong in ("synchroton", "synchrottron", "sinchrotron", "sycnhrotron"):
        assert spelling_terms(index, analyser, f"When was the {wrong} rebuilt?") == [(right, SLIP_WEIGHT)]


def test_known_words_cost_one_look_up_each(library: Any) -> None:
    library.fill(DOCUMENTS)
    counting = Counting(library.index())
    assert spelling_terms(counting, library.analyser, "When was the synchrotron rebuilt?") == []
    assert counting.asked == 2


def test_katakana_is_found_in_another_way_of_writing(library: Any) -> None:
    library.fill(DOCUMENTS)
    terms = spelling_terms(library.index(), library.analyser, "インターフェースは")
    assert terms == [("タフ", VARIANT_WEIGHT)]
    assert spelling_terms(library.index(), library.analyser, "インタフェースは") == []


def test_a_misspelt_question_finds_its_chunk(library: Any) -> None:
    library.fill(DOCUMENTS)
    hits = library.retriever().search("synchroton", 9)  # to the vectors of this library all these texts are alike
    found = [hit.chunk.text for hit in hits if hit.scores["lexical"] > 0]
    assert found == ["The synchrotron was rebuilt in Sayo."]


def test_a_name_crosses_languages_by_what_documents_say(library: Any) -> None:
    library.fill(DOCUMENTS)
    hits = {hit.chunk.text: hit.scores["lexical"] for hit in library.retriever().search("青空計画の費用は", 9)}
    assert hits["The Blue Sky Plan costs nine dollars."] > 0
    assert hits["Trains are slow."] == 0
    assert 0 < NAME_WEIGHT < 1
