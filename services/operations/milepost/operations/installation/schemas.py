"""The rooms that keep tables of their own, beside the log's: packages with numbered SQL files."""

ROOMS_WITH_TABLES = ("milepost.enrollment",)
