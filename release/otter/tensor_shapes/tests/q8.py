OK_FORMAT = False

from otter.test_files import test_case

name = "q8"
points = 4


@test_case()
def test_q8(env, example_targets, mean_absolute_error, np, perfect_prediction):
    _missing = [name for name in ["example_targets", "mean_absolute_error", "np", "perfect_prediction"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    error = mean_absolute_error(example_targets, perfect_prediction)
    assert np.size(error) == 1, f"the error has the shape {np.shape(error)}. It should be a single number."
    error = float(np.squeeze(error))
    assert abs(error - 22.2) > 0.1, "a perfect model is still wrong by 22.2. Which shape has the difference that you take?"
    assert abs(error) < 1e-6, f"a perfect model has the error {error}. Each of its predictions is the target."

    error = float(np.squeeze(mean_absolute_error(example_targets, perfect_prediction + np.array([[3.0], [-6.0], [0.0]]))))
    assert abs(error + 1) > 1e-6 and abs(error - 1) > 1e-6, (
        "3 too high and 6 too low are no distance of 1. Do your errors cancel?"
    )
    assert abs(error - 15) > 1e-6, "the mean of the distances 3, 6 and 0 is not 15. Do you square them?"
    assert abs(error - 3) < 1e-6, f"the distances are 3, 6 and 0, and the error is {error:.4g}."
    print("the perfect model has the error 0, the other one", error)
