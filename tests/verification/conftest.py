from tests.open_badges.conftest import standards

__all__ = ["standards"]
