"""What carries a message out of the house: SES, any SMTP server, SNS, HTTPS.

Each knows how to hand over bytes and what an answer means; none knows what a notification is.
"""
