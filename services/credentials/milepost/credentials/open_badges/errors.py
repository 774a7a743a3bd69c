"""What is wrong with a document or an image. Each says where, in words for who made it."""


class OpenBadgesFault(Exception):
    """The root of what this folder raises."""


class NotCanonical(OpenBadgesFault):
    """The document cannot be told apart from others: an unknown term, a limit, a false shape.

    path  where, as `credentialSubject.achievement.criterion`
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path or 'the document'}: {problem}")
        self.path = path
        self.problem = problem

    def inside(self, word: str) -> "NotCanonical":
        """The same, seen from one level above."""
        return type(self)(f"{word}.{self.path}" if self.path else word, self.problem)


class NotJudged(NotCanonical):
    """It may have one meaning, but not here: an unknown context, a limit, a rare form."""


class NotAKey(OpenBadgesFault):
    """Not a Multikey of a kind that is known here."""


class NotABitstring(OpenBadgesFault):
    """An encoded list that is broken or too large, or an index outside of it."""


class NotBaked(OpenBadgesFault):
    """No PNG or SVG, one that is broken or too large, or one without a credential in it."""


class NotAJwt(OpenBadgesFault):
    """No compact JWS with a credential in it, or one of an algorithm that is not known here."""
