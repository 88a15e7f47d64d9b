"""The vectorised alignment against the textbook's."""

from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.contamination.alignment import GAP_PERCENT, Sequence, align, encode

WEIGHTS = st.lists(st.integers(1, 600), min_size=5, max_size=5)
CODES = st.lists(st.integers(0, 4), max_size=12)


def textbook(pattern: Sequence, text: Sequence) -> int:
    """Needleman and Wunsch with free ends in the text, cell by cell."""
    cost = [weight * GAP_PERCENT // 100 for weight in pattern.weights.tolist()]
    skip = [weight * GAP_PERCENT // 100 for weight in text.weights.tolist()]
    row = [0] * (len(skip) + 1)
    for i, code in enumerate(pattern.codes.tolist()):
        following = [row[0] - cost[i]]
        for j, other in enumerate(text.codes.tolist()):
            best = max(row[j + 1] - cost[i], following[j] - skip[j])
            if other == code:
                best = max(best, row[j] + int(pattern.weights[i]))
            following.append(best)
        row = following
    return max(row)


@given(weights=WEIGHTS, patterns=st.lists(CODES, max_size=4), text=st.lists(CODES, max_size=4))
def test_scores_are_the_textbooks(
    weights: list[int], patterns: list[list[int]], text: list[list[int]]
) -> None:
    def sequence(codes: list[int]) -> Sequence:
        return encode(codes, [weights[code] for code in codes])

    made = [sequence(codes) for codes in patterns]
    whole = sequence([code for codes in text for code in codes])
    assert align(made, whole) == [textbook(pattern, whole) for pattern in made]


def test_a_copy_in_a_longer_text_scores_all_of_its_weight() -> None:
    pattern = encode([1, 2, 3], [100, 200, 300])
    text = encode([0, 0, 1, 2, 3, 0], [50, 50, 100, 200, 300, 50])
    assert align([pattern], text) == [600]
