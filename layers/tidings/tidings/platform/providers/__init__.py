"""Providers that send messages to the outside: SES, SMTP servers, SNS, HTTPS.

Each sends bytes and interprets the answer; none depends on notifications.
"""
