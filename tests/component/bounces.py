"""A bounce as another server writes it: to be filled with `to`, `recipient` and `headers`, those of
the mail that comes back."""

BOUNCE = """\
From: MAILER-DAEMON@mx.partner.test
To: {to}
Subject: Undelivered mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.partner.test

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.7.1
Remote-MTA: dns; inner.partner.test
Diagnostic-Code: smtp; 554 5.7.1 Message rejected: this message looks like spam
--b
Content-Type: text/rfc822-headers

{headers}
--b--
"""
