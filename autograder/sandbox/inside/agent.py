"""The student's side: an IPython kernel that also answers the judge's requests for values, calls and models.

It runs in the student's own process and imports nothing of the package but its neighbours in this folder. Student code can change
anything here and gains nothing by it: the judge only compares what this process sends with the answers to freshly drawn inputs.
"""

from __future__ import annotations

import ast
import json
import linecache
import os
import sys
import traceback
from typing import Any

import zmq
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.jsonutil import json_default
from meanings import Meanings
from traced_layers import is_of_keras, trace_functional_model
from wire import REPLY, REQUEST, WireError, decode, encode

# A kernel imports a debugger, which takes longer than the rest of its start, unless there is none. Nobody attaches one here.
sys.modules["debugpy"] = None  # type: ignore[assignment]
import ipykernel.debugger  # noqa: E402, F401

del sys.modules["debugpy"]

PIECE = 1 << 20  # characters


class Agent:
    """Answers requests about the names of a notebook."""

    def __init__(self, meanings: Meanings) -> None:
        self.meanings = meanings
        self.kept: dict[int, Any] = {}  # models, by number
        self.made_by: dict[int, str] = {}  # the function that returned each model

    def answer(self, request: dict[str, Any], buffers: list[Any]) -> tuple[dict[str, Any], list[bytes]]:
        """Return the reply to one request; an exception of student code becomes part of it.

        Args:
            request: ``ask`` is ``value`` or ``call`` (of ``name``) or ``model`` (``member`` of the model ``kept``).
            buffers: contents of the arrays in the request.
        """
        out: list[bytes] = []
        name = request["name"] if request["ask"] != "model" else self.made_by[request["kept"]]
        try:
            with self.meanings.of(name):
                value = self._value(request, buffers)
                tree = encode(value, out, self._special(out, name))
            size = sum(map(len, out)) + len(json.dumps(tree))
            if size > request["max_bytes"]:
                return {"status": "too large", "bytes": size}, []
            return {"status": "ok", "value": tree}, out
        except WireError as error:
            return {
                "status": "error",
                "type": "ValueError",
                "text": f"the answer cannot be sent: {error}"[:500],
                "line": "",
            }, []
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: the kernel must go on
            return self._describe(error), []

    def _value(self, request: dict[str, Any], buffers: list[Any]) -> Any:
        if (seed := request.get("seed")) is not None:
            _set_seed(seed)
        if request["ask"] == "model":
            return self._model_member(self.kept[request["kept"]], request["member"], decode(request["args"], buffers))
        try:
            value = self.meanings.value(request["name"])
        except KeyError:
            raise _Missing(request["name"]) from None
        if request["ask"] == "value":
            return value
        special = lambda _, content: self._model_sent(content, buffers)  # noqa: E731
        args, kwargs = decode(request["args"], buffers, special), decode(request["kwargs"], buffers, special)
        return value(*args, **kwargs)

    def _model_sent(self, content: Any, buffers: list[Any]) -> Any:
        """Return a model that the judge sends: by the number of one kept here, or by config and weights."""
        if isinstance(content, int):
            return self.kept[content]
        import keras

        model = keras.saving.deserialize_keras_object(json.loads(content["config"]))
        model.set_weights([decode(weight, buffers) for weight in content["weights"]])
        return model

    @staticmethod
    def _model_member(model: Any, member: str, args: tuple[Any, ...]) -> Any:
        if member == "predict":
            return model.predict(*args, verbose=0)
        if member == "itself":
            return model
        if member == "output_shape":
            return tuple(getattr(model, "output_shape", None) or ())
        if member == "weights":
            return model.get_weights()
        if member == "history":
            return getattr(getattr(model, "history", None), "history", None)
        if member == "steps":
            return int(getattr(getattr(model, "optimizer", None), "iterations", 0))
        return sum(weight.numpy().size for weight in model.trainable_weights)

    def _special(self, out: list[bytes], name: str) -> Any:
        def tree(value: Any) -> Any:
            keras = sys.modules.get("keras")
            if keras is None or not hasattr(keras, "Model"):
                return None
            if isinstance(value, keras.Model):
                return {"model": self._model(value, keras, out, name)}
            if isinstance(value, keras.callbacks.History):
                return encode(value.history, out)
            return None

        return tree

    def _model(self, model: Any, keras: Any, out: list[bytes], name: str) -> dict[str, Any]:
        """Describe a model by its number here, its config (None where it has none) and its weights in order.

        A model of the student's own class is sent as the functional model of the Keras layers that it calls.
        """
        number = len(self.kept)
        self.kept[number], self.made_by[number] = model, name
        told = model if is_of_keras(model) else trace_functional_model(model, keras) or model
        try:
            config = json.dumps(keras.saving.serialize_keras_object(told))
        except Exception:  # such as a Lambda, which cannot be serialised
            config = None
        weights = [encode(weight, out) for weight in told.get_weights()]
        return {
            "kept": number,
            "config": config,
            "weights": weights,
            "compiled": bool(getattr(model, "compiled", False)),
        }

    def _describe(self, error: BaseException) -> dict[str, Any]:
        """Describe an error by its type, its text, the notebook's line that led to it, and the function that raised it."""
        if isinstance(error, _Missing):
            return {"status": "missing"}
        frames, line = traceback.extract_tb(error.__traceback__), ""
        for frame in frames:
            if "ipykernel" in frame.filename and "site-packages" not in frame.filename:
                line = (linecache.getline(frame.filename, frame.lineno or 0) or frame.line or "").strip()
        by = frames[-1].name[:100] if frames else ""
        return {
            "status": "error",
            "type": type(error).__name__[:100],
            "text": _text(error),
            "line": line[:200],
            "by": by,
        }


