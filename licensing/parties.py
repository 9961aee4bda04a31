"""Who sells and who buys: what a letterhead and an invoice say of them."""

from dataclasses import dataclass

from licensing.price_book import Country


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a party has its seat; what is not known is None."""

    street: str | None
    postcode: str | None
    city: str | None
    country: Country


@dataclass(frozen=True, slots=True)
class ElectronicAddress:
    """Where a party receives invoices on the Peppol network: a scheme of the EAS code list, and the address in it."""

    scheme: str
    """`0208` for a Belgian enterprise number, `0190` for a Dutch OIN, `0106` for a KvK number, `9944` for a Dutch VAT
    number, `9925` for a Belgian one."""
    identifier: str


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation. What it does not have is None."""

    name: str
    address: PostalAddress
    electronic_address: ElectronicAddress | None = None
    vat_number: str | None = None
    """With its country's letters, without spaces: `BE0123456789`."""
    registration: str | None = None
    """Number in the country's register of enterprises."""
    email: str | None = None
    phone: str | None = None
    contact: str | None = None
    """Person or service that answers questions."""


@dataclass(frozen=True, slots=True)
class Seller:
    """The organisation that sells, with the account that it is paid on."""

    party: Party
    iban: str
    bic: str | None = None
    website: str | None = None
