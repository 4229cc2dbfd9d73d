from tidings_local.lambda_host.reaper import groups_left


def test_what_was_not_taken_off_the_list_is_left() -> None:
    assert groups_left(["+10\n", "+11\n", "-10\n", "+12\n"]) == {11, 12}


def test_taking_off_what_is_not_listed_does_no_harm() -> None:
    assert groups_left(["-10\n"]) == set()
