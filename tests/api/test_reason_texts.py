"""Texts of reasons: every code in every language, chosen by the question's."""

from typing import get_args

import pytest
from fastapi.testclient import TestClient

from api.reason_texts import TEXTS, Language, reason_text
from api.verifying import NO_POSITION, PLACE_REASONS
from geo.addresses import REASONS


@pytest.mark.parametrize("language", get_args(Language))
def test_every_code_has_a_text_of_its_own(language: Language) -> None:
    assert TEXTS[language].keys() == REASONS.keys() | PLACE_REASONS.keys()
    texts = list(TEXTS[language].values())
    assert all(text.strip() == text and text[-1] in ".?" for text in texts)
    assert len(set(texts)) == len(texts)


def test_no_text_is_left_in_another_language() -> None:
    for code in TEXTS["en"]:
        assert len({reason_text(code, language) for language in get_args(Language)}) == 4, code


def test_french_says_quartier_as_everything_else_in_french_does() -> None:
    assert [text for text in TEXTS["fr"].values() if "buurt" in text] == []
    assert reason_text(NO_POSITION, "fr").endswith("son quartier est donc inconnu.")


@pytest.mark.parametrize("language", get_args(Language))
def test_reasons_come_in_the_language_of_the_question(client: TestClient, language: Language) -> None:
    question = {"line": "Kerkstraat 999, 9993 Demodorp", "language": language}
    reasons = client.post("/v1/verifications", json=question).json()["reasons"]
    assert {"house-number-not-found"} <= {reason["code"] for reason in reasons}
    assert [reason["text"] for reason in reasons] == [reason_text(reason["code"], language) for reason in reasons]


def test_english_texts_come_with_a_dutch_address(client: TestClient) -> None:
    question = {"line": "Rue de l'Église 2, 9995 Ville-Essai"}
    english, dutch = (
        client.post("/v1/verifications", json=question | {"language": lang}).json() for lang in ("en", "nl")
    )
    assert english["address"]["formatted"] == dutch["address"]["formatted"]
    assert english["address"]["formatted"].startswith("Kerkstraat 2, 9995 Proefstad")
