"""The built-in documents: complete, of fair length, and saying nothing that their sources do not say."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from corpus_claims import MONTHS, Date, canonical, covered, dates, figures, names, plain, scaled, spelled
from corpus_reading import Written

KEYS = ("title", "language", "date", "topics", "licence")
KNOWN_WORDS = {"Japanese", "American", "British", *(month.title() for month in MONTHS)}  # dates have their own check
Facts = dict[str, dict[str, str]]


def evidence(document: Written, facts: Facts) -> str:
    """Everything the cited facts say, in both languages, with their dates and the titles of their sources."""
    cited = [facts[name] for name in document.facts]
    return "\n".join("\n".join((f["fact_en"], f["fact_ja"], f["date"], f["source_title"])) for f in cited)


def fact_dates(fact: dict[str, str]) -> set[Date]:
    """The dates of one fact; where a day comes without its year, the years that the same fact names."""
    said = plain("\n".join((fact["fact_en"], fact["fact_ja"], fact["date"])))
    found = dates(said)
    years = {int(year) for year in re.findall(r"(?:19|20)\d\d", said)}
    return found | {(year, month, day) for known, month, day in found if known is None for year in years}


def sentences(text: str) -> set[str]:
    """Sentences and lines without markup, spaces or the final stop; very short ones are names, not sentences."""
    lines = re.split(r"[\n|]+|(?<=[。．!?])|(?<=[a-z0-9)]\.)\s", plain(text))
    bare = {re.sub(r"[\s。]+|\.$", "", line) for line in lines}
    return {line for line in bare if len(line) >= 6}


def test_there_are_enough_documents_in_both_languages(documents: list[Written]) -> None:
    languages: dict[str, set[str]] = {}
    for document in documents:
        languages.setdefault(document.name.split(".")[0], set()).add(document.language)
    found = Counter("+".join(sorted(both)) for both in languages.values())
    assert len(documents) >= 60
    assert found["en+ja"] >= 25
    assert found["ja"] >= 10
    assert found["en"] >= 10


def test_the_forms_are_those_of_real_collections(documents: list[Written]) -> None:
    forms = Counter(document.front.get("form", "md") for document in documents)
    assert forms["pdf"] >= 2 and forms["docx"] >= 2 and forms["html"] >= 2
    for language in ("ja", "en"):
        bodies = [document.body for document in documents if document.language == language]
        assert sum("\n| --- |" in body for body in bodies) >= 10  # tables
        assert sum("\n1. " in body for body in bodies) >= 8  # numbered lists
        assert sum(len(re.findall(r"(?:か|\?)\**$", body, re.MULTILINE)) >= 4 for body in bodies) >= 3  # questions


def test_facts_of_one_language_stay_in_it(documents: list[Written]) -> None:
    """Questions across languages are real only where no document of the asker's language answers them."""
    used = {language: {f for d in documents if d.language == language for f in d.facts} for language in ("ja", "en")}
    assert len(used["ja"] - used["en"]) >= 30
    assert len(used["en"] - used["ja"]) >= 30


def test_every_fact_with_a_source_is_told(documents: list[Written], facts: Facts) -> None:
    told = {name for document in documents for name in document.facts}
    usable = {n for n, f in facts.items() if f["verified"] != "from memory" and f["confidence"] != "low"}
    assert not usable - told


def test_front_matter_is_complete(documents: list[Written]) -> None:
    for document in documents:
        assert all(document.front.get(key) for key in KEYS), document.name
        assert document.front["licence"].startswith("CC BY 4.0"), document.name
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", document.front["date"]), document.name
        assert re.fullmatch(r"\[[a-z0-9-]+(, [a-z0-9-]+)*\]", document.front["topics"]), document.name
        assert document.sources, document.name
        for source in document.sources:
            assert source["title"] and source["address"] and source["facts"], (document.name, source)
        assert len(set(document.facts)) == len(document.facts), document.name


def test_language_is_the_one_named(documents: list[Written]) -> None:
    for document in documents:
        assert document.name.endswith(f".{document.language}.md"), document.name
        letters = re.findall(r"[A-Za-z]|[ぁ-んァ-ヴ一-龠]", document.body)
        share = sum(1 for letter in letters if ord(letter) > 127) / len(letters)
        assert share > 0.5 if document.language == "ja" else share < 0.02, (document.name, share)


def test_length_is_within_limits(documents: list[Written]) -> None:
    for document in documents:
        if document.language == "ja":
            assert 600 <= len(re.sub(r"\s", "", document.body)) <= 2500, document.name
        else:
            assert 250 <= len(document.body.split()) <= 900, document.name


