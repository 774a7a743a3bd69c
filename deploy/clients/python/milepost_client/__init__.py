"""A typed, asynchronous client for Milepost."""

from milepost_client import event_data, problems, structs
from milepost_client.client import Milepost
from milepost_client.errors import AnswerUnreadable, MilepostError, NoAnswer, NotSettled, Problem
from milepost_client.events import Event, EventFilter, Page
from milepost_client.retries import ONCE, Retries

__all__ = [
    "ONCE",
    "AnswerUnreadable",
    "Event",
    "EventFilter",
    "Milepost",
    "MilepostError",
    "NoAnswer",
    "NotSettled",
    "Page",
    "Problem",
    "Retries",
    "event_data",
    "problems",
    "structs",
]
