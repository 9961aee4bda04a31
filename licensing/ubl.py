"""Writes an invoice as UBL 2.1 in the form of Peppol BIS Billing 3, and refuses what its rules would refuse."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree as ET

from licensing.invoice_rules import Violation, check_invoice_xml
from licensing.invoices import Allowance, Invoice, InvoiceLine
from licensing.parties import Party
from licensing.price_book import VatTreatment

CUSTOMIZATION: Final = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROFILE: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
COMMERCIAL_INVOICE: Final = "380"
CREDIT_TRANSFER: Final = "30"
DISCOUNT: Final = "95"
ONE: Final = "C62"
"""Codes of UNCL1001, UNCL4461, UNCL5189 and UN/ECE Recommendation 20."""
REGISTERS: Final = {"BE": "0208", "NL": "0106"}
"""ISO 6523 scheme of each country's register of enterprises: KBO/BCE and KvK."""
_CATEGORIES: Final = {VatTreatment.STANDARD: "S", VatTreatment.REVERSE_CHARGE: "AE", VatTreatment.EXEMPT: "E"}
_NAMESPACES: Final = {
    "xmlns": "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    "xmlns:cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "xmlns:cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


class InvoiceError(ValueError):
    """An invoice that the network would refuse, with every rule that it breaks."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{violation.rule}: {violation.message}" for violation in self.violations))


def write_invoice(invoice: Invoice) -> bytes:
    """Return an invoice as XML, after checking it.

    Parameters
    ----------
    invoice
        From `invoices.make_invoice`.

    Returns
    -------
    bytes
        UTF-8, the same for equal invoices.

    Raises
    ------
    InvoiceError
        With the rules of EN 16931 and Peppol that `invoice_rules` knows and that it breaks.
    """
    root = _invoice(invoice)
    ET.indent(root)
    data = bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"
    if violations := check_invoice_xml(data):
        raise InvoiceError(violations)
    return data


class _Node(ET.Element):
    """An element that grows in the order of UBL's schema."""

    def value(self, name: str, text: object, **attributes: str) -> None:
        """Add an element with text; nothing where the text is None."""
        if text is not None:
            child = ET.SubElement(self, f"cbc:{name}", attributes)
            child.text = f"{text:f}" if isinstance(text, Decimal) else str(text)

    def group(self, name: str) -> "_Node":
        """Add an element that holds others."""
        child = _Node(f"cac:{name}")
        self.append(child)
        return child


def _invoice(invoice: Invoice) -> _Node:
    facts, currency = invoice.facts, {"currencyID": invoice.currency}
    root = _Node("Invoice", _NAMESPACES)
    root.value("CustomizationID", CUSTOMIZATION)
    root.value("ProfileID", PROFILE)
    root.value("ID", facts.number)
    root.value("IssueDate", facts.issued)
    root.value("DueDate", facts.due)
    root.value("InvoiceTypeCode", COMMERCIAL_INVOICE)
    root.value("DocumentCurrencyCode", invoice.currency)
    root.value("BuyerReference", facts.buyer_reference)
    period = root.group("InvoicePeriod")
    period.value("StartDate", invoice.first)
    period.value("EndDate", invoice.last)
    # The quote is a document that the invoice refers to (BT-122, related document), not an order of the customer.
    root.group("AdditionalDocumentReference").value("ID", invoice.quote_number)
    _party(root.group("AccountingSupplierParty").group("Party"), facts.seller.party)
    _party(root.group("AccountingCustomerParty").group("Party"), facts.customer)
    means = root.group("PaymentMeans")
    means.value("PaymentMeansCode", CREDIT_TRANSFER)
    means.value("PaymentID", facts.payment_reference or facts.number)
    account = means.group("PayeeFinancialAccount")
    account.value("ID", facts.seller.iban.replace(" ", ""))
    if facts.seller.bic is not None:
        account.group("FinancialInstitutionBranch").value("ID", facts.seller.bic)
    for allowance in invoice.allowances:
        _allowance(root.group("AllowanceCharge"), allowance, invoice)
    total = root.group("TaxTotal")
    total.value("TaxAmount", invoice.vat_amount, **currency)
    part = total.group("TaxSubtotal")
    part.value("TaxableAmount", invoice.net, **currency)
    part.value("TaxAmount", invoice.vat_amount, **currency)
    _category(part.group("TaxCategory"), invoice, with_reason=True)
    sums = root.group("LegalMonetaryTotal")
    sums.value("LineExtensionAmount", invoice.line_sum, **currency)
    sums.value("TaxExclusiveAmount", invoice.net, **currency)
    sums.value("TaxInclusiveAmount", invoice.gross, **currency)
    if invoice.allowances:
        sums.value("AllowanceTotalAmount", invoice.allowance_sum, **currency)
    sums.value("PayableAmount", invoice.gross, **currency)
    for number, line in enumerate(invoice.lines, start=1):
        _line(root.group("InvoiceLine"), number, line, invoice)
    return root


def _party(node: _Node, party: Party) -> None:
    if party.electronic_address is not None:
        address = party.electronic_address
        node.value("EndpointID", address.identifier, schemeID=address.scheme)
    node.group("PartyName").value("Name", party.name)
    postal = node.group("PostalAddress")
    postal.value("StreetName", party.address.street)
    postal.value("CityName", party.address.city)
    postal.value("PostalZone", party.address.postcode)
    postal.group("Country").value("IdentificationCode", party.address.country)
    if party.vat_number is not None:
        tax = node.group("PartyTaxScheme")
        tax.value("CompanyID", party.vat_number)
        tax.group("TaxScheme").value("ID", "VAT")
    legal = node.group("PartyLegalEntity")
    legal.value("RegistrationName", party.name)
    legal.value("CompanyID", party.registration, schemeID=REGISTERS[party.address.country])
    if party.contact or party.phone or party.email:
        contact = node.group("Contact")
        contact.value("Name", party.contact)
        contact.value("Telephone", party.phone)
        contact.value("ElectronicMail", party.email)


def _allowance(node: _Node, allowance: Allowance, invoice: Invoice) -> None:
    node.value("ChargeIndicator", "false")
    node.value("AllowanceChargeReasonCode", DISCOUNT)
    node.value("AllowanceChargeReason", allowance.reason)
    node.value("Amount", allowance.amount, currencyID=invoice.currency)
    _category(node.group("TaxCategory"), invoice)


def _category(node: _Node, invoice: Invoice, *, with_reason: bool = False) -> None:
    node.value("ID", _CATEGORIES[invoice.vat])
    node.value("Percent", invoice.vat_percent)
    if with_reason and invoice.vat == VatTreatment.REVERSE_CHARGE:
        node.value("TaxExemptionReasonCode", "VATEX-EU-AE")
        node.value("TaxExemptionReason", "Reverse charge")
    if with_reason and invoice.vat == VatTreatment.EXEMPT:
        node.value("TaxExemptionReason", invoice.facts.exemption_reason)
    node.group("TaxScheme").value("ID", "VAT")


def _line(node: _Node, number: int, line: InvoiceLine, invoice: Invoice) -> None:
    node.value("ID", number)
    node.value("InvoicedQuantity", line.quantity, unitCode=ONE)
    node.value("LineExtensionAmount", line.amount, currencyID=invoice.currency)
    item = node.group("Item")
    item.value("Description", line.description)
    item.value("Name", line.name)
    _category(item.group("ClassifiedTaxCategory"), invoice)
    node.group("Price").value("PriceAmount", line.price, currencyID=invoice.currency)
