"""Verifies messages on stdin (a JSON list) with the official Python library."""

import importlib.metadata
import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


def verifies(message: dict, body: str) -> bool:
    try:
        Webhook(message["secret"]).verify(body, message["headers"])
        return True
    except WebhookVerificationError:
        return False


version = importlib.metadata.version("standardwebhooks")
wrong = 0
for message in json.load(sys.stdin):
    good = verifies(message, message["body"])
    changed = verifies(message, message["body"] + " ")
    print(f"  {version} {message['name']}: {'verified' if good else 'NOT VERIFIED'}, changed body {'ACCEPTED' if changed else 'refused'}")
    wrong += not good or changed
sys.exit(1 if wrong else 0)