def test_japanese_style_does_not_change_within_a_document(documents: list[Written]) -> None:
    for document in documents:
        if document.language == "ja":
            polite = len(re.findall(r"(?:です|ます|ました|ません|でした)。", document.body))
            formal = len(re.findall(r"(?:である|した|する|れた|った|いる|ある|ない|なる)。", document.body))
            polite_past = len(re.findall(r"(?:ました|でした)。", document.body))
            assert polite == 0 or formal - polite_past <= 0, document.name


def test_no_name_of_this_machine(documents: list[Written]) -> None:
    for document in documents:
        assert not re.search(r"[\s\"'(]\.{0,2}/[a-z]+/|seed document", str(document)), document.name


def test_cited_facts_exist_and_have_a_source(documents: list[Written], facts: Facts) -> None:
    for document in documents:
        for name in document.facts:
            assert facts[name]["verified"] != "from memory", (document.name, name)
            assert facts[name]["confidence"] in {"high", "medium"}, (document.name, name)


def test_sources_hold_the_facts_they_are_said_to_hold(documents: list[Written], facts: Facts) -> None:
    for document in documents:
        for source in document.sources:
            for name in source["facts"].split(", "):
                fact = facts[name]
                if fact["verified"] != "seed":
                    assert (fact["source_title"], fact["source_url_or_file"]) == (source["title"], source["address"])
                else:
                    assert source["title"].startswith("MEXT slide deck"), (document.name, name)


def test_every_figure_occurs_in_a_cited_fact(documents: list[Written], facts: Facts) -> None:
    for document in documents:
        said = evidence(document, facts)
        known = figures(said) | spelled(said)
        sizes = scaled(said) | {canonical(digits) for digits in figures(said)}
        bare = re.sub(r"\d[\d,.億]*\d?\s?(?:thousand|[mb]illion|trillion|[千万億兆])+", " ", plain(document.body))
        assert figures(bare) <= known, (document.name, figures(bare) - known)
        assert scaled(document.body) <= sizes, (document.name, scaled(document.body) - sizes)


def test_every_date_occurs_in_a_cited_fact(documents: list[Written], facts: Facts) -> None:
    for document in documents:
        known = set().union(*(fact_dates(facts[name]) for name in document.facts))
        wrong = {date for date in dates(plain(document.body)) if not covered(date, known)}
        assert not wrong, (document.name, wrong)


def test_every_name_occurs_in_a_cited_fact(documents: list[Written], facts: Facts, glossary: str) -> None:
    for document in documents:
        said = plain(evidence(document, facts) + "\n" + glossary).lower()
        wrong = {
            name
            for name in names(document.body, document.language)
            if name.lower() not in said and name not in KNOWN_WORDS
        }
        assert not wrong, (document.name, wrong)


def test_no_sentence_is_copied(documents: list[Written], facts: Facts, seed: str) -> None:
    theirs = sentences(seed)
    for fact in facts.values():
        theirs |= sentences(fact["fact_en"]) | sentences(fact["fact_ja"])
    quoted = re.findall(r"「([^」]+)」", "".join(fact["fact_ja"] for fact in facts.values()))
    official = {name for quote in quoted for name in sentences(quote)}  # names of areas and challenges stay as they are
    for document in documents:
        same = {line for line in sentences(document.body) & theirs if re.sub(r"^\d+", "", line) not in official}
        assert not same, (document.name, same)


def test_quantities_of_the_package_are_supported(documents: list[Written], facts: Facts) -> None:
    numbers = pytest.importorskip("genesis_rag.text.numbers")
    for document in documents:
        said = evidence(document, facts)
        kinds = {"money", "percent", "date", "fiscal_year"}
        wrong = [q for q in numbers.unsupported_quantities(plain(document.body), said) if q.kind in kinds]
        assert not wrong, (document.name, wrong)


@pytest.mark.parametrize(
    ("claim", "known", "expected"),
    [
        ("June 4, 2026", "2026年6月4日", True),
        ("6月4日", "4 June 2026", True),
        ("June 5, 2026", "2026年6月4日", False),
        ("2026年6月4日", "June 2026", False),
        ("2025年6月", "2026-06-04", False),
    ],
)
def test_the_check_of_dates_tells_right_from_wrong(claim: str, known: str, expected: bool) -> None:
    (date,) = dates(claim)
    assert covered(date, dates(known)) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("5億ドル", "$500 million"), ("2億9376万ドル", "$293.76 million"), ("約3億2千万ドル", "320 million")],
)
def test_the_check_of_figures_reads_both_languages(one: str, other: str) -> None:
    assert scaled(one) == scaled(other)
    assert scaled("6億ドル") != scaled("$500 million")


def test_the_check_of_names_finds_strangers() -> None:
    assert names("柿田恭良氏はNVIDIAと会った。", "ja") == {"柿田恭良", "NVIDIA"}
    assert names("Then Dario Gil met Smith of DOE.", "en") == {"Dario", "Gil", "Smith", "DOE"}
