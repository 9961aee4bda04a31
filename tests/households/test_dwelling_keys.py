"""Keys are read from the environment's text, and hashes are told apart by key, purpose and parts."""

import pytest

from households.dwelling_keys import HouseholdKey, HouseholdKeyError, dwelling_key, email_key, read_keys

KEY = HouseholdKey("2026a", bytes(range(32)))
OTHER = HouseholdKey("2026b", bytes(range(1, 33)))


def test_a_dwelling_has_one_key_per_secret() -> None:
    assert dwelling_key(KEY, "BE", "1") == dwelling_key(KEY, "BE", "1")
    keys = {
        dwelling_key(KEY, "BE", "1"),
        dwelling_key(KEY, "NL", "1"),
        dwelling_key(KEY, "BE", "2"),
        dwelling_key(OTHER, "BE", "1"),
        email_key(KEY, "1"),
        KEY.hash("dwelling", "B", "E1"),
    }
    assert len(keys) == 6


def test_spellings_of_one_email_address_have_one_key() -> None:
    assert (
        len(
            {
                email_key(KEY, text)
                for text in ("jo@straße.be", "JO@STRASSE.BE ", "\N{FULLWIDTH LATIN SMALL LETTER J}o@strasse.be")
            }
        )
        == 1
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "there is no key"),
        (" ", "there is no key"),
        ("nonsense", "key 1 .* cannot be read"),
        (f"2026a:{'ab' * 32},x:", "key 2 .* cannot be read"),
        (f"2026a:{'ab' * 32}f", "key 1 .* cannot be read"),
        ("2026a:abcd", "shorter than 32 bytes"),
        (f"a:{'ab' * 32},a:{'cd' * 32}", "the same name"),
    ],
)
def test_keys_that_cannot_be_used_are_refused_without_being_repeated(text: str | None, message: str) -> None:
    with pytest.raises(HouseholdKeyError, match=message) as caught:
        read_keys(text)
    assert "abab" not in str(caught.value)
    assert "openssl rand -hex 32" in str(caught.value)


def test_a_key_does_not_show_its_secret() -> None:
    assert KEY.secret.hex() not in repr(read_keys(f"2026a:{KEY.secret.hex()}"))
    assert "secret" not in repr(KEY)
