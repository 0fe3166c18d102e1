"""What can go wrong for a client: the engine says no, or the engine does not answer."""


class ClientError(Exception):
    """The root of what the SDK raises on purpose."""


class ApiError(ClientError):
    """The engine answered with an error.

    `status` is the HTTP status (or the close code of a WebSocket less 4000), `code` the machine
    code, `field` the request's field at fault if it was one, `sentence` the message for people, and
    `retry_after_s` after how many seconds asking again makes sense, where the engine says so.
    """

    def __init__(
        self,
        status: int,
        code: str,
        sentence: str,
        field: str | None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{sentence} ({code})")
        self.status = status
        self.code = code
        self.sentence = sentence
        self.field = field
        self.retry_after_s = retry_after_s


class Unreachable(ClientError):
    """The engine does not answer at `url`. A submitted order may or may not have been taken."""

    def __init__(self, url: str) -> None:
        super().__init__(f"No Landfall engine answers at {url}.")
        self.url = url
