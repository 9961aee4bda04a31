"""Checks the XML of an invoice against the rules of EN 16931 and Peppol BIS Billing 3 that can bite here.

Each check names the published rule that it restates: EN 16931-1:2017, clause 6.4 (BR-…), and the rules of OpenPeppol
(PEPPOL-…, NL-R-…). These are the rules about what our invoices contain. They are no replacement for the official
Schematron: code lists, and rules on parts that are never written here, are not in it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from licensing.money import Rounding, RoundingMode, exact_arithmetic, percent_of

_PREFIXES: Final = {
    "i": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_SUMS: Final = "cac:LegalMonetaryTotal/cbc:"
_SUBTOTAL: Final = "cac:TaxTotal/cac:TaxSubtotal"
_SELLER: Final = "cac:AccountingSupplierParty/cac:Party"
_BUYER: Final = "cac:AccountingCustomerParty/cac:Party"
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Violation:
    """A published rule that an invoice breaks."""

    rule: str
    message: str


def check_invoice_xml(data: bytes) -> tuple[Violation, ...]:
    """Return the rules that an invoice breaks; none where it may be sent.

    Parameters
    ----------
    data
        Of an invoice that we wrote ourselves: it is parsed without a guard against hostile XML.

    Examples
    --------
    >>> check_invoice_xml(b"<a/>")[0].rule
    'UBL-SR'
    """
    try:
        root = fromstring(data)  # nosec B314  # noqa: S314 -- our own output
    except ParseError as error:
        return (Violation("UBL-SR", f"this is no XML: {error}"),)
    if root.tag != f"{{{_PREFIXES['i']}}}Invoice":
        return (Violation("UBL-SR", "the root is no UBL 2.1 Invoice"),)
    with exact_arithmetic():
        return tuple(violation for check in _CHECKS for violation in check(root))


def _text(node: Element, path: str) -> str:
    return (node.findtext(path, "", _PREFIXES) or "").strip()


def _amount(node: Element, path: str) -> Decimal:
    text = _text(node, path)
    return Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else Decimal(0)


def _all(node: Element, path: str) -> list[Element]:
    return node.findall(path, _PREFIXES)


def _check_presence(root: Element) -> Iterator[Violation]:
    required = (
        ("BR-01", "cbc:CustomizationID", "a specification identifier"),
        ("BR-02", "cbc:ID", "a number"),
        ("BR-03", "cbc:IssueDate", "an issue date"),
        ("BR-04", "cbc:InvoiceTypeCode", "a type code"),
        ("BR-05", "cbc:DocumentCurrencyCode", "a currency"),
        ("BR-06", f"{_SELLER}/cac:PartyLegalEntity/cbc:RegistrationName", "the seller's name"),
        ("BR-07", f"{_BUYER}/cac:PartyLegalEntity/cbc:RegistrationName", "the buyer's name"),
        ("BR-09", f"{_SELLER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode", "the seller's country"),
        ("BR-11", f"{_BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode", "the buyer's country"),
        ("BR-12", f"{_SUMS}LineExtensionAmount", "the sum of the lines"),
        ("BR-13", f"{_SUMS}TaxExclusiveAmount", "the total without VAT"),
        ("BR-14", f"{_SUMS}TaxInclusiveAmount", "the total with VAT"),
        ("BR-15", f"{_SUMS}PayableAmount", "the amount due"),
        ("BR-16", "cac:InvoiceLine/cbc:ID", "a line"),
        ("BR-49", "cac:PaymentMeans/cbc:PaymentMeansCode", "a means of payment"),
        ("BR-50", "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID", "the account to be paid on"),
        ("BR-CO-18", f"{_SUBTOTAL}/cac:TaxCategory/cbc:ID", "a breakdown of VAT"),
        ("BR-CO-25", "cbc:DueDate", "a due date"),
        ("PEPPOL-EN16931-R001", "cbc:ProfileID", "a business process"),
        ("PEPPOL-EN16931-R003", "cbc:BuyerReference", "a buyer reference"),
        ("PEPPOL-EN16931-R010", f"{_BUYER}/cbc:EndpointID", "the buyer's electronic address"),
        ("PEPPOL-EN16931-R020", f"{_SELLER}/cbc:EndpointID", "the seller's electronic address"),
    )
    for rule, path, what in required:
        if not _text(root, path):
            yield Violation(rule, f"the invoice has {what}")


def _check_lines(root: Element) -> Iterator[Violation]:
    for line in _all(root, "cac:InvoiceLine"):
        place = _text(line, "cbc:ID")
        price, amount = _amount(line, "cac:Price/cbc:PriceAmount"), _amount(line, "cbc:LineExtensionAmount")
        if not _text(line, "cac:Item/cbc:Name"):
            yield Violation("BR-25", f"line {place} has an item name")
        if price < 0:
            yield Violation("BR-27", f"the price of line {place} is not negative")
        if not _text(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:ID"):
            yield Violation("BR-CO-04", f"line {place} has a VAT category")
        # The published rule grants two cents.
        if abs(_amount(line, "cbc:InvoicedQuantity") * price - amount) > 2 * _CENT:
            yield Violation("PEPPOL-EN16931-R120", f"line {place}: quantity times price is the amount")


def _check_sums(root: Element) -> Iterator[Violation]:
    lines = sum((_amount(line, "cbc:LineExtensionAmount") for line in _all(root, "cac:InvoiceLine")), Decimal(0))
    allowances = sum((_amount(node, "cbc:Amount") for node in _all(root, "cac:AllowanceCharge")), Decimal(0))
    net, gross = _amount(root, f"{_SUMS}TaxExclusiveAmount"), _amount(root, f"{_SUMS}TaxInclusiveAmount")
    vat = _amount(root, "cac:TaxTotal/cbc:TaxAmount")
    parts = sum((_amount(part, "cbc:TaxAmount") for part in _all(root, _SUBTOTAL)), Decimal(0))
    equations = (
        ("BR-CO-10", lines, _amount(root, f"{_SUMS}LineExtensionAmount"), "the lines make their sum"),
        ("BR-CO-11", allowances, _amount(root, f"{_SUMS}AllowanceTotalAmount"), "the allowances make their sum"),
        ("BR-CO-13", lines - allowances, net, "lines less allowances are the total without VAT"),
        ("BR-CO-14", parts, vat, "the breakdown makes the VAT"),
        ("BR-CO-15", net + vat, gross, "total and VAT are the total with VAT"),
        ("BR-CO-16", gross, _amount(root, f"{_SUMS}PayableAmount"), "the total with VAT is due"),
    )
    for rule, left, right, what in equations:
        if left != right:
            yield Violation(rule, f"{what}: {left} is not {right}")
    for part in _all(root, _SUBTOTAL):
        base, rate = _amount(part, "cbc:TaxableAmount"), _amount(part, "cac:TaxCategory/cbc:Percent")
        possible = {Rounding(mode=mode).apply(percent_of(base, rate)) for mode in RoundingMode}
        if _amount(part, "cbc:TaxAmount") not in possible:
            yield Violation("BR-CO-17", f"{rate} % of {base} is the VAT of its category")
    for node in root.iter():
        if (
            "currencyID" in node.attrib
            and not node.tag.endswith("PriceAmount")
            and not re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?", node.text or "")
        ):
            yield Violation("BR-DEC", f"{node.tag.partition('}')[2]} has at most two decimals: {node.text}")


def _check_vat(root: Element) -> Iterator[Violation]:
    seller_vat = _text(root, f"{_SELLER}/cac:PartyTaxScheme/cbc:CompanyID")
    buyer_vat = _text(root, f"{_BUYER}/cac:PartyTaxScheme/cbc:CompanyID")
    buyer_number = _text(root, f"{_BUYER}/cac:PartyLegalEntity/cbc:CompanyID")
    for part in _all(root, _SUBTOTAL):
        category, rate = _text(part, "cac:TaxCategory/cbc:ID"), _amount(part, "cac:TaxCategory/cbc:Percent")
        reason = _text(part, "cac:TaxCategory/cbc:TaxExemptionReason")
        reason += _text(part, "cac:TaxCategory/cbc:TaxExemptionReasonCode")
        if not seller_vat:
            yield Violation(f"BR-{category}-02", "the seller has a VAT number")
        if category == "S" and rate <= 0:
            yield Violation("BR-S-05", "the standard rate is more than 0")
        if category == "S" and reason:
            yield Violation("BR-S-10", "there is no reason for an exemption at the standard rate")
        if category in {"AE", "E"} and rate != 0:
            yield Violation(f"BR-{category}-05", "the rate is 0")
        if category in {"AE", "E"} and not reason:
            yield Violation(f"BR-{category}-10", "there is a reason for the exemption")
        if category == "AE" and not (buyer_vat or buyer_number):
            yield Violation("BR-AE-02", "the buyer has a VAT number or a registration number")
    for number, who in ((seller_vat, "seller"), (buyer_vat, "buyer")):
        if number and not re.fullmatch(r"[A-Z]{2}[0-9A-Z]+", number):
            yield Violation("BR-CO-09", f"the {who}'s VAT number starts with its country: {number}")


def _check_identifiers(root: Element) -> Iterator[Violation]:
    for party in (_SELLER, _BUYER):
        for path in (f"{party}/cbc:EndpointID", f"{party}/cac:PartyLegalEntity/cbc:CompanyID"):
            node = root.find(path, _PREFIXES)
            if node is not None and node.get("schemeID") == "0208" and not is_enterprise_number(node.text or ""):
                yield Violation("PEPPOL-COMMON-R043", f"{node.text} is no Belgian enterprise number")
    if _text(root, f"{_SELLER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode") == "NL":
        for part in ("StreetName", "CityName", "PostalZone"):
            if not _text(root, f"{_SELLER}/cac:PostalAddress/cbc:{part}"):
                yield Violation("NL-R-002", "a Dutch seller has street, city and postcode")
        if not _text(root, f"{_SELLER}/cac:PartyLegalEntity/cbc:CompanyID"):
            yield Violation("NL-R-003", "a Dutch seller has a KvK or OIN number")
        buyer_country = _text(root, f"{_BUYER}/cac:PostalAddress/cac:Country/cbc:IdentificationCode")
        if buyer_country == "NL" and not _text(root, f"{_BUYER}/cac:PartyLegalEntity/cbc:CompanyID"):
            yield Violation("NL-R-005", "a Dutch buyer of a Dutch seller has a KvK or OIN number")


def is_enterprise_number(number: str) -> bool:
    """Whether ten digits are a number of the Belgian register of enterprises: the last two are 97 less the rest.

    Examples
    --------
    >>> is_enterprise_number("0202239951"), is_enterprise_number("0202239952")
    (True, False)
    """
    return re.fullmatch(r"[01][0-9]{9}", number, re.ASCII) is not None and (
        97 - int(number[:8]) % 97 == int(number[8:])
    )


_CHECKS: Final[tuple[Callable[[Element], Iterator[Violation]], ...]] = (
    _check_presence,
    _check_lines,
    _check_sums,
    _check_vat,
    _check_identifiers,
)
