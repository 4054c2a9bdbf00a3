from yaokit.core.progress import SILENT, Bars, Lines


def test_lines_tell_how_many_how_fast_and_how_long(capsys):
    assert list(Lines(every_s=0).track(range(3), "screening", total=4)) == [0, 1, 2]
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("  screening: 3/4, ")
    assert lines[-1].endswith("s left")


def test_without_a_total_there_is_still_a_rate(capsys):
    list(Lines(every_s=0).track(range(1200), "reading"))
    assert "1,200 done" in capsys.readouterr().err


def test_silent_says_nothing(capsys):
    SILENT.say("x")
    assert list(SILENT.track([1, 2], "x")) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_bars_pass_every_item_on():
    assert list(Bars().track(iter("abc"), "x", total=3)) == ["a", "b", "c"]
