"""The documents in `contract/` are what the code says, and break nobody without a word."""

import json

from tests.house.test_rooms import HOUSE

from milepost.contracts.documents.event_schemas import examples as shipped
from milepost.operations.contract.documents import FOLDER, examples, judge, made

HOW = "`make contract` writes them; what it then tells of breaking changes is for a person"


def test_the_contract_is_written_and_what_breaks_is_declared():
    verdict = judge(HOUSE / FOLDER, made())
    assert [str(one) for one in verdict.undeclared] == [], HOW
    assert verdict.stale == [], HOW


def test_the_examples_are_the_stored_ones():
    assert json.loads(json.dumps(shipped())) == examples(HOUSE / "tests" / "golden"), HOW
