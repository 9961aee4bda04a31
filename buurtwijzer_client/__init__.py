"""A typed client of Buurtwijzer's API: sign-ups, quotes and plans, for programs that wait and for programs that do not.

It stands by itself: it needs httpx2 and pydantic, and nothing else of this distribution.

Examples
--------
>>> from buurtwijzer_client import Client, Problem
>>> with Client("https://buurten.example", "bw_…") as buurtwijzer:  # doctest: +SKIP
...     for suggestion in buurtwijzer.suggest("kerkstr"):
...         print(suggestion.text)
...     try:
...         asked = buurtwijzer.sign_up({"line": "Kerkstraat 6, 9993 Demodorp"}, email="ann@example.org")
...     except Problem as problem:
...         print(problem.slug, problem.remedy)
"""

from buurtwijzer_client.answers import Eligibility, Place, Plan, Quote, SignUp, SignUpState, Suggestion, Verification
from buurtwijzer_client.clients import AsyncClient, Client
from buurtwijzer_client.problems import FieldProblem, Problem
from buurtwijzer_client.retrying import Retries

__all__ = [
    "AsyncClient",
    "Client",
    "Eligibility",
    "FieldProblem",
    "Place",
    "Plan",
    "Problem",
    "Quote",
    "Retries",
    "SignUp",
    "SignUpState",
    "Suggestion",
    "Verification",
]
