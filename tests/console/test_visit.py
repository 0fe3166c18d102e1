"""What a page holds on to while it is seen, without a browser."""

from landfall.console.engine import Engines
from landfall.console.frame import Visit
from landfall.console.theme import DARK


class Held:
    """Something that can be begun and ended, and says how often it is under way."""

    def __init__(self):
        self.under_way = 0

    def begin(self):
        self.under_way += 1
        return self.end

    def end(self):
        self.under_way -= 1


def visit() -> Visit:
    return Visit(engine=Engines("http://nowhere").under(None), theme=DARK)


def test_a_hidden_page_holds_nothing_and_a_page_that_is_seen_again_does():
    page, held = visit(), Held()
    page.while_seen(held.begin)
    assert held.under_way == 1
    for _ in range(2):
        page.set_seen(False)
        assert held.under_way == 0
    for _ in range(2):
        page.set_seen(True)
        assert held.under_way == 1
    page.leave()
    assert held.under_way == 0


def test_what_a_hidden_page_takes_up_begins_when_it_is_seen():
    page, held = visit(), Held()
    page.set_seen(False)
    page.while_seen(held.begin)
    assert held.under_way == 0
    page.set_seen(True)
    assert held.under_way == 1


def test_what_a_page_lets_go_of_is_ended_once_and_does_not_begin_again():
    page, held = visit(), Held()
    let_go = page.while_seen(held.begin)
    for _ in range(2):
        let_go()
        assert held.under_way == 0
    page.set_seen(False)
    page.set_seen(True)
    assert held.under_way == 0
