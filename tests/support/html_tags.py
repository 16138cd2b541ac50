"""An HTML page as a browser takes it apart: its tags, and the text between them."""

from __future__ import annotations

from html.parser import HTMLParser


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between; a place where a line may end parts no text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self._goes_on = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._goes_on = tag == "wbr"

    def handle_data(self, data: str) -> None:
        if self._goes_on and self.said:
            self.said[-1] += data
        else:
            self.said.append(data)
        self._goes_on = False

    @property
    def shape(self) -> list[str]:
        return [tag for tag, _ in self.tags]
