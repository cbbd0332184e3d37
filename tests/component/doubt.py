"""An account that comes into doubt: half of what would restrict it is said, and no more."""
import time


def bring_into_doubt(leumundd, account: str) -> None:
    """It writes to strangers that are not there."""
    for n in range(60):
        now, name, to = time.time(), f"{account}-{n}", f"x{n}@d{n}.example"
        leumundd.events([
            {"type": "submission", "at": now - 1, "id": name, "account": account,
             "client": f"198.51.{n % 40}.77", "envelope_sender": account, "recipients": [to]},
            {"type": "delivery", "at": now, "id": name, "recipient": to, "status": "bounced",
             "remote": "mx.d.example[203.0.113.9]", "stage": "rcpt",
             "reply": "550 5.1.1 User unknown"}])
        about = leumundd.get(f"/v1/explain?subject={account}")
        if about["score"] >= about["threshold"] / 2:
            break
    check_in_doubt(leumundd, account)


def check_in_doubt(leumundd, account: str) -> None:
    about = leumundd.get(f"/v1/explain?subject={account}")
    assert about["threshold"] / 2 <= about["score"] < about["threshold"], about
    assert about["standing"] != "restricted", about
