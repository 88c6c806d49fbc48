"""What a sale says of credit and points."""

from regulars_loyalty.ledger.problems import InsufficientFunds, InsufficientPoints
from regulars_loyalty.purchases.paying import AT_MOST
from regulars_loyalty.purchases.recording import CREDIT_FOR
from regulars_schema.plugin import InputField, MutationCode, PaymentInput, PurchaseLineInput

INPUTS = (
    InputField(
        PaymentInput,
        AT_MOST,
        bool,
        "Of credit and points, which are told by the method: true takes what there is where that is less than the amount, points "
        "in whole steps of the rate, and what is missing stays `due`; if absent, less is refused.",
    ),
    InputField(
        PurchaseLineInput,
        CREDIT_FOR,
        bool,
        "True sells store credit to the customer: what the line comes to is posted as a funding, earns nothing and takes no "
        "offers, and its refund takes the credit back, even if it was spent. It cannot pay its own purchase.",
    ),
)
_PAYING = (
    "INSUFFICIENT_FUNDS", "INSUFFICIENT_POINTS", "CUSTOMER_REQUIRED", "HOLD_CLOSED", "HOLD_EXCEEDED", "POINTS_RATE_MISMATCH",
    "OUT_OF_RANGE",
)  # fmt: skip
CODES = (
    *(MutationCode(mutation, code) for mutation in ("purchaseRecord", "purchasePay") for code in _PAYING),
    MutationCode("purchaseRefund", "CUSTOMER_REQUIRED"),
)
PROBLEMS = (InsufficientFunds, InsufficientPoints)
