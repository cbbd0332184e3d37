"""Each mail is copied for the archive, so that the log counts another recipient than policy was
asked about, and policy is told no queue id: question and line are one mail all the same."""
import time

from component.hundredfold.story import CRACKED, HOME, Provider
from peers.ground import PATIENCE, wait_until

MAILS_MAX = 20
COPIED = {"always_bcc": "archive@store.test"}

# What the filter gives back, with XFORWARD: a second smtpd that asks nobody, as in
# SMTPD_PROXY_README; it stands for the filter as well.
BEHIND = """\
127.0.0.1:{port} inet n - n - - smtpd
  -o smtpd_proxy_filter=
  -o smtpd_sasl_auth_enable=no
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_end_of_data_restrictions=
"""


def check_found_in_time(provider: Provider, swaks) -> None:
    """From the owner's own computer: nothing but the strangers speaks against it. Slowly: what the
    log told of the deliveries had hidden them."""
    for n in range(MAILS_MAX):
        stranger = f"stranger{n}@victims{n % 7}.test"
        sent = swaks(provider.postfix.submission_port, stranger, user=CRACKED,
                     client=HOME[CRACKED], subject="Your parcel")
        assert sent, sent.transcript
        wait_until(lambda to=stranger: provider.sink.mails_to(to) or provider.held(),
                   "the delivery, or a hold", PATIENCE, 0.1)
        time.sleep(0.5)
        if provider.standing(CRACKED) == "suspended":
            return
    raise AssertionError(f"{MAILS_MAX} mails went out")


def test_a_burst_of_copied_mail_is_found_where_policy_is_asked_at_rcpt_only(peers, swaks):
    provider = Provider(peers, main=COPIED)
    provider.postfix.command("postconf", "-e", "smtpd_end_of_data_restrictions =")
    provider.postfix.reload()
    asked = provider.postfix.command("postconf", "-h", "smtpd_recipient_restrictions").stdout
    assert "check_policy_service" in asked
    check_found_in_time(provider, swaks)


def test_a_burst_of_copied_mail_is_found_through_a_filter_before_the_queue(peers, swaks):
    port = peers.ground.ports.free()
    provider = Provider(peers, master=BEHIND.format(port=port),
                        main={**COPIED, "smtpd_proxy_filter": f"127.0.0.1:{port}"})
    check_found_in_time(provider, swaks)
    assert "proxy-accept" in provider.postfix.log()
