#!/usr/bin/env python3
"""Creates namespaces that are annotated from the start, and in each a pod the moment its service account exists.

    race.py PORT PREFIX COUNT IMAGE

PORT is that of a kubectl proxy. One after the other, namespace PREFIX-1 to PREFIX-COUNT, each with a pod `early`
that is labelled race=PREFIX. Prints a line of JSON: how many of the pods carry icr-default, and the milliseconds
from the news of the account to the pod.
"""

import http.client
import json
import socket
import statistics
import sys
import time


class Api:
    """One connection, kept open, that sends what it has at once."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.connect()
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, path, body):
        self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != http.client.CREATED:
            raise SystemExit(f"POST {path}: {answer.status} {text.decode()}")
        return json.loads(text)


def new_accounts(port):
    """Yields the namespace of each account `default`, as soon as the API server tells of it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/v1/serviceaccounts?watch=true&fieldSelector=metadata.name%3Ddefault")
    answer = connection.getresponse()
    while line := answer.readline():
        event = json.loads(line)
        if event["type"] == "ADDED":
            yield event["object"]["metadata"]["namespace"]


def namespace(name):
    return {"metadata": {"name": name, "annotations": {"icr-pull-secrets/regions": "us-south"}}}


def pod(prefix, image):
    container = {"name": "web", "image": image, "imagePullPolicy": "Always"}
    return {"metadata": {"name": "early", "labels": {"race": prefix}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}


def main(port, prefix, count, image):
    api, accounts = Api(port), new_accounts(port)
    carry, times = 0, []
    for number in range(1, count + 1):
        name = f"{prefix}-{number}"
        api.post("/api/v1/namespaces", namespace(name))
        while next(accounts) != name:
            pass
        began = time.monotonic()
        made = api.post(f"/api/v1/namespaces/{name}/pods", pod(prefix, image))
        times.append((time.monotonic() - began) * 1000)
        carry += {"name": "icr-default"} in made["spec"].get("imagePullSecrets", [])
    print(json.dumps({"pods": count, "carry": carry, "medianMs": round(statistics.median(times), 1)}))


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4])
