"""Slack's own library as the other side: it signs what we verify, reads what we send, and talks to the fake.

    other_side.py sign SECRET TIMESTAMP            the raw body on stdin; prints the signature
    other_side.py verify SECRET TIMESTAMP SIGNATURE  the raw body on stdin; prints True or False
    other_side.py blocks                           JSON on stdin: messages, and views; every block is read and checked
    other_side.py client BASE TOKEN                calls the fake as a program of Slack's would
"""

import json
import sys
import time

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import Clock, SignatureVerifier


class At(Clock):
    def __init__(self, now):
        self._now = now

    def now(self):
        return self._now


def checked(blocks):
    for made in blocks:
        block = Block.parse(made)
        assert block is not None, f"no block of Slack's: {made}"
        # validates lengths, counts and choices on the way
        again = block.to_dict()
        assert again == made, f"read otherwise than written:\n{again}\n{made}"


def main():
    what, rest = sys.argv[1], sys.argv[2:]
    if what == "sign":
        secret, timestamp = rest
        body = sys.stdin.buffer.read()
        print(SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body))
    elif what == "verify":
        secret, timestamp, signature = rest
        body = sys.stdin.buffer.read()
        verifier = SignatureVerifier(secret, At(float(timestamp)))
        print(verifier.is_valid(body=body, timestamp=timestamp, signature=signature))
    elif what == "blocks":
        seen = 0
        for body in json.load(sys.stdin):
            if "view" in body:
                view = body["view"]
                made = View(**view).to_dict()
                assert made["callback_id"] == view["callback_id"], made
                checked(view["blocks"])
            else:
                assert body.get("text"), f"nothing for notifications: {body}"
                checked(body.get("blocks", []))
            seen += 1
        print(seen)
    elif what == "client":
        base, token = rest
        client = WebClient(token=token, base_url=base + "/")
        assert client.auth_test()["team_id"]
        sent = client.chat_postMessage(channel="C0CLIENT0", text="hello")
        client.chat_update(channel=sent["channel"], ts=sent["ts"], text="hello again")
        client.chat_postEphemeral(channel=sent["channel"], user="U0CLIENT0", text="psst")
        view = {"type": "modal", "title": {"type": "plain_text", "text": "t"}, "blocks": []}
        client.views_open(trigger_id="1.2.client", view=view)
        try:
            WebClient(token="xoxb-somebody-else", base_url=base + "/").auth_test()
        except SlackApiError as error:
            assert error.response["error"] == "invalid_auth", error.response
        else:
            raise AssertionError("any token will do there")
        print("ok", int(time.time()))
    else:
        raise SystemExit(__doc__)


main()
