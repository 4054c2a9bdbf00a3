from yaokit.core.seed import derived, rng


def test_streams_depend_on_seed_and_purpose_only():
    assert rng(1, "split").random() == rng(1, "split").random()
    assert rng(1, "split").random() != rng(1, "fit").random()
    assert rng(1, "split").random() != rng(2, "split").random()
    assert 0 <= derived(7, "x", 3) < 2**31
