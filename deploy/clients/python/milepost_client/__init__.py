"""A typed, asynchronous client for Milepost."""

from milepost_client import problems, structs
from milepost_client.client import Milepost
from milepost_client.errors import AnswerUnreadable, MilepostError, NoAnswer, Problem
from milepost_client.retries import ONCE, Retries

__all__ = [
    "ONCE",
    "AnswerUnreadable",
    "Milepost",
    "MilepostError",
    "NoAnswer",
    "Problem",
    "Retries",
    "problems",
    "structs",
]
