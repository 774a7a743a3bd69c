"""What keeps a command from going on."""


class Trouble(Exception):
    """One clear sentence that says what is wrong and what to do next; shown without a traceback."""
