OK_FORMAT = False

from otter.test_files import test_case

name = "q2"
points = 4


@test_case()
def test_q2(env, city_temperatures, city_weather, colour_films, describe_axes, old_films):
    _missing = [name for name in ["city_temperatures", "city_weather", "colour_films", "describe_axes", "old_films"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    axes = describe_axes(city_temperatures)
    assert isinstance(axes, dict), (
        f"describe_axes gives a {type(axes).__name__}. Give a dict such as {{'sequences': 3, ...}}."
    )
    assert axes == {"sequences": 3, "observations": 4}, (
        f"temperatures: {axes}. There are 3 cities with 4 days, and a day is a number."
    )

    axes = describe_axes(city_weather)
    expected = {"sequences": 3, "observations": 4, "features": 2}
    assert axes == expected, f"weather: {axes}. There are 3 cities with 4 days, and a day is a vector of 2 features."

    axes = describe_axes(old_films)
    assert set(axes) == {"sequences", "observations", "height", "width"}, f"old_films: the names are {list(axes)}."
    assert (axes["height"], axes["width"]) == (5, 7), f"old_films: {axes}. A frame has 5 lines with 7 pixels each."

    axes = describe_axes(colour_films)
    expected = {"sequences": 2, "observations": 6, "height": 5, "width": 7, "channels": 3}
    assert axes == expected, f"videos: {axes}. A coloured pixel has 3 channels, and they come last."
    print("videos:", axes)
