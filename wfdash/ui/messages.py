"""The one message by which what is live reaches the screens."""

from textual.message import Message

from wfdash.live.polling.events import Event

__all__ = ["Live"]


class Live(Message):
    """Something a screen may show is different now. Posted by the app for every event of the poller."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event
