"""IMDB sentiment, question 2: build the lecture's model (4 points). Source: lecture, section on sentiment analysis."""

import numpy as np

from autograder.checks import NOT_REBUILT, Model, agree, await_person, check, fail
from solutions.imdb_sentiment import lecture_model


def sizes(draw, n):
    """vocab_size, length, embedding_dim, units: all different, so that swapped arguments cannot hide."""
    drawn = []
    for _ in range(n):
        length, embedding_dim, units = draw.distinct(3, 9, n=3)
        drawn.append((int(draw.integers(12, 30)), length, embedding_dim, units))
    return drawn


def some_reviews(draw, n, vocab_size, length):
    """Without padding, so that a masked Embedding and a plain one agree."""
    return draw.integers(1, vocab_size, size=(n, length)).astype(np.int32)


def need_model(answer):
    """The answer, if it is a Keras model."""
    if not isinstance(answer, Model):
        fail(
            f"your function returned {type(answer).__name__}, not a Keras model", "Does your function return the model?"
        )
    return answer


@check("q2", points=2, visible=True)
def test_number_of_weights(submission, draw):
    """lecture_model has the weights of Embedding, LSTM and Dense, and gives one number per review, for any sizes"""
    for named, (vocab_size, length, embedding_dim, units) in enumerate([*sizes(draw, 3), (25, 8, 50, 64)]):
        reviews = some_reviews(draw, 5, vocab_size, length)
        weights = vocab_size * embedding_dim + 4 * units * (embedding_dim + units + 1) + units + 1

        def view(model, reviews=reviews):
            made = need_model(model).trainable_params  # first, because a model without Input is built by its use
            return [made, list(model.predict(reviews).shape)]

        size = (vocab_size, length, embedding_dim, units) if named < 3 else (vocab_size, length)  # then the defaults
        what = "your model has the number of weights and the output shape"
        agree(
            submission.lecture_model, *size, expected=[weights, [5, 1]], reference=lecture_model, view=view, what=what
        )


@check("q2", points=2)
def test_same_weights_same_answer(submission, draw):
    """given the same weights, lecture_model predicts what Embedding, LSTM and a sigmoid Dense(1) predict"""
    for size in sizes(draw, 2):
        reviews = some_reviews(draw, 6, size[0], size[1])
        model = need_model(submission.lecture_model(*size))
        if not model.crossed:
            with_its_own_weights(model, size, some_reviews(draw, 64, size[0], size[1]))
            continue

        def view(model, reviews=reviews):
            return predictions(model, reviews)

        expected = predictions(Model.own(lecture_model(*size)), reviews)
        what = "with weights that we set, your model predicts"
        agree(lambda *_, model=model: model, *size, expected=expected, reference=lecture_model, view=view, what=what)


def predictions(model, reviews):
    """What a model predicts once its weights, whatever their shapes, hold fixed numbers that are not small."""
    need_model(model).predict(reviews)  # a model without Input has no weights before
    rng = np.random.default_rng(7)
    return model.with_weights([rng.normal(0, 0.6, size=weight.shape) for weight in model.weights]).predict(reviews)


def with_its_own_weights(model, size, reviews):
    """A model of the student's own class, whose weights cannot be set from here: ours are given its weights instead."""
    behaves_like_a_classifier(model, reviews)
    like, weights = lecture_model(*size), model.weights
    if [weight.shape for weight in weights] != [weight.shape for weight in like.get_weights()]:
        await_person(NOT_REBUILT)
    like.set_weights(weights)
    what = "with its own weights your model predicts"
    agree(lambda: model.predict(reviews), expected=like.predict(reviews, verbose=0), what=what, rtol=1e-5, atol=1e-6)


def behaves_like_a_classifier(model, reviews):
    """Whether the outputs are probabilities that depend on the words and their order."""
    forwards, backwards = model.predict(reviews), model.predict(reviews[:, ::-1])
    if not (np.all(forwards > 0) and np.all(forwards < 1)) or np.allclose(forwards, forwards[0], atol=1e-7):
        fail(
            "your model's outputs are not probabilities between 0 and 1 that depend on the review", "Which activation?"
        )
    if np.allclose(forwards, backwards, atol=1e-7):
        fail("your model predicts the same when the words come in the opposite order", "Which layer reads in order?")