class _Missing(Exception):
    """The notebook defines no such name."""


def _text(error: BaseException) -> str:
    try:
        return str(error)[:500].encode("utf-8", "replace").decode()  # it may hold a lone surrogate
    except Exception:  # a student's __str__ that raises
        return ""


def _set_seed(seed: int) -> None:
    """Set the public training seed of Python, numpy and Keras."""
    import random

    import numpy

    random.seed(seed)
    numpy.random.seed(seed)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed)


class AgentKernel(IPythonKernel):  # type: ignore[misc]
    """An IPython kernel that also answers the judge's requests, whatever a cell has done to the process."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.streams = {name: getattr(sys, name) for name in ("stdout", "stderr")}
        self.session.pack = _pack
        self.meanings = Meanings(self.shell.user_ns, self._compiled)
        self.agent = Agent(self.meanings)
        self.shell_handlers[REQUEST] = self.judge_request
        # `exit()` would end the process a moment later, in the middle of another cell.
        self.shell.ask_exit = lambda: None

    async def do_execute(self, code: str, *args: Any, cell_meta: Any = None, cell_id: Any = None, **kwargs: Any) -> Any:
        try:
            with self.meanings.cell(code, locked=bool(cell_meta["locked"])):
                return await super().do_execute(code, *args, **kwargs)
        finally:
            self._repair_streams()

    def _compiled(self, source: str) -> Any:
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return compile(self.shell.transform_cell(source), "cell", "exec", flags, dont_inherit=True)

    def _repair_streams(self) -> None:
        """Replace output and error streams that cannot be flushed: with them no reply is sent. Working ones stay."""
        for name, ours in self.streams.items():
            try:
                getattr(sys, name).flush()
            except Exception:  # None, closed, or not a stream
                setattr(sys, name, open(os.devnull, "w") if ours.closed else ours)  # noqa: SIM115

    async def judge_request(self, stream: Any, ident: Any, parent: Any) -> None:
        content, buffers = self.agent.answer(parent["content"], parent.get("buffers") or [])
        self._repair_streams()
        self.session.send(stream, REPLY, content, parent, ident, buffers=buffers)


def _pack(message: Any) -> bytes:
    """Encode a message as ASCII: a lone surrogate has no UTF-8, and the grader would wait for a message that cannot be sent."""
    return json.dumps(message, default=json_default).encode("ascii")


class Output(IOPubThread):  # type: ignore[misc]
    """Sends what this process prints; ignores forked workers, whose output would need a network."""

    def schedule(self, f: Any) -> None:
        if self._is_master_process():
            super().schedule(f)


class Stream(OutStream):  # type: ignore[misc]
    """Standard output and error, sent in pieces, so that the grader sees a flood before it fills the memory."""

    waiting = 0

    def __init__(self, session: Any, thread: Any, name: str, **kwargs: Any) -> None:
        watched = name == "stdout"  # stderr is a pipe: what compiled code prints before it aborts must leave at once
        super().__init__(session, thread, name, **(kwargs | {"watchfd": watched}))
        if not watched:
            self._original_stdstream_copy = 2  # returned by ``fileno``

    def write(self, string: str) -> int | None:
        written: int | None = super().write(string)
        self.waiting += len(string)
        if self.waiting > PIECE:
            self.waiting = 0
            self.flush()
        return written


class AgentApp(IPKernelApp):  # type: ignore[misc]
    """The kernel's application; its sockets were bound before the process entered the jail."""

    kernel_class = AgentKernel
    outstream_class = f"{__name__}.Stream"
    descriptors: dict[int, int]

    def init_connection_file(self) -> None:
        """Do nothing: ``serve`` sets everything."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Do nothing: there is no connection file."""

    def init_heartbeat(self) -> None:
        """Do nothing: the grader does not use it."""

    def init_iopub(self, context: Any) -> None:
        publisher = context.socket(zmq.XPUB)
        publisher.linger = 1000
        publisher.sndhwm = 64  # pieces
        self._bind_socket(publisher, self.iopub_port)
        self.iopub_thread = Output(publisher, pipe=False, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def _try_bind_socket(self, s: Any, port: int) -> int:
        s.setsockopt(zmq.USE_FD, self.descriptors[port])
        return int(super()._try_bind_socket(s, port))


def serve(given: dict[str, Any], sockets: list[int]) -> None:
    """Run the kernel in this process until it is ended.

    Args:
        given: the kernel's ``connection``: ``ip`` (the path of the sockets, before their numbers), ``key``, and a number
            for each channel; and the names of the ``channels``.
        sockets: descriptor of each channel's listening socket.
    """
    connection, channels = given["connection"], given["channels"]
    ports = {f"{name}_port": connection[f"{name}_port"] for name in channels}
    app = AgentApp.instance(transport="ipc", ip=connection["ip"], **ports)
    app.descriptors = {ports[f"{name}_port"]: socket for name, socket in zip(channels, sockets, strict=True)}
    app.session.key = connection["key"].encode()
    app.initialize([])
    app.start()
    # A cell may stop the loop, by asyncio or by asking IPython to shut down. Only the grader ends this process.
    while True:
        app.io_loop.start()
