"""`POST /v1/verifications`: an address as typed, its official form, its sector and buurt."""

from fastapi.testclient import TestClient

from data.demo import DemoFiles


def test_showcase_addresses_are_accepted_with_their_sector(client: TestClient, demo: DemoFiles) -> None:
    for shown in demo.showcase:
        question = {
            "street": shown.street_nl or shown.street_fr,
            "house_number": shown.house_number,
            "box": shown.box,
            "postcode": shown.postcode,
            "municipality": shown.municipality_nl or shown.municipality_fr,
            "country": "BE",
        }
        body = client.post("/v1/verifications", json=question).json()
        assert body["verdict"] == "accept", (question, body["reasons"])
        assert body["address"]["address_id"] == shown.address_id
        assert body["place"]["sector"]["code"] == shown.sector_code
        assert body["place"]["buurt"]["code"] == f"{shown.municipality_code}-01"
        assert body["releases"] == ["demo-addresses", "demo-sectors"]


def test_case_accents_and_punctuation_do_not_matter(client: TestClient) -> None:
    question = {"street": "RUE DE L EGLISE", "house_number": "2", "postcode": "9995", "municipality": "ville demo"}
    body = client.post("/v1/verifications", json=question | {"language": "fr"}).json()
    assert body["verdict"] == "accept"
    assert body["address"]["formatted"] == "Rue de l'Église 2, 9995 Ville-Démo"


def test_a_bilingual_address_is_found_by_either_name_and_written_in_the_language_asked_for(client: TestClient) -> None:
    nl = {"street": "Kerkstraat", "house_number": "2", "postcode": "9995", "municipality": "Proefstad"}
    fr = {"street": "Rue de l'Église", "house_number": "2", "postcode": "9995", "municipality": "Ville-Essai"}
    asked_in_nl = client.post("/v1/verifications", json=nl | {"language": "fr"}).json()
    asked_in_fr = client.post("/v1/verifications", json=fr | {"language": "nl"}).json()
    assert asked_in_nl["address"]["address_id"] == asked_in_fr["address"]["address_id"]
    assert asked_in_nl["address"]["formatted"].startswith("Rue de l'Église 2")
    assert asked_in_fr["address"]["formatted"].startswith("Kerkstraat 2")


def test_a_number_that_does_not_exist_is_never_a_neighbours_address(client: TestClient) -> None:
    question = {"street": "Kerkstraat", "house_number": "999", "postcode": "9993", "municipality": "Demodorp"}
    body = client.post("/v1/verifications", json=question).json()
    assert body["verdict"] == "fix"
    assert body["address"] is None
    assert body["place"] is None
    assert "house-number-not-found" in [reason["code"] for reason in body["reasons"]]


def test_an_address_without_a_position_has_no_buurt_and_says_why(client: TestClient, demo: DemoFiles) -> None:
    import csv
    import io
    import zipfile

    [walloon] = [register for register in demo.registers if "bewal" in register.name]
    with zipfile.ZipFile(walloon) as archive:
        rows = csv.DictReader(io.TextIOWrapper(archive.open(archive.namelist()[0]), encoding="utf-8"))
        row = next(row for row in rows if float(row["EPSG:31370_x"]) == 0 and row["status"] == "current")
    question = {
        "street": row["streetname_fr"],
        "house_number": row["house_number"],
        "box": row["box_number"] or None,
        "postcode": row["postcode"],
        "municipality": row["municipality_name_fr"],
    }
    body = client.post("/v1/verifications", json=question).json()
    assert body["address"]["address_id"] == f"BE-WAL/{row['address_id']}"
    assert body["address"]["position"] is None
    assert body["place"] is None
    assert "position-unknown" in [reason["code"] for reason in body["reasons"]]


def test_an_unknown_field_is_refused_by_name(client: TestClient) -> None:
    answer = client.post("/v1/verifications", json={"street": "Kerkstraat", "number": "6"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["/number"]


def test_a_refusal_does_not_repeat_the_address(client: TestClient) -> None:
    answer = client.post("/v1/verifications", json={"street": ["Geheimstraat"], "house_number": "6"})
    assert answer.status_code == 422
    assert "Geheimstraat" not in answer.text


def test_a_country_without_a_register_is_a_problem(client: TestClient) -> None:
    answer = client.post("/v1/verifications", json={"line": "Dam 1, 1012 JS Amsterdam", "country": "NL"})
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/nothing-active")
    assert "buurtwijzer import" in answer.json()["remedy"]
