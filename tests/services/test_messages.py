"""Messages that are not ours: a worker throws them away with a line in its log, and goes on working."""

from __future__ import annotations

import json
import uuid
from typing import Any

from kombu import Connection, Queue

from nashforge.archive import Archive
from nashforge.evolve.service.broker import Broker, queue_name, task_name
from nashforge.evolve.service.executor import CeleryExecutor
from nashforge.evolve.service.settings import service_settings

from .conftest import Service
from .test_runs import task

NO_OPTIONS = {"task": "nashforge.evaluate", "args": [], "kwargs": {}}


def body(args: Any = (), kwargs: Any = None, **embedded: Any) -> str:
    empty = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))
    return json.dumps([list(args), kwargs or {}, {**empty, **embedded}])


BODIES = {
    "no JSON": "{nothing",
    "a number": "7",
    "an object": '{"a": 1}',
    "a list": "[[], {}]",
    "other arguments": body([1, 2, 3]),
    "other names": body(kwargs={"evil": "x"}),
    "a name that is no text": body(kwargs={"run": {"a": 1}}),
    "callbacks without options": body(callbacks=[NO_OPTIONS]),
    "errbacks without options": body(errbacks=[NO_OPTIONS]),
    "callbacks that are none": body(callbacks=[7]),
    "a chain": body(chain=[NO_OPTIONS]),
    "a chord": body(chord={"task": "nashforge.evaluate"}),
    "deep": "[" * 5000,
    "huge": body(kwargs={"run": "x" * (5 << 20)}),
}
HEADERS: dict[str, dict[str, Any]] = {
    "of another task": {"task": "celery.chord_unlock"},
    "of an unknown task": {"task": "os.system"},
    "of a task without a name": {"task": {"a": 1}},
    "without an id": {"id": None},
    "far in the future": {"eta": "2999-01-01T00:00:00+00:00"},
    "at no time": {"eta": "never"},
    "expired": {"expires": "1999-01-01T00:00:00+00:00"},
    "that expires at no time": {"expires": "never"},
    "with limits": {"timelimit": [1, 1]},
    "of a group": {"group": "g"},
    "tried before": {"retries": 10**9},
}


def publish(service: Service, uid: str) -> int:
    """Send all that is not ours; return how much."""
    name, count = queue_name(uid, "evaluate"), 0
    queue = Queue(name, routing_key=name)
    good = {"task": task_name("evaluate"), "lang": "py", "argsrepr": "()", "kwargsrepr": "{}"}
    sent: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
    sent += [(text, {}, {}) for text in BODIES.values()]
    sent += [(body(), headers, {}) for headers in HEADERS.values()]
    sent += [
        (body(), {}, {"content_type": kind})
        for kind in ("application/x-python-serialize", "text/plain", "application/json; charset=x")
    ]
    sent += [(body(), {}, {"content_encoding": "latin-1"})]
    with Connection(service.broker) as connection:
        producer = connection.Producer()
        for text, headers, options in sent:
            made = {**good, "id": uuid.uuid4().hex, **headers}
            shown = {"content_type": "application/json", "content_encoding": "utf-8", **options}
            producer.publish(text, routing_key=name, declare=[queue], headers=made, serializer=None, **shown)
            count += 1
        producer.publish(
            "no headers at all", routing_key=name, content_type="text/plain", content_encoding="utf-8"
        )
        producer.publish({"task": task_name("evaluate"), "args": [1]}, routing_key=name, serializer="json")
        count += 2
        if service.broker.startswith("redis"):
            # In Redis a queue is a list, in which anything may lie.
            client = connection.channel().client
            for raw in (
                b"",
                b"{",
                b"7",
                b"[]",
                b"null",
                b'{"a": 1}',
                b"\xff\x00",
                b'{"properties": {}}',
                b"[" * 9999,
            ):
                client.lpush(name, raw)
                count += 1
    return count


def test_messages_of_others_are_thrown_away_and_work_goes_on(service: Service) -> None:
    with Archive.open(service.database) as archive:
        worker = service.worker("w1", slots=1)
        count = publish(service, archive.database.uid)
        service.wait(lambda: service.log("w1").count('"message_rejected"') >= count, "rejections", worker)
        executor = CeleryExecutor(
            archive, service_settings(service.broker), run=archive.runs.create("cfr", {})
        )
        executor.submit(task())
        assert executor.wait(60.0)
        executor.close()
        said = service.log("w1")
        assert said.count('"message_rejected"') == count
        assert "Traceback" not in said
        assert "x" * 1000 not in said
        assert worker.poll() is None
        # Nothing comes back: what was rejected is gone.
        broker = Broker(service_settings(service.broker), archive.database.uid)
        assert broker.length("evaluate") == 0
        broker.close()
        if service.broker.startswith("redis"):
            with Connection(service.broker) as connection:
                kept = connection.channel().client.hvals("unacked")
            assert not any(queue_name(archive.database.uid, "evaluate").encode() in one for one in kept)
