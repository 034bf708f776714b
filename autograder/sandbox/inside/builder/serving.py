"""Answers the judge: builds models and lets them predict."""

from __future__ import annotations

import socket
from typing import Any

import keras
import numpy as np
from wire import WireError, decode, encode, receive_frame, send_frame

from .rebuilt import Rebuilt
from .values import Refused

REQUEST_BYTES = 1 << 31
MODELS = 64  # kept at a time; the judge sends another one again when it asks for it
MAX_ERROR = 2_000  # characters


class Server:
    """Answers the judge."""

    def __init__(self) -> None:
        self.models: dict[int, Rebuilt] = {}

    def answer(self, request: dict[str, Any], parts: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """The reply to one request: a model to build, or a batch for one to predict."""
        out: list[bytes] = []
        if request["ask"] == "predict" and request["model"] not in self.models:
            return {"status": "gone"}, []
        try:
            value = self.build(request, parts) if request["ask"] == "build" else self.predict(request, parts)
            return {"status": "ok", "value": encode(value, out)}, out
        except Refused as error:
            return {"status": "refused", "text": str(error)[:500]}, []
        except Exception as error:  # a model that cannot be put together, or that cannot take this batch
            return {"status": "error", "type": type(error).__name__[:100], "text": str(error)[:MAX_ERROR]}, []

    def build(self, request: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        weights = [np.asarray(decode(each, parts)) for each in request["weights"]]
        model = Rebuilt(request["config"], weights)
        self.models[request["model"]] = model
        while len(self.models) > MODELS:
            del self.models[next(iter(self.models))]  # the one that was built first
        return model.facts()

    def predict(self, request: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        model = self.models[request["model"]]
        inputs = [np.asarray(decode(each, parts)) for each in request["inputs"]]
        fresh = not model.built
        if fresh:
            keras.utils.set_random_seed(0)
        if fresh and request["weights"] is not None:
            model.predict(inputs, request["several"])  # makes the weights that these take the place of
        if request["weights"] is not None:
            model.set([np.asarray(decode(each, parts)) for each in request["weights"]])
        outputs = model.predict(inputs, request["several"])
        made = {"facts": model.facts(), "weights": model.keras.get_weights()} if fresh and model.built else None
        return {"outputs": outputs, "made": made}


def serve(given: dict[str, Any], sockets: list[int]) -> None:
    """Answer until the judge closes the stream."""
    server = Server()
    with socket.socket(fileno=sockets[0]) as stream:
        while True:
            try:
                request, parts = receive_frame(stream, REQUEST_BYTES)
            except (EOFError, WireError):
                return
            send_frame(stream, *server.answer(request, parts))
