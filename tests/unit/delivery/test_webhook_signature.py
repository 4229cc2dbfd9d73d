"""Compare the signature of a webhook with one made by the specification's own library."""

import base64

from tidings.delivery.channels.webhook import signature


def test_signature_follows_the_standard() -> None:
    # Made with the package standardwebhooks 1.1.0.
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"}
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(key, headers, b'{"test": 2432232314}') == expected
