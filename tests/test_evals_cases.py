"""The case sets are what they say: well formed, unchanged, true to the knowledge, sealed."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from assistant import Language, Settings, load_corpus
from evals.cases import (
    CANARY,
    FOLDER,
    CaseError,
    Part,
    Slice,
    load_cases,
    read_cases,
    write_versions,
)
from evals.metrics import holds

NEW = ("multisource", "followup", "conflict", "injected", "crosslingual", "premise")


@pytest.fixture(scope="module")
def cases():
    return load_cases()


def test_there_are_enough_of_every_kind_in_both_languages_and_parts(cases):
    assert len(cases) >= 400
    kinds = Counter((case.slice, case.language, case.part) for case in cases)
    for kind in Slice:
        for language in Language:
            for part in Part:
                assert kinds[kind, language, part] >= 4, (kind, language, part)


def test_gold_documents_exist_and_hold_the_required_figures(cases):
    texts = {
        (document.info.name, document.info.language): document.text
        for document in load_corpus(Settings().knowledge_dir)
    }
    names = {name for name, _ in texts}
    wrong = []
    for case in cases:
        wrong += [(case.alias, "no document") for name in case.documents if name not in names]
        if not case.set.startswith(NEW):
            continue
        languages = case.sources_in or (case.language,)
        there = "\n".join(texts[n, lang] for n in case.documents for lang in languages)
        wrong += [(case.alias, "figure") for figure in case.figures if not holds(figure, there)]
    assert wrong == []


def test_the_canary_stands_in_the_readme_and_in_every_new_file():
    assert CANARY in (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.jsonl"):
        if path.name.startswith(NEW):
            assert CANARY in path.read_text(encoding="utf-8").splitlines()[0]


def test_a_sealed_case_goes_by_an_alias_that_tells_nothing(cases):
    aliases = [case.alias for case in cases]
    assert len(set(aliases)) == len(aliases)
    for case in cases:
        if case.part is Part.TEST:
            assert case.id not in case.alias
            assert case.alias.startswith("sealed-")
        else:
            assert case.alias == case.id


def test_no_question_stands_in_both_parts(cases):
    parts: dict[str, set[Part]] = {}
    for case in cases:
        if not case.history:
            parts.setdefault(case.question.casefold().strip(), set()).add(case.part)
    assert [question for question, found in parts.items() if len(found) > 1] == []


# ---- files that are wrong
GOOD = {
    "id": "a",
    "question": "Why?",
    "language": "en",
    "answerable": True,
    "documents": ["x"],
    "figures": [],
}


def written(folder, row, name="made-dev.jsonl"):
    path = folder / name
    path.write_text(json.dumps({"canary": "c"}) + "\n" + json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_a_first_line_with_the_canary_is_no_case(tmp_path):
    (case,) = read_cases(written(tmp_path, GOOD))
    assert case.slice is Slice.ANSWERABLE
    assert (case.set, case.part) == ("made", Part.DEV)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"language": "fr"}, "fr"),
        ({"answerable": None}, "true or false"),
        ({"question": " "}, "needs a question"),
        ({"slice": "odd"}, "odd"),
        ({"sources_needed": 2}, "as many documents"),
        ({"documents": []}, "as many documents"),
        ({"figurse": []}, "unknown fields"),
        ({"history": [{"role": "user"}]}, "content"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, change, told):
    with pytest.raises(CaseError, match=rf"made-dev\.jsonl:2: .*{told}"):
        read_cases(written(tmp_path, {**GOOD, **change}))


def test_published_files_do_not_change(tmp_path):
    written(tmp_path, GOOD)
    write_versions(tmp_path)
    assert [case.id for case in load_cases(tmp_path)] == ["a"]
    written(tmp_path, {**GOOD, "question": "Why not?"})
    with pytest.raises(CaseError, match="published cases do not change"):
        load_cases(tmp_path)
    with pytest.raises(CaseError, match="differs now"):
        write_versions(tmp_path)


def test_an_id_twice_is_refused(tmp_path):
    written(tmp_path, GOOD)
    written(tmp_path, GOOD, "other-dev.jsonl")
    write_versions(tmp_path)
    with pytest.raises(CaseError, match="'a'"):
        load_cases(tmp_path)
