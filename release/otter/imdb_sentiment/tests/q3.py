OK_FORMAT = False

from otter.test_files import test_case

name = "q3"
points = 5


@test_case()
def test_q3(env, epoch_to_keep, example_history, example_model, fit_and_validate, keras, np, tiny_x, tiny_y):
    _missing = [name for name in ["epoch_to_keep", "example_history", "example_model", "fit_and_validate", "keras", "np", "tiny_x", "tiny_y"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    answer = fit_and_validate(example_model(20, 5), tiny_x, tiny_y, epochs=4, batch_size=10, validation_share=0.25)
    assert isinstance(answer, tuple) and len(answer) == 2, f"Return two things, (model, history); you returned {type(answer).__name__}."
    tiny_model, tiny_history = answer
    tiny_history = getattr(tiny_history, "history", tiny_history)
    assert isinstance(tiny_model, keras.Model), "The first of the two things must be the model."
    assert "val_loss" in tiny_history, "There is no validation loss. Which argument of fit holds reviews back?"
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert name in tiny_history, f"Your history has no '{name}'. What did you compile the model with?"
        assert len(tiny_history[name]) == 4, f"4 epochs make 4 numbers; '{name}' has {len(tiny_history[name])}."

    last_ten = np.clip(tiny_model.predict(tiny_x[30:], verbose=0)[:, 0], 1e-7, 1 - 1e-7)  # a quarter of 40, from the end
    by_hand = -np.mean(np.log(np.where(tiny_y[30:] == 1, last_ten, 1 - last_ten)))
    assert abs(by_hand - tiny_history["val_loss"][-1]) < 1e-3, (
        f"The last validation loss is {tiny_history['val_loss'][-1]:.4f}, but the binary cross-entropy on the last ten reviews is {by_hand:.4f}. "
        "Which loss did you compile with, and which reviews did you hold back?"
    )
    assert epoch_to_keep(example_history) != 1, "Epoch 1 is not it. Do you count from 0? The second epoch has number 2."
    assert epoch_to_keep(example_history) == 2, f"You keep epoch {epoch_to_keep(example_history)}. After which one was the validation loss lowest?"
    print("keep epoch", int(epoch_to_keep(example_history)))
