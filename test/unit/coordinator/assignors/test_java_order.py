"""The order of Java's hash maps."""

from kafka.coordinator.assignors.java_order import java_order


def test_names_are_in_the_order_of_their_hashes() -> None:
    # "a" has the hash 97, which is 1 modulo 16, "p" 112, which is 0.
    assert java_order(["b", "a", "p"]) == ["p", "a", "b"]


def test_names_with_one_place_keep_their_order() -> None:
    # "Aa" and "BB" have the same hash.
    assert java_order(["BB", "Aa"]) == ["BB", "Aa"]
    assert java_order(["Aa", "BB"]) == ["Aa", "BB"]


def test_a_name_counts_once() -> None:
    assert java_order(["a", "b", "a"]) == ["a", "b"]


def test_a_map_grows_when_it_is_three_quarters_full() -> None:
    # In 16 places "q" (113) comes right after "a" (97), in 32 after 12 others.
    few = [chr(ord("a") + index) for index in range(11)]
    assert java_order([*few, "q"])[:2] == ["a", "q"]
    assert java_order([*few, "q", "r"])[:2] == ["a", "b"]


def test_characters_beyond_the_basic_plane_count_as_two() -> None:
    # 31 * 0xD83D + 0xDE00 folds to the place 8 of 16, which is after that of "a".
    assert java_order(["\N{GRINNING FACE}", "a"]) == ["a", "\N{GRINNING FACE}"]


def test_a_lone_surrogate_is_a_character() -> None:
    assert java_order(["\ud83d"]) == ["\ud83d"]
