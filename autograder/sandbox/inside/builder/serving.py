"""Answers the judge's requests: builds models and lets them predict."""

from __future__ import annotations

import socket
from typing import Any

import keras
import numpy as np
from frames import FrameError, receive_frame, send_frame
from wire import decode, encode

from .rebuilt import Rebuilt
from .values import Refused

REQUEST_BYTES = 1 << 31
MODELS = 64  # kept at a time; the judge sends a model again when it was dropped
MAX_ERROR = 2_000  # characters


class Server:
    """Keeps the models of one submission, and answers requests about them."""

    def __init__(self) -> None:
        self.models: dict[int, Rebuilt] = {}

    def answer(self, request: dict[str, Any], parts: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return the reply to one request: to build a model, or to predict a batch with one."""
        out: list[bytes] = []
        if request["ask"] == "predict" and request["model"] not in self.models:
            return {"status": "gone"}, []
        try:
            value = self.build(request, parts) if request["ask"] == "build" else self.predict(request, parts)
            return {"status": "ok", "value": encode(value, out)}, out
        except Refused as error:
            return {"status": "refused", "text": str(error)[:500]}, []
        except Exception as error:  # a model that cannot be built, or that does not accept this batch
            return {"status": "error", "type": type(error).__name__[:100], "text": str(error)[:MAX_ERROR]}, []

    def build(self, request: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        """Build and keep a model; return its description."""
        weights = [np.asarray(decode(each, parts)) for each in request["weights"]]
        model = Rebuilt(request["config"], weights)
        self.models[request["model"]] = model
        while len(self.models) > MODELS:
            del self.models[next(iter(self.models))]  # the oldest one
        return model.describe()

    def predict(self, request: dict[str, Any], parts: list[Any]) -> dict[str, Any]:
        """Predict a batch; return the outputs, and the new weights and description where this call built the model."""
        model = self.models[request["model"]]
        inputs = [np.asarray(decode(each, parts)) for each in request["inputs"]]
        fresh = not model.built
        if fresh:
            keras.utils.set_random_seed(0)
        if fresh and request["weights"] is not None:
            model.predict(inputs, request["several"])  # makes weights, which the given ones then replace
        if request["weights"] is not None:
            model.set_weights([np.asarray(decode(each, parts)) for each in request["weights"]])
        outputs = model.predict(inputs, request["several"])
        made = {"facts": model.describe(), "weights": model.keras.get_weights()} if fresh and model.built else None
        return {"outputs": outputs, "made": made}


def serve(given: dict[str, Any], sockets: list[int]) -> None:
    """Answer requests until the judge closes the stream."""
    server = Server()
    with socket.socket(fileno=sockets[0]) as stream:
        while True:
            try:
                request, parts = receive_frame(stream, REQUEST_BYTES)
            except (EOFError, FrameError):
                return
            send_frame(stream, *server.answer(request, parts))
