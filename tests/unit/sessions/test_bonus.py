"""What a rating earns."""

from itertools import product

from sessions.pay.bonus import bonus_pence
from study.config.protocol import Protocol
from study.vocabulary import Rating


def test_a_rating_earns_the_bonus_where_it_is_the_experts_and_nothing_else():
    protocol = Protocol(bonus_pence=7)
    earned = {
        (rating, truth): bonus_pence(rating, truth, protocol)
        for rating, truth in product(Rating, [*Rating, None])
    }
    assert earned == {
        (rating, truth): 7 if rating is truth else 0
        for rating, truth in product(Rating, [*Rating, None])
    }
